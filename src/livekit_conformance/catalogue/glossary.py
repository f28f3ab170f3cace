"""
Words of a report with their meaning and the next step: verdicts, reasons, levels, effects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.catalogue.text import Text


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
_LEVEL = Text(en="level of a clause", ru="уровень требования")
_CONFIDENCE = Text(en="confidence of a diagnosis", ru="уверенность диагноза")
_EFFECT = Text(en="effect of a check", ru="воздействие проверки")

_NOTHING = Text(en="Nothing.", ru="Ничего.")
_APPLY_FIX = Text(
    en="Apply the fix under it, then run the checks that it names again.",
    ru="Сделайте то, что написано под ним, и повторите названные проверки.",
)
_ALLOW = Text(
    en="List it under `allow:` of the profile, or list it under `may_raise:` and run with `--allow "
    "{effect}`.",
    ru="Внесите его в `allow:` профиля или внесите в `may_raise:` и запустите с `--allow "
    "{effect}`.",
)


def _effect(effect: Effect, means: Text) -> GlossaryWord:
    allow = Text(en=_ALLOW.say("en", effect=effect.value), ru=_ALLOW.say("ru", effect=effect.value))
    return GlossaryWord(_EFFECT, means, allow)


WORDS: Mapping[str, GlossaryWord] = MappingProxyType(
    {
        "PASS": GlossaryWord(
            _CHECK,
            Text(
                en="The evidence that the clause asks for was seen.",
                ru="Увидено доказательство, которого требует пункт.",
            ),
            _NOTHING,
        ),
        "FAIL": GlossaryWord(
            _CHECK,
            Text(
                en="A MUST is violated, and the report holds the proof.",
                ru="Нарушено обязательное требование (MUST), доказательство есть в отчёте.",
            ),
            Text(
                en="Start at the diagnosis at the top of the report: it names the cause and the "
                "fix.",
                ru="Начните с диагноза вверху отчёта: там названы причина и что сделать.",
            ),
        ),
        "WARN": GlossaryWord(
            _CHECK,
            Text(
                en="A SHOULD is violated: the deployment works and takes a risk.",
                ru="Нарушена рекомендация (SHOULD): система работает, но с риском.",
            ),
            Text(
                en="Read its message and decide. A risk that is accepted goes into `known_issues:` "
                "of the profile, with owner and expiry.",
                ru="Прочтите сообщение и решите. Принятый риск вносится в `known_issues:` профиля, "
                "с ответственным и сроком.",
            ),
        ),
        "KNOWN": GlossaryWord(
            _CHECK,
            Text(
                en="Violated as listed under `known_issues:` of the profile, and not expired.",
                ru="Нарушено так, как записано в `known_issues:` профиля, и срок не истёк.",
            ),
            Text(
                en="Mend it before it expires, then delete the entry: it turns red when it expires "
                "or no longer happens.",
                ru="Исправьте до срока и удалите запись: она станет красной, когда срок истечёт "
                "или нарушение исчезнет.",
            ),
        ),
        "BLOCKED": GlossaryWord(
            _CHECK,
            Text(
                en="It could not be tested: a link before it is broken, or something is missing "
                "on this machine.",
                ru="Проверить было нельзя: оборвано звено до неё, или чего-то нет на этой машине.",
            ),
            Text(
                en="Mend the check that its message names; what it blocked is then tested.",
                ru="Исправьте то, что названо в сообщении; остальное проверится после этого.",
            ),
        ),
        "SKIPPED": GlossaryWord(
            _CHECK,
            Text(
                en="It was not tested on purpose: not-applicable, not-permitted or not-configured.",
                ru="Не проверялось намеренно: not-applicable, not-permitted или not-configured.",
            ),
            Text(
                en="Its message holds the option or the line of the profile that enables it.",
                ru="В сообщении названы параметр или строка профиля, которые её включают.",
            ),
        ),
        "ERROR": GlossaryWord(
            _CHECK,
            Text(
                en="The suite itself broke; nothing is known about the deployment.",
                ru="Сломалась сама проверка; о системе это ничего не говорит.",
            ),
            Text(
                en="Report it with the run folder, which holds no secrets.",
                ru="Сообщите о ней и приложите каталог прогона: секретов в нём нет.",
            ),
        ),
        "not-applicable": GlossaryWord(
            _REASON,
            Text(
                en="The claim is about something that this deployment does not have.",
                ru="Требование о том, чего в этой системе нет.",
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
                en="The profile, or a variable that it asks for, does not say enough.",
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
                en="Everything that applies was decided, and nothing is violated.",
                ru="Проверено всё, что применимо, и ничего не нарушено.",
            ),
            _NOTHING,
        ),
        "PARTIALLY CONFORMANT": GlossaryWord(
            _RUN,
            Text(
                en="Nothing is violated among what was looked at, and not everything was.",
                ru="В том, что проверено, нарушений нет, но проверено не всё.",
            ),
            Text(
                en="Look at its coverage: allow, select or configure what was not looked at.",
                ru="Смотрите на покрытие: разрешите, выберите или настройте остальное.",
            ),
        ),
        "NOT CONFORMANT": GlossaryWord(
            _RUN,
            Text(en="At least one MUST is violated.", ru="Нарушено хотя бы одно MUST."),
            Text(
                en="Start at the first diagnosis; do not release.",
                ru="Начните с первого диагноза; выпускать нельзя.",
            ),
        ),
        "INCOMPLETE": GlossaryWord(
            _RUN,
            Text(
                en="No violation was proven, but something was blocked, broke or was interrupted.",
                ru="Нарушений не доказано, но что-то не удалось проверить, сломалось или прервано.",
            ),
            Text(
                en="Mend what is BLOCKED or ERROR, and run again.",
                ru="Исправьте то, что BLOCKED или ERROR, и запустите снова.",
            ),
        ),
        "MUST": GlossaryWord(
            _LEVEL,
            Text(
                en="Calls or security depend on it. A violation is a FAIL.",
                ru="От этого зависят звонки или безопасность. Нарушение — FAIL.",
            ),
            Text(en="Mend it before a release.", ru="Исправьте до выпуска."),
        ),
        "SHOULD": GlossaryWord(
            _LEVEL,
            Text(
                en="A recommendation. A violation is a WARN.", ru="Рекомендация. Нарушение — WARN."
            ),
            Text(en="Mend it, or accept it knowingly.", ru="Исправьте или примите осознанно."),
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
                en="A link is broken and no known cause fits what was seen.",
                ru="Звено оборвано, и ни одна известная причина не подходит.",
            ),
            Text(
                en="Look where it says; `livekit-conformance diagnose LOG...` reads the services' "
                "logs for more.",
                ru="Посмотрите туда, куда указано; `livekit-conformance diagnose LOG...` прочтёт "
                "журналы сервисов.",
            ),
        ),
        "read": _effect(
            Effect.READ,
            Text(en="It asks and changes nothing.", ru="Только спрашивает, ничего не меняет."),
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
