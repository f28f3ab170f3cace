"""
Build one timeline for each of our own calls from the observations of a run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from math import inf

from livekit_conformance.catalogue.log_lines import Lane, Means, messages, of_server, of_sip
from livekit_conformance.catalogue.milestones import INBOUND, OUTBOUND, Milestone
from livekit_conformance.observations import Observation
from livekit_conformance.protocol import call_ids
from livekit_conformance.protocol.call_ids import CallIds
from livekit_conformance.timeline import events
from livekit_conformance.timeline.clocks import Alignment, Before, align
from livekit_conformance.timeline.events import Event
from livekit_conformance.timeline.happened_before import causes
from livekit_conformance.timeline.model import Step, Stop, Timeline

PROBE = "probe"
_OUTBOUND = "outbound"
_NOISE, _PARTING = messages(Means.NOISE), messages(Means.PARTING)
_CLOCK = messages(Means.CLOCK)
_NAMES_CALLER = frozenset({of_sip.JOINING.message, of_sip.DIALS.message})
# A room outlives its call by its departure timeout, 20 s unless configured.
_ROOM_OUTLIVES_S = 30.0
_BEFORE_S = 1.0
# A duration may be measured this much later than the time stamp beside it.
_ABOUT_S = 0.005
# Observations of bus and rules made before the call stay valid this long.
_STILL_TRUE_S = 60.0
_RTC = frozenset({"/rtc", "/rtc/v1"})
_AFTER_THE_ANSWER = frozenset({Milestone.AUDIO, Milestone.HUNG_UP, Milestone.LEFT})
_LANE_OF: dict[Milestone, Lane] = {
    Milestone.INVITED: Lane.CALLER,
    Milestone.TRYING: Lane.SIP,
    Milestone.TRUNK: Lane.BUS,
    Milestone.CREDENTIALS: Lane.SIP,
    Milestone.DISPATCHED: Lane.BUS,
    Milestone.JOINED: Lane.SERVER,
    Milestone.AGENT: Lane.AGENT,
    Milestone.ANSWERED: Lane.SIP,
    Milestone.AUDIO: Lane.CALLER,
    Milestone.HUNG_UP: Lane.SIP,
    Milestone.LEFT: Lane.SERVER,
    Milestone.ASKED: Lane.CALLER,
    Milestone.TAKEN: Lane.BUS,
    Milestone.INVITE_CAME: Lane.CALLER,
    Milestone.ACKNOWLEDGED: Lane.SIP,
}


def timelines(
    observations: Sequence[Observation], *, of: Callable[[Observation], bool] = bool
) -> tuple[Timeline, ...]:
    """
    Return one timeline for each call that was placed, the probe call first.

    `of` selects calls by the observation of their outcome (of kind sip-call).
    """
    placed = [o for o in observations if o.kind == "sip-call" and of(o)]
    if not placed:
        return ()
    seen = _Seen(observations)
    placed.sort(key=lambda o: (o.details.get("purpose") != PROBE, o.at))
    return tuple(_Story(ended, seen).timeline() for ended in placed)


class _Seen:
    """
    Observations of a run by kind, and log lines by the ids in them.
    """

    def __init__(self, observations: Sequence[Observation]) -> None:
        self._by_kind: dict[str, list[Observation]] = {}
        for observation in observations:
            self._by_kind.setdefault(observation.kind, []).append(observation)
        # A line in no known log format has no time, so its place is unknown.
        self.logs = [o for o in [*self["log"], *self["call-line"]] if o.details.get("level")]
        self.lines = call_ids.by_name(
            (o.details.get("message") == of_sip.JOINED.message, o.details) for o in self.logs
        )
        self.sip: dict[str, list[Observation]] = {}
        for message in self["sip"]:
            self.sip.setdefault(str(message.details.get("call", "")), []).append(message)

    def __getitem__(self, kind: str) -> list[Observation]:
        return self._by_kind.get(kind, [])


@dataclass
class _Story:
    """
    Story of one call; `ended` is the observation of its outcome.
    """

    ended: Observation
    seen: _Seen
    sip: list[Observation] = field(init=False)
    began: float = field(init=False)

    def __post_init__(self) -> None:
        details = self.ended.details
        self.call = str(details.get("call") or "")
        self.is_outbound = str(details.get("purpose", "")).startswith(_OUTBOUND)
        self.sip = self.seen.sip.get(self.call, []) if self.call else []
        self.asked = self.ended.at - float(details.get("final_at_s") or 0.0)
        self.began = self.sip[0].at if self.sip else self.asked
        self.over = max(self.ended.at, self.sip[-1].at) if self.sip else self.ended.at
        self.ids = CallIds({self.call} - {""})
        self.callers: set[str] = set()
        for found in self.seen["caller"]:
            if found.details.get("call") == self.call:
                self._learn(found)
        if room := details.get("room"):
            self.ids.rooms.add(room)
        self.ids.learn(self.seen.lines)

    def _learn(self, found: Observation) -> None:
        self.ids.ids.add(str(found.details["sid"]))
        self.ids.rooms.add(str(found.details["room"]))
        self.callers.add(str(found.details["identity"]))

    def timeline(self) -> Timeline:
        """
        Return the timeline of the call.
        """
        lines = [line for line in self.seen.logs if self.ids.names(line.details)]
        self.callers |= {
            str(line.details["participant"])
            for line in lines
            if line.details.get("message") in _NAMES_CALLER and line.details.get("participant")
        }
        clocks = align(self._causes(lines))
        found = sorted(self._events(lines, clocks), key=lambda event: event.at)
        details = self.ended.details
        drawn = list(_merged(_drawn(found)))
        return Timeline(
            call=self.call,
            purpose=str(details.get("purpose", "")),
            outcome=str(details.get("outcome") or ""),
            began=self.began,
            rooms=tuple(sorted(self.ids.rooms)),
            steps=tuple(step for step, _ in drawn),
            stop=self._stop(found, [event for _, event in drawn]),
            clocks=clocks,
            left_out=sum(int(line.details.get("left_out") or 0) for line in lines),
        )

    # -- what belongs to it

    def _causes(self, lines: list[Observation]) -> list[Before]:
        sent = [
            line
            for line in self.seen.logs
            if line.details.get("event") and self.ids.is_in_room(line.details)
        ]
        return causes(self.sip, [*lines, *sent], self._webhooks(), self._http(), self.began)

    def _events(self, lines: Sequence[Observation], clocks: Alignment) -> Iterable[Event]:
        began = self.began
        yield from (events.of_sip(o, began, is_outbound=self.is_outbound) for o in self.sip)
        # The send error of a socket names no call.
        lost = (o for o in self.seen.sip.get("", []) if "direction" not in o.details)
        yield from (events.of_wire(o, began) for o in lost if began <= o.at <= self.over)
        yield from chain.from_iterable(events.of_http(o, began) for o in self._http())
        arrived = self._webhooks()
        yield from (events.of_webhook(o, began, self.callers) for o in arrived)
        ids = {o.details.get("id") for o in arrived}
        known = {id(line) for line in lines}
        for line in self.seen.logs:
            details = line.details
            if details.get("message") in _NOISE or details.get("left_out"):
                continue
            if details.get("message") == of_server.SENT.message and details.get("id") in ids:
                continue  # its arrival was seen
            if (event := events.of_log(line, began, self.callers)) is None:
                continue
            event = replace(event, at=clocks.our_time(event.clock, event.at))
            if id(line) in known or self._is_about(line, event.at):
                yield event
        for kind, event_of in (("agent", events.of_agent), ("media", events.of_media)):
            yield from (event_of(o, began) for o in self.seen[kind] if self._is_ours(o))
        yield from self._circumstances()

    def _is_about(self, line: Observation, at: float) -> bool:
        """
        Return whether a line that names no call is about this one, by its room or by its time.
        """
        over = self.over - self.began
        if self.ids.is_in_room(line.details):
            return -_BEFORE_S <= at <= over + _ROOM_OUTLIVES_S
        # A refused join has no name in the log, because its token was not accepted.
        is_join = line.details.get("path") in _RTC and not self.is_outbound
        return is_join and 0 <= at <= over

    def _webhooks(self) -> list[Observation]:
        until = self.over + _ROOM_OUTLIVES_S
        return [
            o
            for o in self.seen["webhook"]
            if self.ids.is_in_room(o.details) and self.began - _BEFORE_S <= o.at <= until
        ]

    def _http(self) -> list[Observation]:
        start, until = self.began, self.over
        if self.is_outbound:
            start, until = self.asked - _ABOUT_S, self.ended.at
        return [
            o
            for o in self.seen["http"]
            if start <= o.at - float(o.details.get("duration_s") or 0.0) and o.at <= until
        ]

    def _is_ours(self, seen: Observation) -> bool:
        if seen.details.get("call") == self.call != "":
            return True
        # An observation of what the agent heard names no call.
        is_during = self.began <= seen.at <= self.over + _BEFORE_S
        named = "room" in seen.details or "call" in seen.details
        return is_during and (self.ids.is_in_room(seen.details) or not named)

    def _circumstances(self) -> Iterable[Event]:
        """
        Yield events for what was known of the bus and of the rules before the call.
        """
        method = "SIPInternal|" if self.is_outbound else "IOInfo|"
        latest = {
            o.details.get("channel"): o
            for o in self.seen["bus"]
            if str(o.details.get("channel", "")).startswith(method) and self._still_holds(o)
        }
        yield from (events.of_bus(o, self.began) for o in latest.values())
        dialled = str(self.sip[0].details.get("text", ""))[:200] if self.sip else ""
        rules = [
            o
            for o in self.seen["dispatch"]
            if self._still_holds(o) and f":{o.details.get('called')}@" in dialled
        ]
        if rules and not self.is_outbound:
            yield events.of_dispatch(rules[-1], self.began)

    def _still_holds(self, seen: Observation) -> bool:
        return 0 <= self.began - seen.at <= _STILL_TRUE_S

    # -- where it stops

    def _stop(self, found: Sequence[Event], drawn: Sequence[Event]) -> Stop | None:
        """
        Return the first expected step that did not come; it should have come before the end.
        """
        way = OUTBOUND if self.is_outbound else INBOUND
        reached = {event.reached for event in found}
        if Milestone.ANSWERED not in reached:
            # A caller who gives up leaves the room too.
            reached -= _AFTER_THE_ANSWER
        last = max((n for n, milestone in enumerate(way) if milestone in reached), default=-1)
        missing = next((m for m in way[last + 1 :] if self._is_expected(m, found)), None)
        if missing is None:
            return None
        end = next((n for n, event in enumerate(drawn) if event.ends), len(drawn))
        return Stop(missing, end, _LANE_OF[missing])

    def _is_expected(self, milestone: Milestone, found: Sequence[Event]) -> bool:
        """
        Return whether an unseen milestone is missing: without a witness, that proves nothing.
        """
        match milestone:
            case Milestone.CREDENTIALS:
                return any(event.label[:3] in {"401", "407"} for event in found)
            case Milestone.AUDIO:
                return any(event.label == "heard" for event in found)
            case Milestone.HUNG_UP:
                return any(event.label == "BYE" for event in found)
            case Milestone.LEFT:
                return any(event.reached is Milestone.JOINED for event in found)
            case _:
                return True


def _drawn(found: Sequence[Event]) -> Iterator[Event]:
    """
    Yield the events worth drawing; after the BYE, lines of a normal parting are left out.
    """
    hung_up = next((event.at for event in found if event.label == "BYE"), inf)
    for event in found:
        message = event.label.strip('"')
        if message not in _CLOCK and not (message in _PARTING and event.at >= hung_up):
            yield event


def _merged(found: Iterable[Event]) -> Iterable[tuple[Step, Event]]:
    """
    Merge events into steps: polls at the place of the first one, repetitions in a row once.
    """
    steps: list[tuple[Step, Event]] = []
    polls: dict[str, int] = {}
    for event in found:
        is_poll = event.label.startswith("List")
        same = polls.get(event.label) if is_poll else len(steps) - 1
        if same is not None and same >= 0 and _is_repeated(steps[same][0], event):
            step, first = steps[same]
            steps[same] = replace(step, times=step.times + 1, until_s=round(event.at, 6)), first
            continue
        if is_poll:
            polls[event.label] = len(steps)
        steps.append(
            (
                Step(
                    round(event.at, 6),
                    event.source,
                    event.target,
                    event.label,
                    event.detail,
                    event.is_problem,
                ),
                event,
            )
        )
    return steps


def _is_repeated(step: Step, event: Event) -> bool:
    return (step.source, step.target, step.label, step.detail) == (
        event.source,
        event.target,
        event.label,
        event.detail,
    )
