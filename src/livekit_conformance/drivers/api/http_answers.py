"""
HTTP answers as the suite keeps and records them, whichever library has sent the request.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from livekit_conformance import run_clock
from livekit_conformance.client.network import Loss
from livekit_conformance.observations import HttpExchange, Recorder


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


class HttpRecord:
    """
    Record of one request: its answer, or the reason for its loss, with the time since it was sent.

    Create it when the request is sent.
    """

    def __init__(self, recorder: Recorder, method: str, url: str) -> None:
        self._recorder = recorder
        self._method = method
        self._url = url
        self._sent_at = time.perf_counter()

    def answered(self, answer: HttpAnswer) -> None:
        """
        Record an answer with its text, and set its duration.

        The SDK drops the text of an error that is not JSON (python-sdks#177); here it is kept.
        """
        answer.duration_s = time.perf_counter() - self._sent_at
        self._recorder.record(
            HttpExchange(
                run_clock.now(),
                f"{answer.method} {urlsplit(answer.url).path} -> {answer.status}",
                url=answer.url,
                method=answer.method,
                status=answer.status,
                body=answer.text,
                duration_s=answer.duration_s,
                date=answer.headers.get("Date"),
            )
        )

    def lost(self, loss: Loss) -> float:
        """
        Record that no answer came, with the reason; return the seconds waited for it.
        """
        waited = time.perf_counter() - self._sent_at
        self._recorder.record(
            HttpExchange(
                run_clock.now(),
                f"{self._method} {urlsplit(self._url).path} failed: {loss.words}",
                url=self._url,
                method=self._method,
                status=None,
                duration_s=waited,
                error=loss.words,
                phase=loss.phase,
                failure=loss.failure,
                is_local=loss.is_local,
            )
        )
        return waited
