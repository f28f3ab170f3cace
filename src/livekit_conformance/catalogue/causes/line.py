"""
What keeps a call from finding its trunk and dispatch rule.
"""

from __future__ import annotations

from livekit_conformance.catalogue.cause import Cause, Sign, probe
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text

CAUSES: tuple[Cause, ...] = (
    Cause(
        "sip-unreachable",
        Link.SIP_SOCKET,
        Text(en="livekit-sip does not answer SIP at sip.server", ru=""),
        Text(en="Nothing answered OPTIONS at the address in the profile.", ru=""),
        Text(
            en=(
                "Check that livekit-sip runs, that `sip.server` and `sip.transport` of the "
                "profile are its `listen_ip` and `sip_port`, and that no firewall is between."
            ),
            ru="",
        ),
        shows=(Sign("check", {"id": "1.5-sip-answers-options", "verdict": "BLOCKED"}),),
        source="livekit/sip pkg/sip/server.go",
    ),
    Cause(
        "trunk-refuses-credentials",
        Link.CREDENTIALS,
        Text(en="The SIP trunk refuses the profile's user name or password", ru=""),
        Text(
            en=(
                "The INVITE was challenged with 407 and refused when it came with the credentials."
            ),
            ru="",
        ),
        Text(
            en=(
                "Compare `sip.username` and `sip.password` of the profile with `auth_username` "
                "and `auth_password` of the inbound trunk: lk sip inbound list"
            ),
            ru="",
        ),
        shows=(probe(final_status=401), probe(final_status=407)),
        proofs=(probe(final_status=401),),
        source="livekit/sip pkg/sip/inbound.go handleInviteAuth",
    ),
    Cause(
        "no-trunk-or-rule-matches",
        Link.DISPATCH,
        Text(en="No SIP trunk or dispatch rule matches the call", ru=""),
        Text(
            en=(
                "livekit-sip sent one 180 Ringing and then nothing: it treats a call that no "
                "trunk and rule want as a flood and leaves it ringing."
            ),
            ru="",
        ),
        Text(
            en=(
                "Create a dispatch rule for the trunk of this number, or correct its numbers "
                "(rules compare them literally, with the plus sign): lk sip dispatch list"
            ),
            ru="",
        ),
        shows=(probe(outcome="ringing-stopped"),),
        source="livekit/sip pkg/sip/inbound.go; livekit/sip#825",
    ),
)
