"""
A service that dies during a run is the first cause, with the time; no check is an ERROR, and
nothing is left. `python3 -m tests.scenarios.kills` plays many more.
"""

from __future__ import annotations

from pathlib import Path

from livekit_conformance.reporting.result.model import epoch_ms
from livekit_conformance.verdict import CheckRecord
from tests.scenarios.kills import Kill, Outcome, play
from tests.scenarios.whole_runs import looks_at


async def killed_redis(folder: Path) -> Outcome:
    return await play(Kill(1, "redis-server", "killed", 0.1, "1.2-created-room-is-listed"), folder)


async def restarted_livekit_server(folder: Path) -> Outcome:
    return await play(
        Kill(2, "livekit-server", "restarted", 0.1, "1.2-created-room-is-listed"), folder
    )


async def killed_livekit_sip(folder: Path) -> Outcome:
    return await play(Kill(3, "livekit-sip", "killed", 0.1, "1.5-call-ends-cleanly"), folder)


async def frozen_livekit_server(folder: Path) -> Outcome:
    return await play(
        Kill(4, "livekit-server", "frozen", 0.1, "1.2-created-room-is-listed"), folder
    )


@looks_at(killed_redis, restarted_livekit_server, killed_livekit_sip, takes_s=30)
def test_what_dies_during_a_run_is_named_with_the_time(played: Outcome) -> None:
    assert played.problems == (), played.output
    assert played.causes == (played.kill.cause,), played.output
    assert f"{played.kill.service} answered until " in played.output
    assert "during the run: last answer at " in played.output


@looks_at(frozen_livekit_server, takes_s=70)
def test_a_run_does_not_wait_for_each_answer_of_a_server_that_hangs(played: Outcome) -> None:
    assert played.problems == (), played.output
    assert played.causes == (played.kill.cause,), played.output
    (root,) = {
        check.blocked_by
        for check in played.result.checks
        if (check.message or "").startswith("livekit-server answered until ")
    }
    assert root is not None
    # Two answers are waited for in full, then 0.3 s for each check; some checks were under way.
    waited = [check.id for check in played.result.checks if waits_after(played.at, check)]
    assert len(waited) < 15, waited


def waits_after(at: float, check: CheckRecord) -> bool:
    return (
        check.started is not None and epoch_ms(check.started) / 1000 > at and check.duration_s > 2
    )
