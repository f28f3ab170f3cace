"""
Judge livekit-server by its answer to GET / and by its TLS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from livekit_conformance.errors import Failure
from livekit_conformance.findings import Code, Finding, Json

# Data of all three: status.
ANOTHER_SERVICE: Final = Code("server.another-service")
WANTS_TLS: Final = Code("server.wants-tls")
PROXY_ALONE: Final = Code("server.proxy-alone")
# Data of both: endpoint, failure.
SPEAKS_NO_TLS: Final = Code("server.speaks-no-tls")
NOT_TRUSTED: Final = Code("server.certificate-not-trusted")

_NOT_READY: Final = 406
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
    if (status, text) == (200, "OK") or status == _NOT_READY:
        return
    if _TLS_WANTED.search(text):
        code = WANTS_TLS
    else:
        code = PROXY_ALONE if status in _OF_A_PROXY else ANOTHER_SERVICE
    seen = f"received {status}: {text[:_SHOWN]!r}, expected 200: 'OK'. Another service answers at "
    yield Finding(code, f"{seen}this URL", "server", data={"status": status})


def judge_tls(endpoint: str, problem: str | None, failure: Failure | None) -> Iterator[Finding]:
    """
    Yield a violation if no trusted TLS connection was made, with the `problem` in OpenSSL's words.
    """
    if problem is not None:
        code = SPEAKS_NO_TLS if failure is Failure.NO_TLS else NOT_TRUSTED
        data: dict[str, Json] = {"endpoint": endpoint, "failure": failure}
        yield Finding(code, f"OpenSSL reports for {endpoint}: {problem}", "tls", data=data)
