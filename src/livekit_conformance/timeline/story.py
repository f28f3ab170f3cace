"""
Build one timeline for each of our own calls from the observations of a run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from math import inf
from typing import Any, TypeVar

from livekit_conformance.catalogue.log_lines import Lane, Means, messages, of_server, of_sip
from livekit_conformance.catalogue.milestones import INBOUND, OUTBOUND, Milestone
from livekit_conformance.observations import (
    AgentAction,
    BusAnswer,
    CallerFound,
    CallLine,
    CallQuality,
    DispatchMatch,
    HttpExchange,
    LineOfLog,
    LogWarning,
    Media,
    Observation,
    SipCall,
    SipExchange,
    WebhookArrival,
)
from livekit_conformance.protocol import call_ids
from livekit_conformance.protocol.call_ids import CallIds
from livekit_conformance.timeline import events
from livekit_conformance.timeline.clocks import Alignment, Before, align
from livekit_conformance.timeline.events import Event
from livekit_conformance.timeline.happened_before import causes
from livekit_conformance.timeline.model import Step, Stop, Timeline

_Of = TypeVar("_Of", bound=Observation)

PROBE = "probe"
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
_CHALLENGES = frozenset({401, 407})
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
    observations: Sequence[Observation], *, of: Callable[[SipCall], bool] = bool
) -> tuple[Timeline, ...]:
    """
    Return one timeline for each call that was placed, the probe call first.

    `of` selects calls by the observation of their outcome.
    """
    placed = [o for o in observations if isinstance(o, SipCall) and of(o)]
    if not placed:
        return ()
    seen = _Seen(observations)
    placed.sort(key=lambda o: (o.purpose != PROBE, o.at))
    return tuple(_Story(ended, seen).timeline() for ended in placed)


class _Seen:
    """
    Observations of a run by kind, and log lines by the ids in them.
    """

    def __init__(self, observations: Sequence[Observation]) -> None:
        self._by_class: dict[type[Observation], list[Any]] = {}
        for observation in observations:
            self._by_class.setdefault(type(observation), []).append(observation)
        # A line in no known log format has no time, so its place is unknown.
        lines: list[LineOfLog] = [*self.all(LogWarning), *self.all(CallLine)]
        self.logs = [line for line in lines if line.level]
        self.lines = call_ids.by_name(
            (line.message == of_sip.JOINED.message, line.fields) for line in self.logs
        )
        self.sip: dict[str, list[SipExchange]] = {}
        for message in self.all(SipExchange):
            self.sip.setdefault(message.call or "", []).append(message)

    def all(self, kind: type[_Of]) -> list[_Of]:
        """
        Return the observations of one kind.
        """
        return self._by_class.get(kind, [])


@dataclass
class _Story:
    """
    Story of one call; `ended` is the observation of its outcome.
    """

    ended: SipCall
    seen: _Seen
    sip: list[SipExchange] = field(init=False)
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.call = self.ended.call or ""
        self.is_outbound = self.ended.is_outbound
        self.sip = self.seen.sip.get(self.call, []) if self.call else []
        self.asked = self.ended.at - (self.ended.final_at_s or 0.0)
        self.began = self.sip[0].at if self.sip else self.asked
        self.over = max(self.ended.at, self.sip[-1].at) if self.sip else self.ended.at
        self.ids = CallIds({self.call} - {""})
        self.callers: set[str] = set()
        for found in self.seen.all(CallerFound):
            if found.call == self.call:
                self._learn(found)
        if self.ended.room:
            self.ids.rooms.add(self.ended.room)
        self.ids.learn(self.seen.lines)

    def _learn(self, found: CallerFound) -> None:
        self.ids.ids.add(found.sid)
        self.ids.rooms.add(found.room)
        self.callers.add(found.identity)

    def timeline(self) -> Timeline:
        """
        Return the timeline of the call.
        """
        lines = [line for line in self.seen.logs if self.ids.names(line.fields)]
        self.callers |= {
            str(line.fields["participant"])
            for line in lines
            if line.message in _NAMES_CALLER and line.fields.get("participant")
        }
        clocks = align(self._causes(lines))
        found = sorted(self._events(lines, clocks), key=lambda event: event.at)
        drawn = list(_merged(_drawn(found)))
        return Timeline(
            call=self.call,
            purpose=self.ended.purpose,
            outcome=self.ended.outcome or "",
            began=self.began,
            rooms=tuple(sorted(self.ids.rooms)),
            steps=tuple(step for step, _ in drawn),
            stop=self._stop(found, [event for _, event in drawn]),
            clocks=clocks,
            left_out=sum(line.left_out for line in lines if isinstance(line, CallLine)),
            # The last one decides (drivers/calls/listening.py).
            quality=next(
                (o for o in reversed(self.seen.all(CallQuality)) if o.call == self.call), None
            ),
        )

    # -- what belongs to it

    def _causes(self, lines: list[LineOfLog]) -> list[Before]:
        sent = [
            line
            for line in self.seen.logs
            if line.fields.get("event") and self.ids.is_in_room(line.fields)
        ]
        return causes(self.sip, [*lines, *sent], self._webhooks(), self._http(), self.began)

    def _events(self, lines: Sequence[LineOfLog], clocks: Alignment) -> Iterable[Event]:
        began = self.began
        yield from (events.of_sip(o, began, is_outbound=self.is_outbound) for o in self.sip)
        # The send error of a socket names no call.
        lost = (o for o in self.seen.sip.get("", []) if o.direction is None)
        yield from (events.of_wire(o, began) for o in lost if began <= o.at <= self.over)
        yield from chain.from_iterable(events.of_http(o, began) for o in self._http())
        arrived = self._webhooks()
        yield from (events.of_webhook(o, began, self.callers) for o in arrived)
        ids = {o.id for o in arrived}
        known = {id(line) for line in lines}
        for line in self.seen.logs:
            if line.message in _NOISE or (isinstance(line, CallLine) and line.left_out):
                continue
            if line.message == of_server.SENT.message and line.fields.get("id") in ids:
                continue  # its arrival was seen
            if (event := events.of_log(line, began, self.callers)) is None:
                continue
            event = replace(event, at=clocks.our_time(event.clock, event.at))
            if id(line) in known or self._is_about(line, event.at):
                yield event
        agent = (o for o in self.seen.all(AgentAction) if self._is_ours(o, o.room, None))
        yield from (events.of_agent(o, began) for o in agent)
        media = (o for o in self.seen.all(Media) if self._is_ours(o, None, o.call))
        yield from (events.of_media(o, began) for o in media)
        yield from self._circumstances()

    def _is_about(self, line: LineOfLog, at: float) -> bool:
        """
        Return whether a line that names no call is about this one, by its room or by its time.
        """
        over = self.over - self.began
        if self.ids.is_in_room(line.fields):
            return -_BEFORE_S <= at <= over + _ROOM_OUTLIVES_S
        # A refused join has no name in the log, because its token was not accepted.
        is_join = line.fields.get("path") in _RTC and not self.is_outbound
        return is_join and 0 <= at <= over

    def _webhooks(self) -> list[WebhookArrival]:
        until = self.over + _ROOM_OUTLIVES_S
        return [
            o
            for o in self.seen.all(WebhookArrival)
            if o.room in self.ids.rooms and self.began - _BEFORE_S <= o.at <= until
        ]

    def _http(self) -> list[HttpExchange]:
        start, until = self.began, self.over
        if self.is_outbound:
            start, until = self.asked - _ABOUT_S, self.ended.at
        return [
            o for o in self.seen.all(HttpExchange) if start <= o.at - o.duration_s and o.at <= until
        ]

    def _is_ours(self, seen: Observation, room: str | None, call: str | None) -> bool:
        if call == self.call != "":
            return True
        # An observation of what the agent heard names no call.
        is_during = self.began <= seen.at <= self.over + _BEFORE_S
        return is_during and (room in self.ids.rooms or (room is None and call is None))

    def _circumstances(self) -> Iterable[Event]:
        """
        Yield events for what was known of the bus and of the rules before the call.
        """
        method = "SIPInternal|" if self.is_outbound else "IOInfo|"
        latest = {
            o.channel: o
            for o in self.seen.all(BusAnswer)
            if o.channel is not None and o.channel.startswith(method) and self._still_holds(o)
        }
        yield from (events.of_bus(o, self.began) for o in latest.values())
        dialled = self.sip[0].text[:200] if self.sip else ""
        rules = [
            o
            for o in self.seen.all(DispatchMatch)
            if self._still_holds(o) and f":{o.called}@" in dialled
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
                return any(event.status in _CHALLENGES for event in found)
            case Milestone.AUDIO:
                return any(event.is_sound for event in found)
            case Milestone.HUNG_UP:
                return any(event.request == "BYE" for event in found)
            case Milestone.LEFT:
                return any(event.reached is Milestone.JOINED for event in found)
            case _:
                return True


def _drawn(found: Sequence[Event]) -> Iterator[Event]:
    """
    Yield the events worth drawing; after the BYE, lines of a normal parting are left out.
    """
    hung_up = next((event.at for event in found if event.request == "BYE"), inf)
    for event in found:
        is_parting = event.message in _PARTING and event.at >= hung_up
        if event.message not in _CLOCK and not is_parting:
            yield event


def _merged(found: Iterable[Event]) -> Iterable[tuple[Step, Event]]:
    """
    Merge events into steps: polls at the place of the first one, repetitions in a row once.
    """
    steps: list[tuple[Step, Event]] = []
    polls: dict[str, int] = {}
    for event in found:
        same = polls.get(event.label) if event.is_poll else len(steps) - 1
        if same is not None and same >= 0 and _is_repeated(steps[same][0], event):
            step, first = steps[same]
            steps[same] = replace(step, times=step.times + 1, until_s=round(event.at, 6)), first
            continue
        if event.is_poll:
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
                    moment=event.moment,
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
