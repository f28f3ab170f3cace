"""
The account of a caller, and its answers to challenges.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from livekit_conformance.drivers.sip.endpoint import fresh
from livekit_conformance.protocol.sip import digest
from livekit_conformance.protocol.sip.message import Request, Response

# Challenge header and the header that answers it, RFC 3261 section 22.
_CHALLENGES = {
    401: ("WWW-Authenticate", "Authorization"),
    407: ("Proxy-Authenticate", "Proxy-Authorization"),
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """
    Account to call with; its `repr` hides the password.
    """

    username: str
    password: str = field(repr=False)

    def answer(self, request: Request, response: Response) -> tuple[str, str] | None:
        """
        Return the header that answers the challenges of `response`; None if they are wrong.

        Raises SipSyntaxError or UnsupportedChallenge.
        """
        challenge = digest.choose(challenges(response))
        _, name = _CHALLENGES[response.status]
        # Another challenge to the same credentials means that they are wrong, and not just old.
        if name in request.headers and not challenge.stale:
            return None
        value = digest.authorization(
            challenge,
            username=self.username,
            password=self.password,
            method=request.method,
            uri=request.uri,
            cnonce=fresh(),
        )
        return name, value


def challenges(response: Response) -> list[str]:
    """
    Return the challenges of a response.
    """
    name, _ = _CHALLENGES.get(response.status, ("", ""))
    return list(response.headers.all(name)) if name else []
