"""
Does livekit-server answer at all?
"""

import pytest

from livekit_conformance.drivers.livekit_api import LiveKitClient


@pytest.mark.clause("1.1-server-answers")
async def test_server_answers_a_plain_get(client: LiveKitClient) -> None:
    """
    GET / answers 200 OK.
    """
    answer = await client.get("/")

    assert (answer.status, answer.text) == (200, "OK"), (
        f"GET / MUST answer 200 OK; received {answer.status}: {answer.text[:200]!r}"
    )
