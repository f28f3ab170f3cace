"""
HTTP answers as the suite keeps them, independent of the client library.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from livekit_conformance.client.network import Loss
from livekit_conformance.observations import Recorder

# Number of bytes of a body that are kept.
BODY_KEPT = 64 * 1024


@dataclass(slots=True)
class HttpAnswer:
    """
    HTTP answer as received from the server. `status` 0 means that none has come yet.
    """

    method: str
    url: str
    status: int = 0
    text: str = ""
    duration_s: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)
    # Status of the first redirect on the way, 0 when there was none.
    redirected: int = 0

    def __str__(self) -> str:
        return f"received {self.status}: {self.text[:300]!r}"


def readable(body: bytes, content_type: str) -> str:
    """
    Return the text of a body, as far as it is kept.
    """
    if "protobuf" in content_type:
        return f"({len(body)} bytes of protobuf)"
    return body[:BODY_KEPT].decode("utf-8", "backslashreplace")


def record_answer(recorder: Recorder, answer: HttpAnswer) -> None:
    """
    Record an answer with its text.

    The SDK drops the text of an error that is not JSON (python-sdks#177); here it is kept.
    """
    recorder.record(
        time.time(),
        "http",
        f"{answer.method} {urlsplit(answer.url).path} -> {answer.status}",
        url=answer.url,
        method=answer.method,
        status=answer.status,
        body=answer.text,
        duration_s=answer.duration_s,
        date=answer.headers.get("Date"),
    )


def record_loss(recorder: Recorder, method: str, url: str, loss: Loss, waited: float) -> None:
    """
    Record that no answer came within `waited` seconds, and the reason.
    """
    recorder.record(
        time.time(),
        "http",
        f"{method} {urlsplit(url).path} failed: {loss.words}",
        url=url,
        method=method,
        status=None,
        error=loss.words,
        duration_s=waited,
    )
