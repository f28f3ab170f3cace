"""
Judge livekit-server by its answer to GET / and by its TLS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from livekit_conformance.errors import Failure
from livekit_conformance.findings import Code, Finding, Json

# Data of these four: status.
ANOTHER_SERVICE: Final = Code("server.another-service")
WANTS_TLS: Final = Code("server.wants-tls")
PROXY_ALONE: Final = Code("server.proxy-alone")
NOT_READY: Final = Code("server.not-ready")
# Data: host.
NOT_ENCRYPTED: Final = Code("server.not-encrypted")
# Data of both: endpoint, failure, reason (in OpenSSL's words).
SPEAKS_NO_TLS: Final = Code("server.speaks-no-tls")
NOT_TRUSTED: Final = Code("server.certificate-not-trusted")

# Status of livekit-server while it is not ready.
_UNREADY: Final = 406
_OF_A_PROXY: Final = frozenset({502, 503, 504})
# Answers of TLS servers to plain HTTP: Go's and nginx's.
_TLS_WANTED: Final = re.compile(
    r"HTTP request to an HTTPS server|plain HTTP request was sent to HTTPS port"
)
_SHOWN: Final = 200


def judge_greeting(status: int, text: str) -> Iterator[Finding]:
    """
    Yield a violation unless the answer to GET / is livekit-server's; it may not be ready yet.
    """
    if (status, text) == (200, "OK") or status == _UNREADY:
        return
    if _TLS_WANTED.search(text):
        code = WANTS_TLS
    else:
        code = PROXY_ALONE if status in _OF_A_PROXY else ANOTHER_SERVICE
    seen = f"received {status}: {text[:_SHOWN]!r}, expected 200: 'OK'. Another service answers at "
    yield Finding(code, f"{seen}this URL", "server", data={"status": status})


def judge_readiness(status: int, text: str) -> Iterator[Finding]:
    """
    Yield a violation if livekit-server answers GET / that it is not ready.
    """
    if status == _UNREADY:
        seen = (
            f"received {status} {text[:_SHOWN]!r}: livekit-server has lost Redis or is overloaded; "
            "see its log"
        )
        yield Finding(NOT_READY, seen, "node", data={"status": status})


def judge_encryption(host: str, *, is_secure: bool) -> Iterator[Finding]:
    """
    Yield a violation if tokens cross the network to `host`, which is another machine, in clear.
    """
    if not is_secure:
        seen = (
            f"it is neither wss nor https, and {host} is another machine: anyone on the path can "
            "read and use the tokens"
        )
        yield Finding(NOT_ENCRYPTED, seen, "tls", data={"host": host})


def judge_tls(endpoint: str, problem: str | None, failure: Failure | None) -> Iterator[Finding]:
    """
    Yield a violation if no trusted TLS connection was made, with the `problem` in OpenSSL's words.
    """
    if problem is not None:
        code = SPEAKS_NO_TLS if failure is Failure.NO_TLS else NOT_TRUSTED
        data: dict[str, Json] = {"endpoint": endpoint, "failure": failure, "reason": problem}
        yield Finding(code, f"OpenSSL reports for {endpoint}: {problem}", data=data)
