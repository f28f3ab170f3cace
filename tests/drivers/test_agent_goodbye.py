"""
The agent leaves a room after the other participants, so that the server hears it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from livekit import rtc

from livekit_conformance.drivers.agent import process
from livekit_conformance.drivers.agent.process import Participant


class Room:
    """
    Room of the SDK with one other participant in it.
    """

    def __init__(self) -> None:
        self.remote_participants: dict[str, str] = {"caller": "caller"}
        self.left = False
        self._handlers: dict[str, Callable[..., None]] = {}

    def on(self, event: str, handler: Callable[..., None]) -> None:
        self._handlers[event] = handler

    async def disconnect(self) -> None:
        self.left = True

    def caller_goes(self) -> None:
        self.remote_participants.clear()
        self._handlers["participant_disconnected"]("caller")


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    room = Room()
    monkeypatch.setattr(rtc, "Room", lambda: room)
    return room


async def test_the_agent_leaves_after_the_caller(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_ALONE_WITHIN_S", 30.0)
    leaving = asyncio.create_task(Participant().leave())
    await asyncio.wait({leaving}, timeout=0.05)
    stayed = not room.left

    room.caller_goes()
    await asyncio.wait_for(leaving, 5.0)

    assert stayed
    assert room.left


async def test_the_agent_does_not_wait_for_ever(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_ALONE_WITHIN_S", 0.02)

    await asyncio.wait_for(Participant().leave(), 5.0)

    assert room.left
