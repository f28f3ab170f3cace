"""
Load of the suite on a deployment: as docs/safety.md states it, and as a run has recorded it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from livekit_conformance.environments.profile import Profile
from tests.scenarios.harness import ROOT

_HEADING = "## Load"
# On a slow machine calls last longer and are looked at more often; small numbers vary by a few.
_SHARE, _FEW = 0.5, 5


def stated(column: str) -> dict[str, int]:
    """
    Return the figures of one column of the table in docs/safety.md.
    """
    _, _, section = (ROOT / "docs" / "safety.md").read_text().partition(_HEADING)
    section, _, _ = section.partition("\n## ")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("|")
    ]
    place = rows[0].index(column)
    return {row[0]: int(row[place].replace(",", "")) for row in rows[2:]}


def unlike(counted: Mapping[str, int], column: str) -> dict[str, tuple[int, int]]:
    """
    Return the figures, counted and stated, that differ by more than a run's own variation.
    """
    figures = stated(column)
    return {
        what: (counted[what], figure)
        for what, figure in figures.items()
        if abs(counted[what] - figure) > max(_FEW, _SHARE * figure)
    }


def recorded(folder: Path, profile: Profile) -> dict[str, int]:
    """
    Return what the run in `folder` did to the deployment of `profile`.
    """
    lines = map(json.loads, (folder / "journal.jsonl").read_text().splitlines())
    seen = [line["observation"] for line in lines if line["type"] == "observation"]
    server = profile.livekit.url.replace("ws", "http", 1)
    urls = [one["details"]["url"] for one in seen if one["kind"] == "http"]
    methods = [url.rpartition("/")[2] for url in urls if url.startswith(server)]
    sip = [one for one in seen if one["kind"] == "sip" and one["details"].get("text")]
    calls = [one["details"]["purpose"] for one in seen if one["kind"] == "sip-call"]
    outbound = sum(purpose.startswith("outbound") for purpose in calls)
    return {
        "requests to livekit-server": len(methods),
        "of these: ListRooms, ListParticipants": sum(
            method in {"ListRooms", "ListParticipants"} for method in methods
        ),
        "of these: CreateRoom, DeleteRoom": sum(
            method in {"CreateRoom", "DeleteRoom"} for method in methods
        ),
        "events sent to the webhook endpoint": sum(
            url.startswith(profile.webhook.url) for url in urls
        ),
        "webhooks delivered by livekit-server": sum(
            one["kind"] == "webhook" and one["details"].get("verified") is True for one in seen
        )
        - sum(url.startswith(profile.webhook.url) for url in urls),
        "calls to `sip.number`": len(calls) - outbound,
        "outbound calls": outbound,
        "SIP messages, both ways": len(sip),
        "SIP bytes, both ways": sum(map(_size, sip)),
    }


def _size(message: Mapping[str, Any]) -> int:
    text: str = message["details"]["text"]
    return len(text.encode()) + text.count("\n")
