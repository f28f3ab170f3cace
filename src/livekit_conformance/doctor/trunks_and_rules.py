"""
Evaluate the configured trunks and dispatch rules for a call to the profile's number.

No call is placed: the lists are evaluated as livekit-server does it (`protocol/dispatch.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.doctor.findings import LinkFinding, judged, ok, problem, warning
from livekit_conformance.drivers.api.trunks_and_rules import describe_outcome
from livekit_conformance.drivers.sip.source_address import Source
from livekit_conformance.environments.profile import Profile, Rooms, Sip
from livekit_conformance.judges.calls import judge_account, judge_open_trunk
from livekit_conformance.judges.line import judge_conflict, judge_room
from livekit_conformance.protocol.dispatch import (
    RANDOM_LENGTH,
    DispatchOutcome,
    IncomingCall,
    Mismatch,
    RoomName,
    Rule,
    Trunk,
    evaluate,
    own_conflict_of,
)
from livekit_conformance.protocol.near_miss import same_number
from livekit_conformance.wording import Phrase, phrase

# Trunks or rules that are listed at most, and numbers of each.
_NAMED, _NUMBERS = 6, 3
_UNAMBIGUOUS = "1.2-no-two-trunks-match"
_ACCEPTED = "1.1-trunk-accepts-right-password"
_NAMED_RIGHT = "1.2-dispatch-rules-produce-the-name"


def judge_line(
    trunks: Sequence[Trunk], rules: Sequence[Rule], profile: Profile, source: Source
) -> Iterator[LinkFinding]:
    """
    Yield trunk, rule and room name of a call to `sip.number`, or the reasons against a match.
    """
    sip = profile.sip
    call = source.call_to_number(sip)
    yield from judged(_UNAMBIGUOUS, judge_conflict(trunks, rules, call))
    if own_conflict_of(trunks, rules, call) is not None:
        return
    outcome = evaluate(trunks, rules, call)
    yield _trunk(outcome, trunks, call)
    if outcome.trunk is not None and not sip.provider:
        yield from _credentials(outcome.trunk, sip)
    yield _rule(outcome, rules, call)
    if (rule := outcome.rule) is not None:
        # Of a rule with a PIN, the room is known only after the PIN.
        with_pin = evaluate(trunks, rules, call, pin=rule.pin) if outcome.asks_for_pin else outcome
        yield from _room(with_pin, call, profile.rooms)


# -- the trunk


def _trunk(outcome: DispatchOutcome, trunks: Sequence[Trunk], call: IncomingCall) -> LinkFinding:
    numbers = {"caller": call.caller, "called": call.called}
    if (trunk := outcome.trunk) is not None:
        is_sure = bool(not trunk.allowed_addresses or call.source_ip)
        code = "trunk.takes-the-call" if is_sure else "trunk.takes-the-call-unless"
        return ok(Link.TRUNK, phrase(code, trunk=_named(trunk), **numbers))
    if not trunks:
        return problem(Link.TRUNK, phrase("trunk.none", called=call.called))
    reasons = [why_not(trunk, outcome.not_matched[trunk.id], call) for trunk in trunks]
    why = _listed([(_named(trunk), reason) for trunk, reason in zip(trunks, reasons, strict=True)])
    fix = _closest(reasons) or phrase("fix.trunk-for-number", called=call.called)
    if (rule := outcome.rule) is not None:
        what = phrase("trunk.only-a-rule", rule=_named(rule), why=why, fix=fix)
        return warning(Link.TRUNK, what)
    return problem(Link.TRUNK, phrase("trunk.no-match", **numbers, why=why, fix=fix))


def _credentials(trunk: Trunk, sip: Sip) -> Iterator[LinkFinding]:
    if is_open := [*judged("1.1-trunk-challenges", judge_open_trunk(trunk, sip.username))]:
        yield from is_open
        return
    asks = "credentials.match" if trunk.asks_for_credentials else "credentials.not-asked"
    differs = judge_account(trunk, sip.username, sip.password.get_secret_value())
    yield from judged(_ACCEPTED, differs, phrase(asks, trunk=_named(trunk)))


# -- the rule and the room


def _rule(outcome: DispatchOutcome, rules: Sequence[Rule], call: IncomingCall) -> LinkFinding:
    rule = outcome.rule
    if rule is None:
        return _no_rule(outcome, rules, call)
    if outcome.asks_for_pin:
        return warning(Link.DISPATCH, phrase("rule.asks-for-pin", rule=_named(rule)))
    taken = phrase("rule.takes-the-call", rule=_named(rule), kind=rule.kind)
    return ok(Link.DISPATCH, taken)


def _no_rule(outcome: DispatchOutcome, rules: Sequence[Rule], call: IncomingCall) -> LinkFinding:
    trunk = outcome.trunk.id if outcome.trunk else "ST_..."
    if not rules:
        return problem(Link.DISPATCH, phrase("rule.none", trunk=trunk))
    reasons = [why_not(rule, outcome.not_matched[rule.id], call) for rule in rules]
    why = _listed([(_named(rule), reason) for rule, reason in zip(rules, reasons, strict=True)])
    fix = _closest(reasons) or phrase("fix.rule-for-call", trunk=trunk, called=call.called)
    return problem(Link.DISPATCH, phrase("rule.no-match", why=why, fix=fix))


def _room(outcome: DispatchOutcome, call: IncomingCall, rooms: Rooms) -> Iterator[LinkFinding]:
    room = _room_name(outcome.room) if outcome.room is not None else ""
    right = phrase("room.fits", room=room, pattern=rooms.name_pattern, call_id=rooms.call_id)
    found = judge_room(
        outcome,
        call,
        rooms.name_pattern,
        call_id=rooms.call_id,
        story=describe_outcome(outcome),
    )
    yield from judged(_NAMED_RIGHT, found, right, link=Link.ROOM_NAME)


def _room_name(room: RoomName) -> Phrase | str:
    if room.random_suffix:
        return phrase("room.with-suffix", stem=room.stem, length=str(RANDOM_LENGTH))
    return room.stem


# -- reasons against a match


@dataclass(frozen=True, slots=True)
class Reason:
    """
    Reason why a trunk or rule does not match a call, with the remedy.

    `is_close` where a match was intended: the number is listed in another form, or this is the only
    obstacle.
    """

    what: Phrase
    fix: Phrase | None = None
    is_close: bool = False


def why_not(one: Trunk | Rule, mismatch: Mismatch, call: IncomingCall) -> Reason:
    """
    Return a mismatch of the evaluation (`DispatchOutcome.not_matched`) in text for people.
    """
    match one, mismatch.field:
        case Trunk(), "allowed_addresses":
            return _source_not_allowed(one, call)
        case _, "numbers":
            return _not_listed(one, mismatch.field, call.called)
        case (Trunk(), "allowed_numbers") | (Rule(), "inbound_numbers"):
            return _not_listed(one, mismatch.field, call.caller)
        case Rule(), "trunk_ids":
            return Reason(phrase("mismatch.trunks", trunks=tuple(one.trunk_ids[:_NUMBERS])))
    # Another one takes precedence, or a PIN does not match: this trunk or rule itself is fine.
    return Reason(phrase("mismatch.other", reason=mismatch.text))


def _not_listed(one: Trunk | Rule, field: str, number: str) -> Reason:
    listed: Sequence[str] = getattr(one, field)
    command = "lk sip dispatch update" if isinstance(one, Rule) else "lk sip inbound update"
    fix = phrase("fix.add-number", number=number, field=field, id=one.id, command=command)
    of = {"number": number, "field": field}
    if other := same_number(number, listed):
        is_rule = isinstance(one, Rule)
        code = "mismatch.other-form-in-rule" if is_rule else "mismatch.other-form"
        return Reason(phrase(code, other=other, **of), fix, is_close=True)
    more = f" +{len(listed) - _NUMBERS}" if len(listed) > _NUMBERS else ""
    shown = tuple(listed[:_NUMBERS])
    return Reason(phrase("mismatch.not-listed", listed=shown, more=more, **of), fix)


def _source_not_allowed(trunk: Trunk, call: IncomingCall) -> Reason:
    shown = tuple(trunk.allowed_addresses[:_NUMBERS])
    return Reason(
        phrase("mismatch.source", listed=shown, source=call.source_ip),
        phrase("fix.add-source", source=call.source_ip, trunk=trunk.id),
        is_close=True,
    )


def _closest(reasons: Iterable[Reason]) -> Phrase | None:
    return next((reason.fix for reason in reasons if reason.is_close), None)


def _listed(reasons: Sequence[tuple[Phrase, Reason]]) -> Phrase:
    # Near misses come first.
    first = sorted(reasons, key=lambda pair: not pair[1].is_close)
    listed = reduce(
        lambda one, other: phrase("list.two", one=one, other=other),
        (phrase("one.why-not", one=one, reason=reason.what) for one, reason in first[:_NAMED]),
    )
    more = len(reasons) - _NAMED
    return phrase("list.and-more", listed=listed, more=str(more)) if more > 0 else listed


def _named(one: Trunk | Rule) -> Phrase:
    if one.name:
        return phrase("one.named", id=one.id, name=one.name)
    return phrase("one.unnamed", id=one.id)
