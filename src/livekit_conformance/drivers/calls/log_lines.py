"""
Ordinary log lines of our own calls: no failures, but they show how far a call came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from livekit_conformance.catalogue.log_lines import SIP as _SIP
from livekit_conformance.catalogue.log_lines import Means, messages, of_sip
from livekit_conformance.drivers.api.token_probe import NO_ROOM
from livekit_conformance.drivers.logs import LogTail, describe_line
from livekit_conformance.observations import (
    CallerFound,
    CallLine,
    HttpExchange,
    Media,
    Recorder,
    SipCall,
)
from livekit_conformance.protocol import call_ids
from livekit_conformance.protocol.call_ids import CallIds
from livekit_conformance.protocol.logline import LogLine
from livekit_conformance.protocol.own_names import TELLING_KEYS, OwnNames
from livekit_conformance.secrets.shapes import MASK

# A call that is answered and hung up has about 40 lines in both logs together.
LINES_OF_A_CALL = 100
_NOISE = messages(Means.NOISE)
# An attempt is recorded at its end.
_LONGEST_CALL_S = 15.0


def record_call_lines(tails: Iterable[LogTail], recorder: Recorder) -> None:
    """
    Record the lines about our calls, except those that were already recorded as warnings.

    They are observations of their own kind, in which no cause is searched for. At most
    LINES_OF_A_CALL are kept per call; `left_out` of a last observation is the number of dropped
    lines.
    """
    tails = list(tails)
    owners = _owners(recorder, tails)
    names = [max(name.split(MASK), key=len) for name in owners]
    # Other calls of ours end before any audio can arrive.
    probes = {
        seen.call
        for seen in recorder.observations
        if isinstance(seen, SipCall) and seen.purpose == "probe"
    }
    kept: Counter[str] = Counter()
    for tail in tails:
        for number, line in tail.lines.holding(names):
            owner = _owner(line, owners, recorder)
            if owner is None or line.at is None or tail.is_recorded(number):
                continue
            if line.message == of_sip.STATISTICS.message and owner in probes:
                _record_statistics(recorder, line.at, owner, line.fields.get("stats"))
            if line.message in _NOISE:
                continue
            kept[owner] += 1
            if kept[owner] <= LINES_OF_A_CALL:
                tail.recorded(number)
                _record(recorder, tail.service, line)
    for call, count in kept.items():
        if left_out := max(0, count - LINES_OF_A_CALL):
            recorder.record(
                CallLine(
                    recorder.observations[-1].at,
                    f"{left_out} more lines about call {call} are in the logs",
                    level="info",
                    left_out=left_out,
                    fields={"sipCallID": call},
                )
            )


def own_names(
    tails: Iterable[LogTail], recorder: Recorder, *, mark: str, since: float, provider: bool
) -> OwnNames:
    """
    Return the names by which log lines show that they are about this run.

    `mark` is in the name of each room of the run, which began at `since` (Unix seconds). Behind a
    `provider` livekit-sip knows our calls by other names, and without its log their rooms are not
    known, until their callers are found.
    """
    tails = list(tails)
    is_hidden = provider or all(tail.service != _SIP for tail in tails)
    requests: dict[str, list[float]] = {}
    hidden = []
    rooms = set[str]()
    found = {seen.call for seen in recorder.observations if isinstance(seen, CallerFound)}
    for seen in recorder.observations:
        match seen:
            case HttpExchange():
                requests.setdefault(urlsplit(seen.url).path, []).append(seen.at)
            case SipCall():
                if seen.room:
                    rooms.add(seen.room)
                if is_hidden and seen.call not in found:
                    hidden.append((seen.at - _LONGEST_CALL_S, seen.at))
    owners = _owners(recorder, tails)
    meant = dict(_meant_to_fail(recorder))
    own = OwnNames(
        frozenset((*owners, NO_ROOM)),
        mark,
        since,
        frozenset(rooms),
        {path: tuple(times) for path, times in requests.items()},
        tuple(hidden),
        on_purpose={name: meant[call] for name, call in owners.items() if call in meant},
    )
    return own.among(line for tail in tails for _, line in tail.lines.holding(TELLING_KEYS))


def _owners(recorder: Recorder, tails: Sequence[LogTail]) -> dict[str, str]:
    """
    Map each name of our calls (ids and rooms) to the Call-ID that we used.

    The lines with the known names have further ones, until no line has a new name.
    """
    calls = list(_own_calls(recorder))
    asked: set[str] = set()
    while ids := {name for _, known in calls for name in known.ids} - asked:
        asked |= ids
        holding = (line for tail in tails for _, line in tail.lines.holding(asked))
        lines = call_ids.by_name(
            (line.message == of_sip.JOINED.message, line.fields) for line in holding
        )
        for _, known in calls:
            known.learn(lines)
    owners: dict[str, str] = {}
    for call, known in calls:
        for name in (*known.ids, *known.rooms):
            owners.setdefault(name, call)
    return owners


def _own_calls(recorder: Recorder) -> Iterator[tuple[str, CallIds]]:
    for seen in recorder.observations:
        match seen:
            case CallerFound():
                yield seen.call, CallIds({seen.call, seen.sid}, {seen.room})
            case SipCall():
                ids = {seen.call} if seen.call else set()
                rooms = {seen.room} if seen.room else set()
                yield seen.call or seen.room or "", CallIds(ids, rooms)


def _meant_to_fail(recorder: Recorder) -> Iterator[tuple[str, str]]:
    """
    Yield the calls that the run makes fail, each with the link at which it should.
    """
    for seen in recorder.observations:
        if isinstance(seen, SipCall) and seen.fails_at:
            yield seen.call or seen.room or "", seen.fails_at


def _owner(line: LogLine, owners: dict[str, str], recorder: Recorder) -> str | None:
    room = call_ids.room_in(line.fields)
    # A room that was recorded is known by its redacted name, without personal phone numbers.
    names = (*call_ids.ids_in(line.fields), room, recorder.redact(room))
    return next((owners[name] for name in names if name in owners), None)


def _record_statistics(recorder: Recorder, at: float, call: str, stats: Any) -> None:
    """
    Record the counters of livekit-sip: RTP packets from and to the caller, packets of the room.
    """
    if not isinstance(stats, dict):
        return
    port, room = stats.get("port") or {}, stats.get("room") or {}
    heard, sent = port.get("packets_input", 0), port.get("audio_out_frames", 0)
    inside = room.get("input_packets", 0)
    counted = f"{heard} RTP packets from the caller, sent it {sent}, and got {inside} from the room"
    recorder.record(
        Media(
            at,
            f"livekit-sip got {counted}",
            call=call,
            side="livekit-sip",
            heard=counted,
            packets=heard,
            sent=sent,
            from_room=inside,
        )
    )


def _record(recorder: Recorder, service: str, line: LogLine) -> None:
    recorder.record(
        CallLine(
            line.at or 0.0,
            describe_line(service, line),
            service=service,
            level=line.level,
            message=line.message,
            fields={
                name: value
                for name in CallLine.kept
                if (value := line.fields.get(name)) not in (None, "", [])
            },
        )
    )
