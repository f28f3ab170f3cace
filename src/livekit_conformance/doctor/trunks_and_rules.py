"""
Evaluate the configured trunks and dispatch rules for a call to the profile's number.

No call is placed: the lists are evaluated as livekit-server does it (`protocol/dispatch.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.doctor.findings import LinkFinding, not_checked, ok, problem, warning
from livekit_conformance.environments.profile import Profile, Sip
from livekit_conformance.protocol.dispatch import (
    RANDOM_LENGTH,
    ConflictError,
    DispatchOutcome,
    IncomingCall,
    Mismatch,
    RoomName,
    Rule,
    Trunk,
    conflict_of,
    evaluate,
)
from livekit_conformance.protocol.near_miss import same_number
from livekit_conformance.protocol.room_name import is_named
from livekit_conformance.wording import Phrase, phrase

# Trunks or rules that are listed at most, and numbers of each.
_NAMED, _NUMBERS = 6, 3
_RANDOM = "AbCdEfGh2345"


@dataclass(frozen=True, slots=True)
class Caller:
    """
    Caller as livekit-sip sees it: source address and host of From. Empty means unknown.
    """

    source_ip: str = ""
    host: str = ""


def judge_line(
    trunks: Sequence[Trunk], rules: Sequence[Rule], profile: Profile, caller: Caller
) -> Iterator[LinkFinding]:
    """
    Yield trunk, rule and room name of a call to `sip.number`, or the reasons against a match.
    """
    sip = profile.sip
    call = IncomingCall(sip.caller, sip.number, caller.source_ip, caller.host)
    try:
        outcome = evaluate(trunks, rules, call)
    except ConflictError as conflict:
        yield _ambiguous(conflict, call)
        return
    if others := conflict_of(trunks, rules, call):
        yield _ambiguous_for_others(others)
    yield _trunk(outcome, trunks, call)
    if outcome.trunk is not None and not sip.provider:
        yield _credentials(outcome.trunk, sip)
    yield _rule(outcome, rules, call)
    if outcome.rule is not None:
        yield _room(outcome, trunks, rules, call, profile)


# -- trunks and rules that conflict


def _ambiguous(conflict: ConflictError, call: IncomingCall) -> LinkFinding:
    what = phrase(
        "line.ambiguous",
        called=call.called,
        conflict=str(conflict),
        trunks=_list_of(conflict.trunks),
        fix=_fix_for_conflict(conflict),
    )
    unknown_source = not call.source_ip and any(t.allowed_addresses for t in conflict.trunks)
    return (warning if unknown_source else problem)(Link.LINE, what)


def _ambiguous_for_others(conflict: ConflictError) -> LinkFinding:
    what = phrase(
        "line.ambiguous-for-others",
        conflict=str(conflict),
        trunks=_list_of(conflict.trunks),
        fix=_fix_for_conflict(conflict),
    )
    return warning(Link.LINE, what)


def _fix_for_conflict(conflict: ConflictError) -> Phrase:
    if conflict.trunks:
        *_, last = conflict.trunks
        return phrase("fix.one-trunk", trunk=last.id)
    return phrase("fix.one-rule")


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


def _credentials(trunk: Trunk, sip: Sip) -> LinkFinding:
    named = _named(trunk)
    if not trunk.asks_for_credentials:
        return ok(Link.CREDENTIALS, phrase("credentials.not-asked", trunk=named))
    if not sip.username:
        return problem(Link.CREDENTIALS, phrase("credentials.missing", trunk=named))
    code = {
        (True, True): "credentials.match",
        (False, True): "credentials.other-user-name",
        (True, False): "credentials.other-password",
        (False, False): "credentials.other-account",
    }[
        sip.username == trunk.auth_username,
        sip.password.get_secret_value() == trunk.auth_password,
    ]
    mark = ok if code == "credentials.match" else problem
    return mark(Link.CREDENTIALS, phrase(code, trunk=named))


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


def _room(
    outcome: DispatchOutcome,
    trunks: Iterable[Trunk],
    rules: Iterable[Rule],
    call: IncomingCall,
    profile: Profile,
) -> LinkFinding:
    if outcome.asks_for_pin and outcome.rule is not None:
        outcome = evaluate(trunks, rules, call, pin=outcome.rule.pin)
    if outcome.room is None or outcome.rule is None:
        return not_checked(Link.ROOM_NAME, phrase("room.after-pin"))
    fits = is_named(
        outcome.room.make(_RANDOM),
        profile.rooms.name_pattern,
        call_id=profile.rooms.call_id,
        # No rule puts the SIP Call-ID into a room name.
        sip_call_id="",
        caller=profile.sip.caller,
        dialled=profile.sip.number,
    )
    named = {
        "room": _room_name(outcome.room),
        "pattern": profile.rooms.name_pattern,
        "call_id": profile.rooms.call_id,
    }
    if fits:
        return ok(Link.ROOM_NAME, phrase("room.fits", **named))
    what = phrase(
        "room.does-not-fit",
        **named,
        field="room_name" if outcome.rule.kind == "direct" else "room_prefix",
        rule=_named(outcome.rule),
        value=outcome.rule.room,
    )
    return problem(Link.ROOM_NAME, what)


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


def _list_of(trunks: Sequence[Trunk]) -> Phrase | str:
    return phrase("list.in-brackets", listed=tuple(map(_named, trunks))) if trunks else ""


def _named(one: Trunk | Rule) -> Phrase:
    if one.name:
        return phrase("one.named", id=one.id, name=one.name)
    return phrase("one.unnamed", id=one.id)
