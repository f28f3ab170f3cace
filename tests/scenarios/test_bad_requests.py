"""
The real livekit-server answers every bad request with the right status and code, and survives.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from dataclasses import astuple

from tests.scenarios.harness import reveal
from tests.vectors.attempts import try_requests
from tests.vectors.bad_requests import BAD_REQUESTS
from tests.vectors.raw_http import DEADLINE_S


async def test_every_bad_request_gets_the_right_answer(scene, record_property):
    async with scene() as stage:
        livekit = stage.profile.livekit
        before, pid = await stage.inventory(), stage.stack.server.pid

        tried = await try_requests(
            livekit.url.replace("ws", "http", 1), livekit.api_key, reveal(livekit.api_secret)
        )

        # It is still the same server process, and it works.
        os.kill(pid, 0)
        assert await stage.inventory() == before
        log = await asyncio.to_thread(stage.stack.server.log.read_text)
    record_property("bad requests", str(astuple(tried)))
    assert tried.wrong == []
    assert tried.requests == len(BAD_REQUESTS) >= 300
    assert tried.slowest_s < DEADLINE_S
    assert "panic" not in log


def test_every_vector_has_a_name_of_its_own():
    counts = Counter(request.id for request in BAD_REQUESTS)

    assert [name for name, count in counts.items() if count > 1] == []
