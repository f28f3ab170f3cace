"""
Path to livekit-server, its tokens and its grants.
"""

from __future__ import annotations

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import API, Clause
from livekit_conformance.catalogue.effects import Effect

CLAUSES: tuple[Clause, ...] = (
    Clause(
        id="1.1-profile-is-complete",
        level="MUST",
        area="configuration",
        effect=Effect.READ,
        link=Link.CONFIGURATION,
        statement="every value that a selected check needs MUST be present and well-formed",
        in_chain=True,
    ),
    Clause(
        id="1.1-variables-are-set",
        level="SHOULD",
        area="environment",
        effect=Effect.READ,
        link=Link.CONFIGURATION,
        statement=(
            "each of the nine variables SHOULD be set in the process environment, not only in "
            ".env, and .env SHOULD NOT hold another value for it"
        ),
    ),
    Clause(
        id="1.1-env-file-is-private",
        level="SHOULD",
        area="environment",
        effect=Effect.READ,
        link=Link.CONFIGURATION,
        statement=(
            "an env file SHOULD be private to its owner: closed to other accounts, and kept out of "
            "git"
        ),
    ),
    Clause(
        id="1.1-variables-are-sane",
        level="MUST",
        area="environment",
        effect=Effect.READ,
        link=Link.CONFIGURATION,
        statement=(
            "a variable MUST NOT have quotes, blanks or newlines around its value, hold a "
            "placeholder, be swapped with another, or have a URL scheme that does not fit"
        ),
    ),
    Clause(
        id="1.1-secret-is-strong",
        level="SHOULD",
        area="configuration",
        effect=Effect.READ,
        link=Link.CONFIGURATION,
        statement="the API secret SHOULD have 32 bytes or more",
    ),
    Clause(
        id="1.1-transport-is-encrypted",
        level="SHOULD",
        area="connectivity",
        effect=Effect.READ,
        link=Link.TLS,
        statement="livekit.url SHOULD be wss or https for any host that is not loopback",
    ),
    Clause(
        id="1.1-tls-is-trusted",
        level="MUST",
        area="connectivity",
        effect=Effect.READ,
        link=Link.TLS,
        statement=(
            "the certificate of livekit.url MUST be valid for its host, with a trusted chain, over "
            "TLS 1.2 or later"
        ),
        in_chain=True,
    ),
    Clause(
        id="1.1-tls-certificate-lasts",
        level="SHOULD",
        area="connectivity",
        effect=Effect.READ,
        link=Link.TLS,
        statement="the certificate of livekit.url SHOULD be valid for 14 more days",
        crosses=(Link.TLS,),
    ),
    Clause(
        id="1.1-server-answers",
        level="MUST",
        area="connectivity",
        effect=Effect.READ,
        link=Link.SERVER,
        statement=(
            "livekit.url MUST resolve, accept connections and answer GET / as livekit-server does: "
            "200 OK, or 406 Not Ready"
        ),
        crosses=(Link.TLS,),
        in_chain=True,
    ),
    Clause(
        id="1.1-server-is-ready",
        level="MUST",
        area="connectivity",
        effect=Effect.READ,
        link=Link.NODE,
        statement="livekit-server MUST NOT answer GET / with 406 Not Ready",
        crosses=(Link.SERVER,),
        in_chain=True,
    ),
    Clause(
        id="1.1-clock-agrees",
        level="MUST",
        area="connectivity",
        effect=Effect.READ,
        link=Link.CLOCK,
        statement=(
            "the clock of livekit-server MUST agree with ours within the 60 s leeway of tokens"
        ),
        crosses=(Link.SERVER,),
        in_chain=True,
    ),
    Clause(
        id="1.1-clock-is-exact",
        level="SHOULD",
        area="connectivity",
        effect=Effect.READ,
        link=Link.CLOCK,
        statement="the clock of livekit-server SHOULD agree with ours within 5 s",
        crosses=(Link.SERVER, Link.CLOCK),
    ),
    Clause(
        id="1.1-key-is-accepted",
        level="MUST",
        area="authentication",
        effect=Effect.READ,
        link=Link.API_KEY,
        statement="ListRooms with a token signed by the profile's key pair MUST answer 200",
        crosses=(Link.SERVER,),
        in_chain=True,
    ),
    Clause(
        id="1.1-no-token-is-refused",
        level="MUST",
        area="authentication",
        effect=Effect.READ,
        link=Link.TOKENS,
        statement="a request without a token MUST be refused with 401",
        crosses=API,
    ),
    Clause(
        id="1.1-malformed-token-is-refused",
        level="MUST",
        area="authentication",
        effect=Effect.READ,
        link=Link.TOKENS,
        statement="a token that is not a JWT MUST be refused with 401",
        crosses=API,
    ),
    Clause(
        id="1.1-header-without-bearer-is-refused",
        level="MUST",
        area="authentication",
        effect=Effect.READ,
        link=Link.TOKENS,
        statement="a token in a header without `Bearer ` MUST be refused with 401",
        crosses=API,
    ),
    Clause(
        id="1.1-wrong-secret-is-refused",
        level="MUST",
        area="authentication",
        effect=Effect.READ,
        link=Link.TOKENS,
        statement="a token signed with another secret MUST be refused with 401",
        crosses=(Link.SERVER, Link.API_KEY),
    ),
    Clause(
        id="1.1-unknown-key-is-refused",
        level="MUST",
        area="authentication",
        effect=Effect.READ,
        link=Link.TOKENS,
        statement="a token issued by an unknown API key MUST be refused with 401",
        crosses=(Link.SERVER, Link.API_KEY),
    ),
    Clause(
        id="1.1-expired-token-is-refused",
        level="MUST",
        area="authentication",
        effect=Effect.READ,
        link=Link.TOKENS,
        statement="a token that expired more than the 60 s leeway ago MUST be refused with 401",
        crosses=(Link.SERVER, Link.API_KEY),
    ),
    Clause(
        id="1.1-token-not-yet-valid-is-refused",
        level="MUST",
        area="authentication",
        effect=Effect.READ,
        link=Link.TOKENS,
        statement="a token whose nbf lies more than the 60 s leeway ahead MUST be refused with 401",
        crosses=API,
    ),
    Clause(
        id="1.1-unsigned-token-is-refused",
        level="MUST",
        area="authentication",
        effect=Effect.READ,
        link=Link.TOKENS,
        statement="a token without a signature (alg none) MUST be refused with 401",
        crosses=API,
    ),
    Clause(
        id="1.1-other-algorithm-is-refused",
        level="MUST",
        area="authentication",
        effect=Effect.READ,
        link=Link.TOKENS,
        statement="a token signed with an algorithm other than HS256 MUST be refused with 401",
        crosses=API,
    ),
    Clause(
        id="1.1-flipped-signature-is-refused",
        level="MUST",
        area="authentication",
        effect=Effect.READ,
        link=Link.TOKENS,
        statement="a token with one bit of its signature flipped MUST be refused with 401",
        crosses=API,
    ),
    Clause(
        id="1.1-altered-claims-is-refused",
        level="MUST",
        area="authentication",
        effect=Effect.READ,
        link=Link.TOKENS,
        statement="a token whose claims were changed after signing MUST be refused with 401",
        crosses=API,
    ),
    Clause(
        id="1.1-token-without-exp-is-refused",
        level="SHOULD",
        area="authentication",
        effect=Effect.READ,
        link=Link.TOKENS,
        statement="a signed token that never expires SHOULD be refused with 401",
        crosses=API,
    ),
    Clause(
        id="1.1-default-credentials-are-refused",
        level="MUST",
        area="authentication",
        effect=Effect.READ,
        link=Link.TOKENS,
        statement="the well-known development key pair MUST be refused",
        crosses=API,
    ),
    Clause(
        id="1.4-client-errors-are-detailed",
        level="MUST",
        area="errors",
        effect=Effect.READ,
        link=Link.CLIENT,
        statement=(
            "our client's error for each kind of failure MUST carry the URL, the HTTP status, the "
            "Twirp code, the server's own reason, the masked key id and a hint"
        ),
        crosses=API,
    ),
)
