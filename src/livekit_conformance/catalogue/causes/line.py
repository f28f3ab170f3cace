"""
Causes of calls that match no trunk or dispatch rule, from the listed trunks and rules.
"""

from __future__ import annotations

from livekit_conformance.catalogue.cause import (
    Cause,
    Condition,
    Given,
    Not,
    Sign,
    any_of,
    check,
    probe,
)
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.protocol.near_miss import Obstacle
from livekit_conformance.wording import Text

_IGNORED = probe(outcome="ringing-stopped")
# A known source means that the prediction is certain: the call arrives as we send it.
_KNOWN = Given()
_CALLER: tuple[Obstacle, ...] = ("caller", "caller-form")
_NUMBER = any_of("number", "number-form")


def _foretold(**where: Condition) -> Sign:
    """
    Return the sign of a prediction for the probe call, from the listed trunks and rules.
    """
    return Sign("dispatch", where)


def _against_trunk(*obstacles: Obstacle, **where: Condition) -> Sign:
    """
    Return the sign of one of these obstacles in the closest trunk.
    """
    return _foretold(rule=None, trunks=Not(0), trunk_obstacles=any_of(*obstacles), **where)


def _against_rule(*obstacles: Obstacle, **where: Condition) -> Sign:
    """
    Return the sign of one of these obstacles in the closest rule, unless no trunk has the number.
    """
    return _foretold(
        rule=None,
        trunks=Not(0),
        trunk_obstacles=Not(_NUMBER),
        rule_obstacles=any_of(*obstacles),
        **where,
    )


_NO_TRUNKS = _foretold(trunk=None, rule=None, trunks=0, rules=Not(0))
_IGNORED_THOUGH_FORETOLD = _foretold(
    rule=Not(None), source="", ignored=True, allowed_addresses=Given()
)
_NO_RULE = _foretold(rule=None)
_PIN = _foretold(asks_for_pin=True)
_OTHER_NAME = check("1.2-call-lands-in-a-named-room")
_OTHER_NAME_FORETOLD = check("1.2-dispatch-rules-produce-the-name")
_SOURCE = "livekit/protocol sip/sip.go MatchTrunk, MatchDispatchRule; livekit/sip#825"

CAUSES: tuple[Cause, ...] = (
    Cause(
        "no-inbound-trunk",
        Link.TRUNK,
        Text(en="There is no inbound trunk", ru="Нет ни одного входящего транка"),
        Text(
            en=(
                "livekit-server lists no inbound trunk, and no dispatch rule accepts calls without "
                "a trunk. livekit-sip leaves such a call ringing, as it does with floods."
            ),
            ru=(
                "У livekit-server нет входящих транков, и ни одно правило не принимает вызовы без "
                "транка. На такой вызов livekit-sip не отвечает и не отказывает, как при флуде: "
                "звонящий слышит гудки."
            ),
        ),
        Text(
            en=(
                "Create an inbound trunk with the number in `numbers`, and a dispatch rule for it: "
                "lk sip inbound create; lk sip dispatch create."
            ),
            ru=(
                "Создайте входящий транк с номером в `numbers` и правило для него: lk sip inbound "
                "create; lk sip dispatch create."
            ),
        ),
        shows=(_NO_TRUNKS,),
        proofs=(_NO_TRUNKS,),
        # A call that matches no trunk is not challenged either.
        breaks=(Link.CREDENTIALS, Link.LINE),
        source=_SOURCE,
    ),
    Cause(
        "number-is-in-no-trunk",
        Link.TRUNK,
        Text(
            en="No inbound trunk lists the dialled number",
            ru="Набираемый номер не указан ни в одном входящем транке",
        ),
        Text(
            en=(
                "The inbound trunks list other numbers than the dialled one (the user of To), so "
                "none of them matches the call."
            ),
            ru=(
                "Во входящих транках указаны другие номера, не набираемый (пользователь в To), "
                "поэтому вызову не подходит ни один транк."
            ),
        ),
        Text(
            en=(
                "Add the number to `numbers` of the trunk, or dial a number listed there "
                "(`sip.number` of the profile): lk sip inbound list; lk sip inbound update"
            ),
            ru=(
                "Добавьте номер в `numbers` транка или набирайте тот, что там указан "
                "(`sip.number` профиля): lk sip inbound list; lk sip inbound update"
            ),
        ),
        shows=(_against_trunk("number"),),
        proofs=(_against_trunk("number", source=_KNOWN),),
        # A call that matches no trunk is not challenged either.
        breaks=(Link.CREDENTIALS, Link.LINE),
        source=f"{_SOURCE}; livekit/sip#520",
    ),
    Cause(
        "trunk-writes-the-number-differently",
        Link.TRUNK,
        Text(
            en="The inbound trunk lists the dialled number in another form",
            ru="Набираемый номер записан во входящем транке в другом виде",
        ),
        Text(
            en=(
                "Trunks ignore blanks, hyphens, brackets and the plus sign, but every digit "
                "counts: for a trunk, `5550123`, `0015550123` and `+15550123` are three different "
                "numbers."
            ),
            ru=(
                "Пробелы, дефисы, скобки и плюс транк не учитывает, но важна каждая цифра: "
                "`5550123`, `0015550123` и `+15550123` для него — три разных номера."
            ),
        ),
        Text(
            en=(
                "Write the number into `numbers` of the trunk with exactly the digits that the "
                "provider sends (the user of To; `toUser` in {sip_log}): lk sip inbound list; "
                "lk sip inbound update"
            ),
            ru=(
                "Запишите номер в `numbers` транка теми же цифрами, которые шлёт провайдер "
                "(пользователь в To; `toUser` в {sip_log}): lk sip inbound list; lk sip inbound "
                "update"
            ),
        ),
        shows=(_against_trunk("number-form"),),
        proofs=(_against_trunk("number-form", source=_KNOWN),),
        # A call that matches no trunk is not challenged either.
        breaks=(Link.CREDENTIALS, Link.LINE),
        source=f"{_SOURCE}; livekit/sip#520",
    ),
    Cause(
        "caller-is-not-allowed",
        Link.TRUNK,
        Text(
            en="The inbound trunk does not allow this caller's number",
            ru="Входящий транк не разрешает номер звонящего",
        ),
        Text(
            en=(
                "The number of the caller (the user of From) is not in `allowed_numbers` of the "
                "trunk, so the trunk does not match the call."
            ),
            ru=(
                "Номера звонящего (пользователь в From) нет в `allowed_numbers` транка, поэтому "
                "транк вызову не подходит."
            ),
        ),
        Text(
            en=(
                "Add the caller to `allowed_numbers` of the trunk, or empty that list: lk sip "
                "inbound list; lk sip inbound update"
            ),
            ru=(
                "Добавьте звонящего в `allowed_numbers` транка или очистите этот список: lk sip "
                "inbound list; lk sip inbound update"
            ),
        ),
        shows=(_against_trunk(*_CALLER),),
        proofs=(_against_trunk(*_CALLER, source=_KNOWN),),
        # A call that matches no trunk is not challenged either.
        breaks=(Link.CREDENTIALS, Link.LINE),
        source=_SOURCE,
    ),
    Cause(
        "source-is-not-allowed",
        Link.TRUNK,
        Text(
            en="The inbound trunk does not allow the address that the call comes from",
            ru="Входящий транк не разрешает адрес, с которого пришёл вызов",
        ),
        Text(
            en=(
                "The trunk has `allowed_addresses`, and the source address of the INVITE, as "
                "livekit-sip sees it, is not among them (behind NAT or a proxy it may differ from "
                "the expected one). So the trunk does not match the call."
            ),
            ru=(
                "У транка задан `allowed_addresses`, и адреса источника INVITE, каким его видит "
                "livekit-sip, там нет (за NAT или прокси он может отличаться от ожидаемого). "
                "Поэтому транк вызову не подходит."
            ),
        ),
        Text(
            en=(
                "Add the source address to `allowed_addresses` of the trunk (address or CIDR): lk "
                "sip inbound update. It is `fromIP` of `processing invite` in {sip_log}."
            ),
            ru=(
                "Добавьте адрес источника в `allowed_addresses` транка (адрес или CIDR): lk sip "
                "inbound update. Это `fromIP` строки `processing invite` в {sip_log}."
            ),
        ),
        shows=(_against_trunk("source"), _IGNORED_THOUGH_FORETOLD),
        proofs=(_against_trunk("source", source=_KNOWN),),
        # A call that matches no trunk is not challenged either.
        breaks=(Link.CREDENTIALS, Link.LINE),
        source=f"{_SOURCE}; livekit/sip#318",
    ),
    Cause(
        "no-dispatch-rule",
        Link.DISPATCH,
        Text(
            en="No dispatch rule matches this call",
            ru="Этому вызову не подходит ни одно правило диспетчеризации",
        ),
        Text(
            en=(
                "No rule gives the call a room: there are no rules, or all of them are for other "
                "calls. livekit-sip leaves such a call ringing, as it does with floods."
            ),
            ru=(
                "Ни одно правило не назначает вызову комнату: правил нет или все они для других "
                "вызовов. На такой вызов livekit-sip не отвечает и не отказывает, как при флуде: "
                "звонящий слышит гудки."
            ),
        ),
        Text(
            en=(
                "Create a dispatch rule for the trunk: lk sip dispatch create. Then livekit-sip "
                "must repeat 180 Ringing, and a room must open."
            ),
            ru=(
                "Создайте правило для этого транка: lk sip dispatch create. После этого "
                "livekit-sip должен повторять 180 Ringing, а комната — открыться."
            ),
        ),
        shows=(_against_rule("absent"),),
        proofs=(_against_rule("absent", source=_KNOWN),),
        breaks=(Link.LINE,),
        source=f"{_SOURCE}; livekit/sip#227",
    ),
    Cause(
        "rule-is-for-other-trunks",
        Link.DISPATCH,
        Text(
            en="The dispatch rule is bound to another trunk",
            ru="Правило диспетчеризации привязано к другому транку",
        ),
        Text(
            en=(
                "A trunk matches the call, but `trunk_ids` of the rules name other trunks. This "
                "happens when a trunk is deleted and created again: it gets a new id."
            ),
            ru=(
                "Транк вызову подходит, но в `trunk_ids` правил указаны другие транки. Так бывает, "
                "когда транк удалили и создали заново: у него новый id."
            ),
        ),
        Text(
            en=(
                "Put the id of the trunk into `trunk_ids` of the rule, or create the rule again "
                "for this trunk: lk sip inbound list; lk sip dispatch list"
            ),
            ru=(
                "Впишите id транка в `trunk_ids` правила или создайте правило для него заново: "
                "lk sip inbound list; lk sip dispatch list"
            ),
        ),
        shows=(_against_rule("trunk"),),
        proofs=(_against_rule("trunk", source=_KNOWN),),
        breaks=(Link.LINE,),
        source=f"{_SOURCE}; livekit/sip#400",
    ),
    Cause(
        "rule-is-for-other-numbers",
        Link.DISPATCH,
        Text(
            en="The dispatch rule is for another dialled number",
            ru="Правило диспетчеризации для другого номера",
        ),
        Text(
            en=(
                "The dialled number (the user of To) is not in `numbers` of the rule, so the rule "
                "does not match the call."
            ),
            ru=(
                "Набранного номера (пользователь в To) нет в `numbers` правила, поэтому правило "
                "вызову не подходит."
            ),
        ),
        Text(
            en=(
                "Add the number to `numbers` of the rule, or leave `numbers` empty and bind the "
                "rule by `trunk_ids`: lk sip dispatch list; lk sip dispatch update"
            ),
            ru=(
                "Добавьте номер в `numbers` правила или оставьте `numbers` пустым и привяжите "
                "правило через `trunk_ids`: lk sip dispatch list; lk sip dispatch update"
            ),
        ),
        shows=(_against_rule("number"),),
        proofs=(_against_rule("number", source=_KNOWN),),
        breaks=(Link.LINE,),
        source=f"{_SOURCE}; livekit/sip#484",
    ),
    Cause(
        "rule-writes-the-number-differently",
        Link.DISPATCH,
        Text(
            en="The dispatch rule lists the dialled number in another form",
            ru="Набираемый номер записан в правиле диспетчеризации в другом виде",
        ),
        Text(
            en=(
                "Unlike trunks, rules compare numbers character by character: with and without the "
                "plus sign, a number is two different numbers."
            ),
            ru=(
                "Правила, в отличие от транков, сравнивают номера посимвольно: с плюсом и без "
                "плюса — это разные номера."
            ),
        ),
        Text(
            en=(
                "Write the number into `numbers` of the rule exactly as the provider sends it "
                "(the user of To), or leave `numbers` empty and bind the rule by `trunk_ids`: lk "
                "sip dispatch list; lk sip dispatch update"
            ),
            ru=(
                "Запишите номер в `numbers` правила точно так, как его шлёт провайдер "
                "(пользователь в To), или оставьте `numbers` пустым и привяжите правило через "
                "`trunk_ids`: lk sip dispatch list; lk sip dispatch update"
            ),
        ),
        shows=(_against_rule("number-form"),),
        proofs=(_against_rule("number-form", source=_KNOWN),),
        breaks=(Link.LINE,),
        source=f"{_SOURCE}; livekit/sip#484",
    ),
    Cause(
        "rule-is-for-other-callers",
        Link.DISPATCH,
        Text(
            en="The dispatch rule is for other callers",
            ru="Правило диспетчеризации для других звонящих",
        ),
        Text(
            en=(
                "A trunk matches the call, but the caller is not in `inbound_numbers` of the rule. "
                "Rules compare numbers character by character, including the plus sign."
            ),
            ru=(
                "Транк вызову подходит, но звонящего нет в `inbound_numbers` правила. Правила "
                "сравнивают номера посимвольно, включая плюс."
            ),
        ),
        Text(
            en=(
                "Add the caller's number exactly as it arrives (the user of From) to "
                "`inbound_numbers` of the rule, or empty that list: lk sip dispatch update"
            ),
            ru=(
                "Добавьте номер звонящего точно так, как он приходит (пользователь в From), в "
                "`inbound_numbers` правила или очистите этот список: lk sip dispatch update"
            ),
        ),
        shows=(_against_rule(*_CALLER),),
        proofs=(_against_rule(*_CALLER, source=_KNOWN),),
        breaks=(Link.LINE,),
        source=_SOURCE,
    ),
    Cause(
        "rule-asks-for-pin",
        Link.DISPATCH,
        Text(
            en="The dispatch rule asks the caller for a PIN",
            ru="Правило диспетчеризации запрашивает у звонящего PIN",
        ),
        Text(
            en=(
                "livekit-sip answers the call at once with a voice prompt for a PIN. The call "
                "enters no room until the caller types the right PIN."
            ),
            ru=(
                "livekit-sip сразу отвечает на вызов и голосом запрашивает PIN. Пока звонящий не "
                "введёт верный PIN, вызов ни в какую комнату не попадает."
            ),
        ),
        Text(
            en=(
                "Remove `pin` from the rule of this number, or give the number its own rule "
                "without a PIN: lk sip dispatch list"
            ),
            ru=(
                "Уберите `pin` из правила этого номера или заведите для номера отдельное правило "
                "без него: lk sip dispatch list"
            ),
        ),
        shows=(_PIN,),
        proofs=(_PIN,),
        breaks=(Link.JOIN, Link.ANSWER, Link.AGENT, Link.AUDIO, Link.MEDIA),
        source="livekit/sip pkg/sip/inbound.go pinPrompt",
    ),
    Cause(
        "rule-names-the-room-differently",
        Link.ROOM_NAME,
        Text(
            en="The dispatch rule names the room differently from the profile",
            ru="Правило диспетчеризации даёт комнате не то имя, которого ждёт профиль",
        ),
        Text(
            en=(
                "The call entered a room whose name does not match `rooms.name_pattern`. An "
                "application that looks up its rooms by name does not find this one."
            ),
            ru=(
                "Вызов попал в комнату, имя которой не соответствует `rooms.name_pattern`. "
                "Приложение, которое ищет свои комнаты по имени, её не найдёт."
            ),
        ),
        Text(
            en=(
                "Use an Individual rule whose `room_prefix` is the part of `rooms.name_pattern` "
                "before {{call_id}}: lk sip dispatch list; lk sip dispatch update. Or correct the "
                "pattern in the profile."
            ),
            ru=(
                "Используйте правило Individual, у которого `room_prefix` — часть "
                "`rooms.name_pattern` до {{call_id}}: lk sip dispatch list; lk sip dispatch "
                "update. Или исправьте шаблон в профиле."
            ),
        ),
        shows=(_OTHER_NAME, _OTHER_NAME_FORETOLD),
        proofs=(_OTHER_NAME,),
        excludes=(_IGNORED, _PIN, _NO_RULE),
        breaks=(Link.LINE,),
        source="livekit/protocol sip/sip.go EvaluateDispatchRule",
    ),
    Cause(
        "no-trunk-or-rule-matches",
        Link.DISPATCH,
        Text(
            en="No SIP trunk or dispatch rule matches the call",
            ru="Вызову не подошёл ни один SIP-транк или ни одно правило",
        ),
        Text(
            en=(
                "livekit-sip sent one 180 Ringing and then nothing: it treats a call that matches "
                "no trunk or no rule as a flood and leaves it ringing. The trunks and rules could "
                "not be listed, so the mismatch is unknown."
            ),
            ru=(
                "livekit-sip прислал один 180 Ringing и замолчал: вызов, которому не подошёл ни "
                "транк, ни правило, он считает флудом и оставляет без ответа. Что именно не "
                "подошло, неизвестно: списки получить не удалось."
            ),
        ),
        Text(
            en=(
                "Compare the dialled number, the caller and the source address with the trunks "
                "and rules: lk sip inbound list; lk sip dispatch list (the key needs the grant "
                "`sip.admin`)"
            ),
            ru=(
                "Сравните набранный номер, звонящего и адрес источника с транками и правилами: "
                "lk sip inbound list; lk sip dispatch list (ключу нужно право `sip.admin`)"
            ),
        ),
        shows=(_IGNORED,),
        # If there is a prediction, the causes above cover it, even when it explains nothing.
        excludes=(_foretold(),),
        source=_SOURCE,
    ),
)
