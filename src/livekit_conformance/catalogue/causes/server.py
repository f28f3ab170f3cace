"""
What keeps livekit-server from answering, or from accepting our key.
"""

from __future__ import annotations

from livekit_conformance.catalogue.cause import Cause, Sign
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text

_SERVER_SILENT = Sign("check", {"id": "1.1-server-answers", "verdict": "BLOCKED"})
_NOT_TRUSTED = Sign("check", {"id": "1.1-tls-is-trusted", "verdict": "FAIL"})
_KEY_REFUSED = Sign("check", {"id": "1.1-key-is-accepted", "verdict": "FAIL"})

CAUSES: tuple[Cause, ...] = (
    Cause(
        "certificate-not-trusted",
        Link.TLS,
        Text(en="The certificate of livekit.url is not trusted", ru=""),
        Text(
            en=(
                "TLS with the server of livekit.url failed: the certificate has expired, is for "
                "another host name or from an unknown authority, or TLS 1.2 is not spoken. Other "
                "clients of livekit-server refuse to connect for the same reason."
            ),
            ru="",
        ),
        Text(
            en=(
                "Renew the certificate, or let livekit.url name the host that it is for. A "
                "private authority has to be trusted on this machine: "
                "SSL_CERT_FILE=/path/to/authority.pem"
            ),
            ru="",
        ),
        shows=(_NOT_TRUSTED,),
        proofs=(_NOT_TRUSTED,),
        source="drivers/transport.py",
    ),
    Cause(
        "server-unreachable",
        Link.SERVER,
        Text(en="livekit-server does not answer HTTP at livekit.url", ru=""),
        Text(
            en=(
                "No answer came to GET / from the URL in the profile: nothing listens there, the "
                "network is cut, or the process hangs."
            ),
            ru="",
        ),
        Text(
            en=(
                "Check that livekit-server runs and that `livekit.url` of the profile is its "
                "address; `curl -i` of the same URL must answer 200 OK."
            ),
            ru="",
        ),
        shows=(_SERVER_SILENT,),
        proofs=(_SERVER_SILENT,),
        excludes=(_NOT_TRUSTED,),
        source="livekit pkg/service/server.go",
    ),
    Cause(
        "server-not-ready",
        Link.NODE,
        Text(en="livekit-server runs and says that it is not ready", ru=""),
        Text(
            en=(
                "GET / is answered with 406: the server's figures about itself are older than 4 "
                "s, which it keeps in Redis. It has lost Redis, or the machine is overloaded."
            ),
            ru="",
        ),
        Text(
            en=(
                "See its log for errors of Redis; check that Redis runs and that `redis` in "
                "livekit.yaml leads to it, then restart livekit-server."
            ),
            ru="",
        ),
        shows=(Sign("check", {"id": "1.1-server-is-ready", "verdict": "FAIL"}),),
        source="livekit pkg/service/server.go healthCheck",
    ),
    Cause(
        "clocks-disagree",
        Link.CLOCK,
        Text(
            en="The clocks of livekit-server and of this machine differ by more than a minute",
            ru="",
        ),
        Text(
            en=(
                "A token is valid from and until a time; with such clocks it has not begun or "
                "has ended when the server looks at it."
            ),
            ru="",
        ),
        Text(
            en="Set both clocks by NTP (timedatectl set-ntp true) and compare: date -u",
            ru="",
        ),
        shows=(Sign("check", {"id": "1.1-clock-agrees", "verdict": "FAIL"}),),
        source="livekit/protocol auth/verifier.go",
    ),
    Cause(
        "api-key-refused",
        Link.API_KEY,
        Text(en="livekit-server refuses the API key or secret of the profile", ru=""),
        Text(
            en=(
                "A token signed with livekit.api_key and livekit.api_secret of the profile was "
                "refused."
            ),
            ru="",
        ),
        Text(
            en=(
                "Compare LIVEKIT_API_KEY and LIVEKIT_API_SECRET with `keys` in livekit.yaml: not "
                "swapped, no quotes, no blanks, the same deployment; the clock must agree within "
                "60 s."
            ),
            ru="",
        ),
        shows=(_KEY_REFUSED,),
        proofs=(_KEY_REFUSED,),
        source="livekit pkg/service/auth.go",
    ),
)
