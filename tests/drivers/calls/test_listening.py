"""
The caller listens to a call of the mock: once to a good one, longer to a poor one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from livekit_conformance.drivers.calls import listening
from livekit_conformance.mock import Faults, MockConfig
from tests.drivers.prober import probing
from tests.mock import replay


@pytest.mark.parametrize("lossy", [False, True])
async def test_a_poor_call_is_listened_to_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, lossy: bool
) -> None:
    """
    The longer time decides: it has more packets, and the same loss.
    """
    monkeypatch.setattr(listening, "_SECOND_LISTEN_S", 1.6)
    faults = Faults(voice_lossy=lossy)
    config = MockConfig(
        replay.API_KEY, replay.API_SECRET, tmp_path, departure_timeout_s=0.2, faults=faults
    )
    async with probing(config) as scene:
        call = await scene.prober.place(purpose="test")
        recorded = [seen for seen in scene.recorder.observations if seen.kind == "quality"]

    assert call.quality is not None
    assert len(recorded) == (2 if lossy else 1)
    assert call.quality == recorded[-1]
    assert call.quality.expected == pytest.approx(80 if lossy else 50, abs=8)
    assert call.quality.loss_percent == pytest.approx(12.5 if lossy else 0.0, abs=2)
