"""
Evaluate the configured trunks and dispatch rules for a call to the profile's number.

No call is placed: the lists are evaluated as livekit-server does it (`protocol/dispatch.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text
from livekit_conformance.doctor.findings import LinkFinding, not_checked, ok, problem, warning
from livekit_conformance.environments.profile import Profile, Sip
from livekit_conformance.protocol.dispatch import (
    RANDOM_LENGTH,
    ConflictError,
    DispatchOutcome,
    IncomingCall,
    Mismatch,
    Rule,
    Trunk,
    conflict_of,
    evaluate,
)
from livekit_conformance.protocol.near_miss import same_number
from livekit_conformance.protocol.room_name import is_named

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
    text = Text(
        en=f"livekit-server cannot choose a trunk and a rule for a call to `{call.called}` and "
        f"refuses it with 503: `{conflict}`{_list_of(conflict.trunks)}",
        ru=f"livekit-server не может выбрать транк и правило для вызова на `{call.called}` и "
        f"отвечает 503: `{conflict}`{_list_of(conflict.trunks)}",
    )
    remedy = _remedy_for_conflict(conflict)
    unknown_source = not call.source_ip and any(t.allowed_addresses for t in conflict.trunks)
    return (warning if unknown_source else problem)(Link.LINE, text, remedy)


def _ambiguous_for_others(conflict: ConflictError) -> LinkFinding:
    return warning(
        Link.LINE,
        Text(
            en=f"some callers of this number are refused with 503: `{conflict}`"
            f"{_list_of(conflict.trunks)}",
            ru=f"некоторые звонящие на этот номер получат 503: `{conflict}`"
            f"{_list_of(conflict.trunks)}",
        ),
        _remedy_for_conflict(conflict),
    )


def _remedy_for_conflict(conflict: ConflictError) -> Text:
    if conflict.trunks:
        *_, last = conflict.trunks
        return Text(
            en=f"Leave one trunk for the number: delete the other, `lk sip inbound delete "
            f"{last.id}`, or give them different `numbers` or `allowed_addresses`",
            ru=f"Оставьте для номера один транк: удалите лишний, `lk sip inbound delete "
            f"{last.id}`, или задайте им разные `numbers` или `allowed_addresses`",
        )
    return Text(
        en="Delete one of the two rules: `lk sip dispatch list`, `lk sip dispatch delete ID`",
        ru="Удалите одно из двух правил: `lk sip dispatch list`, `lk sip dispatch delete ID`",
    )


# -- the trunk


def _trunk(outcome: DispatchOutcome, trunks: Sequence[Trunk], call: IncomingCall) -> LinkFinding:
    if outcome.trunk is not None:
        named = _named(outcome.trunk)
        return ok(
            Link.TRUNK,
            Text(
                en=f"trunk {named} takes a call from `{call.caller}` to `{call.called}`"
                + _unless_source(outcome.trunk, call).en,
                ru=f"транк {named} принимает вызов с `{call.caller}` на `{call.called}`"
                + _unless_source(outcome.trunk, call).ru,
            ),
        )
    if not trunks:
        return problem(
            Link.TRUNK,
            Text(en="there is no inbound trunk", ru="нет ни одного входящего транка"),
            Text(
                en=f"Create one with `numbers: [{call.called}]`: `lk sip inbound create`",
                ru=f"Создайте его с `numbers: [{call.called}]`: `lk sip inbound create`",
            ),
        )
    reasons = [why_not(trunk, outcome.not_matched[trunk.id], call) for trunk in trunks]
    why = _listed([(_named(trunk), reason) for trunk, reason in zip(trunks, reasons, strict=True)])
    remedy = next((reason.remedy for reason in reasons if reason.is_close), None) or Text(
        en=f"Add `{call.called}` to `numbers` of the trunk, or create one: `lk sip inbound list`, "
        "`lk sip inbound update`, `lk sip inbound create`",
        ru=f"Добавьте `{call.called}` в `numbers` транка или создайте транк: `lk sip inbound "
        "list`, `lk sip inbound update`, `lk sip inbound create`",
    )
    if outcome.rule is not None:
        rule = _named(outcome.rule)
        return warning(
            Link.TRUNK,
            Text(
                en=f"no trunk takes the call; rule {rule}, which is for all trunks, takes it like "
                f"a call of any stranger; {why.en}",
                ru=f"ни один транк не принимает вызов, но правило {rule} для всех транков примет "
                f"его, как и любой чужой вызов; {why.ru}",
            ),
            remedy,
        )
    return problem(
        Link.TRUNK,
        Text(
            en=f"no trunk takes a call from `{call.caller}` to `{call.called}`: {why.en}",
            ru=f"ни один транк не принимает вызов с `{call.caller}` на `{call.called}`: {why.ru}",
        ),
        remedy,
    )


def _unless_source(trunk: Trunk, call: IncomingCall) -> Text:
    if not trunk.allowed_addresses or call.source_ip:
        return Text(en="", ru="")
    return Text(
        en="; whether its `allowed_addresses` hold the source of the call is not known",
        ru="; входит ли адрес звонящего в его `allowed_addresses`, неизвестно",
    )


def _credentials(trunk: Trunk, sip: Sip) -> LinkFinding:
    named, password = _named(trunk), sip.password.get_secret_value()
    if not trunk.asks_for_credentials:
        return ok(
            Link.CREDENTIALS,
            Text(
                en=f"trunk {named} asks for no user name and password",
                ru=f"транк {named} не спрашивает имя и пароль",
            ),
        )
    if not sip.username:
        return problem(
            Link.CREDENTIALS,
            Text(
                en=f"trunk {named} asks for a user name and password, and the profile has none",
                ru=f"транк {named} спрашивает имя и пароль, а в профиле их нет",
            ),
            Text(
                en="Set `SIP_USERNAME` and `SIP_PASSWORD` (`sip.username`, `sip.password`) to "
                "`auth_username` and `auth_password` of the trunk",
                ru="Задайте в `SIP_USERNAME` и `SIP_PASSWORD` (`sip.username`, `sip.password`) "
                "значения `auth_username` и `auth_password` транка",
            ),
        )
    wrong = [
        key
        for key, ours, theirs in (
            ("username", sip.username, trunk.auth_username),
            ("password", password, trunk.auth_password),
        )
        if ours != theirs
    ]
    if wrong:
        ours = " and ".join(f"`sip.{key}`" for key in wrong)
        theirs = " and ".join(f"`auth_{key}`" for key in wrong)
        return problem(
            Link.CREDENTIALS,
            Text(
                en=f"{ours} of the profile differs from {theirs} of trunk {named}: calls get 401",
                ru=f"{ours.replace(' and ', ' и ')} в профиле не совпадает с "
                f"{theirs.replace(' and ', ' и ')} транка {named}: на вызовы придёт 401",
            ),
            Text(
                en="Set `SIP_USERNAME` and `SIP_PASSWORD` to those of the trunk: "
                "`lk sip inbound list`",
                ru="Задайте в `SIP_USERNAME` и `SIP_PASSWORD` имя и пароль транка: "
                "`lk sip inbound list`",
            ),
        )
    return ok(
        Link.CREDENTIALS,
        Text(
            en=f"the account of the profile matches that of trunk {named}",
            ru=f"учётная запись в профиле совпадает с записью транка {named}",
        ),
    )


# -- the rule and the room


def _rule(outcome: DispatchOutcome, rules: Sequence[Rule], call: IncomingCall) -> LinkFinding:
    rule = outcome.rule
    if rule is None:
        return _no_rule(outcome, rules, call)
    if outcome.asks_for_pin:
        return warning(
            Link.DISPATCH,
            Text(
                en=f"rule {_named(rule)} takes the call and asks for a PIN",
                ru=f"вызов примет правило {_named(rule)} и спросит PIN",
            ),
            Text(
                en="The suite enters no PIN, so its call ends there: create a rule without a PIN "
                "for the number that it calls",
                ru="Тесты PIN не вводят, и их вызов на этом закончится: создайте правило без PIN "
                "для номера, на который они звонят",
            ),
        )
    return ok(
        Link.DISPATCH,
        Text(
            en=f"dispatch rule {_named(rule)} ({rule.kind}) takes the call",
            ru=f"вызов примет правило {_named(rule)} ({rule.kind})",
        ),
    )


def _no_rule(outcome: DispatchOutcome, rules: Sequence[Rule], call: IncomingCall) -> LinkFinding:
    trunk = outcome.trunk.id if outcome.trunk else "ST_..."
    if not rules:
        return problem(
            Link.DISPATCH,
            Text(
                en="there is no dispatch rule: the phone only rings",
                ru="нет ни одного правила маршрутизации: телефон будет только звонить",
            ),
            Text(
                en=f"Create one with `trunk_ids: [{trunk}]`: `lk sip dispatch create`",
                ru=f"Создайте его с `trunk_ids: [{trunk}]`: `lk sip dispatch create`",
            ),
        )
    reasons = [why_not(rule, outcome.not_matched[rule.id], call) for rule in rules]
    why = _listed([(_named(rule), reason) for rule, reason in zip(rules, reasons, strict=True)])
    return problem(
        Link.DISPATCH,
        Text(
            en=f"no dispatch rule takes the call, the phone only rings: {why.en}",
            ru=f"ни одно правило не принимает вызов, телефон будет только звонить: {why.ru}",
        ),
        next((reason.remedy for reason in reasons if reason.is_close), None)
        or Text(
            en=f"Add trunk `{trunk}` and number `{call.called}` to a rule, or create one: "
            "`lk sip dispatch list`, `lk sip dispatch update`, `lk sip dispatch create`",
            ru=f"Добавьте транк `{trunk}` и номер `{call.called}` в правило или создайте новое: "
            "`lk sip dispatch list`, `lk sip dispatch update`, `lk sip dispatch create`",
        ),
    )


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
        return not_checked(
            Link.ROOM_NAME,
            Text(
                en="the name of the room: the rule for the call is known only after the PIN",
                ru="имя комнаты: какое правило примет вызов, станет ясно после PIN",
            ),
        )
    shown = Text(
        en=outcome.room.make(f"<{RANDOM_LENGTH} random characters>"),
        ru=outcome.room.make(f"<{RANDOM_LENGTH} случайных символов>"),
    )
    fits = is_named(
        outcome.room.make(_RANDOM),
        profile.rooms.name_pattern,
        call_id=profile.rooms.call_id,
        # No rule puts the SIP Call-ID into a room name.
        sip_call_id="",
        caller=profile.sip.caller,
        dialled=profile.sip.number,
    )
    pattern = f"`{profile.rooms.name_pattern}` (call_id: {profile.rooms.call_id})"
    if fits:
        return ok(
            Link.ROOM_NAME,
            Text(
                en=f"the room will be `{shown.en}`, which fits {pattern}",
                ru=f"комната получит имя `{shown.ru}`, оно подходит под {pattern}",
            ),
        )
    key = "room_name" if outcome.rule.kind == "direct" else "room_prefix"
    return problem(
        Link.ROOM_NAME,
        Text(
            en=f"the room will be `{shown.en}`, which does not fit {pattern}",
            ru=f"комната получит имя `{shown.ru}`, а оно не подходит под {pattern}",
        ),
        Text(
            en=f"Change `{key}` of rule {_named(outcome.rule)} (now `{outcome.rule.room}`), or "
            "`rooms.name_pattern` in the profile; livekit-server adds an underscore after a prefix",
            ru=f"Измените `{key}` правила {_named(outcome.rule)} (сейчас `{outcome.rule.room}`) "
            "или `rooms.name_pattern` в профиле; после префикса livekit-server ставит "
            "подчёркивание",
        ),
    )


# -- reasons against a match


@dataclass(frozen=True, slots=True)
class Reason:
    """
    Reason why a trunk or rule does not match a call, with the remedy.

    `is_close` where a match was intended: the number is listed in another form, or this is the only
    obstacle.
    """

    text: Text
    remedy: Text | None = None
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
            ids = ", ".join(f"`{trunk}`" for trunk in one.trunk_ids[:_NUMBERS])
            return Reason(Text(en=f"is for trunk {ids}", ru=f"только для транка {ids}"))
    # Another one takes precedence, or a PIN does not match: this trunk or rule itself is fine.
    return Reason(Text(en=mismatch.text, ru=f"`{mismatch}`"))


def _not_listed(one: Trunk | Rule, field: str, number: str) -> Reason:
    listed: Sequence[str] = getattr(one, field)
    command = "lk sip dispatch update" if isinstance(one, Rule) else "lk sip inbound update"
    remedy = Text(
        en=f"Add `{number}` to `{field}` of `{one.id}`, exactly in this form: `{command}`",
        ru=f"Добавьте `{number}` в `{field}` у `{one.id}` ровно в таком виде: `{command}`",
    )
    if other := same_number(number, listed):
        exactly = Text(
            en="; rules compare numbers exactly" if isinstance(one, Rule) else "",
            ru="; правила сравнивают номера посимвольно" if isinstance(one, Rule) else "",
        )
        return Reason(
            Text(
                en=f"`{number}` is listed as `{other}` in `{field}`{exactly.en}",
                ru=f"`{number}` записан в `{field}` как `{other}`{exactly.ru}",
            ),
            remedy,
            is_close=True,
        )
    some = ", ".join(f"`{entry}`" for entry in listed[:_NUMBERS])
    more = f" +{len(listed) - _NUMBERS}" if len(listed) > _NUMBERS else ""
    return Reason(
        Text(
            en=f"`{field}` has {some}{more}, not `{number}`",
            ru=f"в `{field}` есть {some}{more}, но нет `{number}`",
        ),
        remedy,
    )


def _source_not_allowed(trunk: Trunk, call: IncomingCall) -> Reason:
    some = ", ".join(f"`{mask}`" for mask in trunk.allowed_addresses[:_NUMBERS])
    return Reason(
        Text(
            en=f"`allowed_addresses` ({some}) does not include `{call.source_ip}`, the "
            "address at which livekit-sip sees this machine",
            ru=f"в `allowed_addresses` ({some}) нет `{call.source_ip}`, а именно так livekit-sip "
            "видит эту машину",
        ),
        Text(
            en=f"Add `{call.source_ip}/32` to `allowed_addresses` of `{trunk.id}`: "
            "`lk sip inbound update`. A call of your provider comes from another address",
            ru=f"Добавьте `{call.source_ip}/32` в `allowed_addresses` у `{trunk.id}`: "
            "`lk sip inbound update`. Вызов провайдера придёт с другого адреса",
        ),
        is_close=True,
    )


def _listed(reasons: Sequence[tuple[str, Reason]]) -> Text:
    # Near misses come first.
    first = sorted(reasons, key=lambda pair: not pair[1].is_close)
    more = len(reasons) - _NAMED
    rest = Text(
        en=f"; and {more} more" if more > 0 else "", ru=f"; и ещё {more}" if more > 0 else ""
    )
    return Text(
        en="; ".join(f"{name}: {reason.text.en}" for name, reason in first[:_NAMED]) + rest.en,
        ru="; ".join(f"{name}: {reason.text.ru}" for name, reason in first[:_NAMED]) + rest.ru,
    )


def _list_of(trunks: Sequence[Trunk]) -> str:
    return f" ({', '.join(map(_named, trunks))})" if trunks else ""


def _named(one: Trunk | Rule) -> str:
    return f"`{one.id}` ({one.name})" if one.name else f"`{one.id}`"
