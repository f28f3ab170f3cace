"""
Words of a report with their meaning and the next step: verdicts, reasons, levels, effects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.wording import Text


@dataclass(frozen=True, slots=True)
class GlossaryWord:
    """
    Kind of a word, its meaning, and the next step.
    """

    kind: Text
    means: Text
    do: Text


_CHECK = Text(en="verdict of a check", ru="вердикт проверки")
_REASON = Text(en="reason of SKIPPED", ru="причина SKIPPED")
_RUN = Text(en="verdict of a run", ru="вердикт прогона")
_LEVEL = Text(en="level of a clause", ru="уровень пункта")
_CONFIDENCE = Text(en="confidence of a diagnosis", ru="уверенность диагноза")
_EFFECT = Text(en="effect of a check", ru="воздействие проверки")

_NOTHING = Text(en="Nothing.", ru="Ничего.")
_APPLY_FIX = Text(
    en="Apply the fix shown below it, then run the named checks again.",
    ru="Выполните указанное под ним исправление и повторите названные проверки.",
)
_ALLOW = Text(
    en="Add it to `allow:` of the profile, or add it to `may_raise:` and run with `--allow "
    "{effect}`.",
    ru="Добавьте его в `allow:` профиля либо в `may_raise:` и запустите с `--allow {effect}`.",
)


def _effect(effect: Effect, means: Text) -> GlossaryWord:
    allow = Text(en=_ALLOW.say("en", effect=effect.value), ru=_ALLOW.say("ru", effect=effect.value))
    return GlossaryWord(_EFFECT, means, allow)


WORDS: Mapping[str, GlossaryWord] = MappingProxyType(
    {
        "PASS": GlossaryWord(
            _CHECK,
            Text(
                en="The check saw the evidence that the clause requires.",
                ru="Проверка увидела подтверждение, которого требует пункт.",
            ),
            _NOTHING,
        ),
        "FAIL": GlossaryWord(
            _CHECK,
            Text(
                en="A MUST is violated, and the report holds the evidence.",
                ru="Нарушено обязательное требование (MUST), подтверждение есть в отчёте.",
            ),
            Text(
                en="Start with the diagnosis at the top of the report: it names the cause and the "
                "fix.",
                ru="Начните с диагноза вверху отчёта: там указаны причина и исправление.",
            ),
        ),
        "WARN": GlossaryWord(
            _CHECK,
            Text(
                en="A SHOULD is violated: the deployment works, but at a risk.",
                ru="Нарушена рекомендация (SHOULD): система работает, но с риском.",
            ),
            Text(
                en="Read the message and decide whether to fix it. Enter an accepted risk under "
                "`known_issues:` of the profile, with an owner and an expiry date.",
                ru="Прочитайте сообщение и решите, исправлять ли. Принятый риск внесите в "
                "`known_issues:` профиля, с ответственным и сроком.",
            ),
        ),
        "KNOWN": GlossaryWord(
            _CHECK,
            Text(
                en="The clause is violated, as `known_issues:` of the profile states, and that "
                "entry has not expired.",
                ru="Пункт нарушен, это записано в `known_issues:` профиля, и срок записи не истёк.",
            ),
            Text(
                en="Fix it before the entry expires, then delete the entry: it turns red when it "
                "expires or when the violation is gone.",
                ru="Исправьте до истечения срока и удалите запись: она станет красной, когда срок "
                "истечёт или нарушение исчезнет.",
            ),
        ),
        "BLOCKED": GlossaryWord(
            _CHECK,
            Text(
                en="The check could not be made: an earlier link of the chain is broken, or "
                "something is missing on this machine.",
                ru="Выполнить проверку было нельзя: сломано более раннее звено цепочки или на "
                "этой машине чего-то не хватает.",
            ),
            Text(
                en="Fix what the message names, then run the blocked check again.",
                ru="Исправьте то, что названо в сообщении, и запустите заблокированную проверку "
                "снова.",
            ),
        ),
        "SKIPPED": GlossaryWord(
            _CHECK,
            Text(
                en="The check was left out on purpose: not-applicable, not-permitted or "
                "not-configured.",
                ru="Проверка пропущена намеренно: not-applicable, not-permitted или "
                "not-configured.",
            ),
            Text(
                en="The message names the option or the profile line that enables the check.",
                ru="В сообщении указан параметр или строка профиля, которые включают проверку.",
            ),
        ),
        "ERROR": GlossaryWord(
            _CHECK,
            Text(
                en="The suite itself failed; the result says nothing about the deployment.",
                ru="Произошёл сбой в самом наборе проверок; о системе этот результат ничего не "
                "говорит.",
            ),
            Text(
                en="Report it and attach the run folder; the folder holds no secrets.",
                ru="Сообщите об этом и приложите каталог прогона: секретов в нём нет.",
            ),
        ),
        "not-applicable": GlossaryWord(
            _REASON,
            Text(
                en="The clause concerns something that this deployment does not have.",
                ru="Пункт относится к тому, чего в этой системе нет.",
            ),
            _NOTHING,
        ),
        "not-permitted": GlossaryWord(
            _REASON,
            Text(
                en="The profile does not allow the effect that the check has on its target.",
                ru="Профиль не разрешает воздействие, которое нужно проверке.",
            ),
            Text(
                en="Run with `--allow EFFECT` if the profile's `may_raise:` names it, or add it to "
                "`allow:`.",
                ru="Запустите с `--allow EFFECT`, если `may_raise:` профиля его называет, или "
                "внесите его в `allow:`.",
            ),
        ),
        "not-configured": GlossaryWord(
            _REASON,
            Text(
                en="The profile, or a variable that it uses, lacks a value.",
                ru="В профиле или в его переменных не хватает значения.",
            ),
            Text(
                en="Add the line, or set the variables, that its message names.",
                ru="Добавьте строку или задайте переменные, названные в сообщении.",
            ),
        ),
        "CONFORMANT": GlossaryWord(
            _RUN,
            Text(
                en="All applicable clauses were decided, and none is violated.",
                ru="По всем применимым пунктам есть решение, ни один не нарушен.",
            ),
            _NOTHING,
        ),
        "PARTIALLY CONFORMANT": GlossaryWord(
            _RUN,
            Text(
                en="None of the checked clauses is violated, but not all clauses were checked.",
                ru="Ни один из проверенных пунктов не нарушен, но проверено не всё.",
            ),
            Text(
                en="Look at the coverage, then allow, select or configure the remaining checks.",
                ru="Посмотрите покрытие, затем разрешите, выберите или настройте остальные "
                "проверки.",
            ),
        ),
        "NOT CONFORMANT": GlossaryWord(
            _RUN,
            Text(en="At least one MUST is violated.", ru="Нарушено хотя бы одно MUST."),
            Text(
                en="Start with the first diagnosis; do not release.",
                ru="Начните с первого диагноза; релиз выпускать нельзя.",
            ),
        ),
        "INCOMPLETE": GlossaryWord(
            _RUN,
            Text(
                en="No violation was proven, but a check was blocked, failed by itself or was "
                "interrupted.",
                ru="Нарушений не доказано, но часть проверок заблокирована, завершилась сбоем или "
                "прервана.",
            ),
            Text(
                en="Fix what is BLOCKED or ERROR, and run again.",
                ru="Исправьте то, что BLOCKED или ERROR, и запустите снова.",
            ),
        ),
        "MUST": GlossaryWord(
            _LEVEL,
            Text(
                en="Calls or security depend on it. A violation is a FAIL.",
                ru="От этого зависят вызовы или безопасность. Нарушение — FAIL.",
            ),
            Text(en="Fix it before a release.", ru="Исправьте до релиза."),
        ),
        "SHOULD": GlossaryWord(
            _LEVEL,
            Text(
                en="A recommendation. A violation is a WARN.", ru="Рекомендация. Нарушение — WARN."
            ),
            Text(
                en="Fix it, or accept the risk deliberately.",
                ru="Исправьте или осознанно примите риск.",
            ),
        ),
        "certain": GlossaryWord(
            _CONFIDENCE,
            Text(
                en="The evidence excludes the other causes.",
                ru="Улики исключают другие причины.",
            ),
            _APPLY_FIX,
        ),
        "likely": GlossaryWord(
            _CONFIDENCE,
            Text(
                en="The evidence fits this cause best and does not exclude all others.",
                ru="Улики лучше всего подходят к этой причине, но не исключают остальные.",
            ),
            _APPLY_FIX,
        ),
        "possible": GlossaryWord(
            _CONFIDENCE,
            Text(
                en="The evidence fits this cause and others as well.",
                ru="Улики подходят и к этой причине, и к другим.",
            ),
            Text(
                en="Look at its evidence before you change anything.",
                ru="Сначала посмотрите улики, потом меняйте что-либо.",
            ),
        ),
        "cause-unknown": GlossaryWord(
            Text(en="diagnosis", ru="диагноз"),
            Text(
                en="A link is broken, and no known cause fits the evidence.",
                ru="Звено сломано, и ни одна известная причина не подходит к уликам.",
            ),
            Text(
                en="Take the step that it names; `livekit-conformance diagnose LOG...` searches "
                "the services' logs for more.",
                ru="Выполните указанный шаг; `livekit-conformance diagnose LOG...` поищет "
                "дополнительные данные в журналах сервисов.",
            ),
        ),
        "read": _effect(
            Effect.READ,
            Text(en="It only reads and changes nothing.", ru="Только читает, ничего не меняет."),
        ),
        "create-rooms": _effect(
            Effect.CREATE_ROOMS,
            Text(
                en="It creates rooms of its own and deletes them.",
                ru="Создаёт свои комнаты и удаляет их.",
            ),
        ),
        "send-webhooks": _effect(
            Effect.SEND_WEBHOOKS,
            Text(
                en="It sends events to the application's webhook endpoint.",
                ru="Шлёт события на вебхук приложения.",
            ),
        ),
        "place-calls": _effect(
            Effect.PLACE_CALLS,
            Text(
                en="It places phone calls to the number of the profile.",
                ru="Звонит на номер из профиля.",
            ),
        ),
        "configure-sip": _effect(
            Effect.CONFIGURE_SIP,
            Text(
                en="It creates a trunk and a dispatch rule of its own and deletes them.",
                ru="Создаёт свой транк и правило и удаляет их.",
            ),
        ),
        "disrupt": _effect(
            Effect.DISRUPT,
            Text(
                en="It restarts, freezes or cuts off services: on loopback only.",
                ru="Перезапускает, замораживает или отрезает сервисы: только на loopback.",
            ),
        ),
    }
)
