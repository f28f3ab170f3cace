"""
Outbound calls on the real services when livekit-sip is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_OUTBOUND = ("-k", "outbound or sip_service or server")


async def test_a_killed_sip_service_is_named_as_missing_on_the_bus(
    scene: Callable[..., Any],
) -> None:
    async with scene() as broken:
        await broken.stack.sip.kill()
        run = await broken.run(*_OUTBOUND)

    assert run.exit_status == 1
    assert run.diagnoses[0] == "bus-has-no-sip-service", run.output
    diagnosis = run.results["diagnoses"][0]
    assert diagnosis["confidence"] == "certain"
    assert "0 listen on SIPInternal|CreateSIPParticipant|REQ" in diagnosis["evidence"]
    assert run.verdicts["1.5-bus-has-a-sip-service"] == "FAIL"
    for dependant in (
        "1.5-outbound-call-is-answered",
        "1.2-outbound-call-uses-the-room",
        "1.5-outbound-failure-is-mapped[busy]",
    ):
        assert run.check(dependant)["blocked_by"] == "1.5-bus-has-a-sip-service"


async def test_without_redis_the_api_itself_tells_it(scene: Callable[..., Any]) -> None:
    async with scene() as broken:
        broken.profile = broken.profile.model_copy(update={"redis": None})
        await broken.stack.sip.kill()
        run = await broken.run(*_OUTBOUND)

    assert run.exit_status == 1
    assert run.verdicts["1.5-bus-has-a-sip-service"] == "SKIPPED"
    assert "no response from servers" in run.check("1.5-outbound-call-is-answered")["message"]
    assert run.verdicts["1.5-outbound-call-is-answered"] == "FAIL"
    assert run.diagnoses[0] == "bus-has-no-sip-service", run.output
    assert run.results["diagnoses"][0]["confidence"] == "likely"
