"""
Texts of comparisons and trends, in each language.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from livekit_conformance.comparison.changes import ChangeKind
from livekit_conformance.wording import Language, Text

MORE = Text(en="... and {count} more", ru="... и ещё {count}")

# compare
COMPARED = Text(
    en="Comparison of {before} (before) and {after} (after)",
    ru="Сравнение: {before} (было) и {after} (стало)",
)
REGRESSION = Text(en="REGRESSION: {changes}", ru="REGRESSION: {changes}")
NO_REGRESSION = Text(en="NO REGRESSION: {changes}", ru="NO REGRESSION: {changes}")
NOTHING_CHANGED = Text(en="nothing changed", ru="ничего не изменилось")
RUNS = Text(en="The two runs", ru="Два прогона")
REQUIREMENTS = Text(en="Requirements", ru="Требования")
CAUSES = Text(en="Causes", ru="Причины")
BEFORE = Text(en="Before", ru="Было")
AFTER = Text(en="After", ru="Стало")
REQUIREMENT = Text(en="Requirement", ru="Требование")
CHECK = Text(en="Check", ru="Проверка")
WHY = Text(en="Why", ru="Почему")
CAUSE = Text(en="Cause", ru="Причина")
WHAT_TO_DO = Text(en="What to do", ru="Что делать")
STATE = Text(en="State", ru="Состояние")
CAUSE_NEW = Text(en="new", ru="новая")
CAUSE_GONE = Text(en="gone", ru="исчезла")
CAUSE_KEPT = Text(en="as before", ru="как было")
VERDICT = Text(en="Verdict", ru="Вердикт")
COUNTS = Text(en="Counts", ru="Счёт")
CLIENT = Text(en="Our own client", ru="Наш собственный клиент")
FIGURES = Text(en="Figures", ru="Показатели")
ENVIRONMENT = Text(en="Environment", ru="Окружение")
TARGET = Text(en="Target", ru="Цель")
SUITE = Text(en="Suite version", ru="Версия набора проверок")
RUN = Text(en="Run", ru="Прогон")
STARTED = Text(en="Started", ru="Начат")
DURATION = Text(en="Duration", ru="Длительность")
ANSWER = Text(en="Call answered after", ru="Ответ на вызов через")
BROKEN_LINK = Text(en="First broken link", ru="Первое сломанное звено")
INTERRUPTED = Text(en="Interrupted", ru="Прерван")
UNKNOWN = Text(en="unknown", ru="неизвестно")
SECONDS = Text(en="{seconds} s", ru="{seconds} с")
NOT_SELECTED = Text(en="not selected", ru="не выбрана")
NOT_THERE = Text(en="did not exist", ru="её не было")
NO_LONGER = Text(en="no longer exists", ru="её больше нет")
BLOCKS = Text(en="{why}; blocks {count}: {names}", ru="{why}; блокирует {count}: {names}")
LIKEWISE = Text(
    en="{why}; likewise {count} more: {names}", ru="{why}; то же у ещё {count}: {names}"
)
WAS = Text(en="{after} (before: {before})", ru="{after} (было: {before})")
SAME_RUN = Text(
    en="Both are the same run: {run}.",
    ru="Это один и тот же прогон: {run}.",
)
OTHER_ORDER = Text(
    en="The first run began after the second one: are they in the right order?",
    ru="Первый прогон начат позже второго: порядок верный?",
)
OTHER_ENVIRONMENT = Text(
    en="The environments differ ({before}, {after}): a difference may not be a change.",
    ru="Окружения разные ({before}, {after}): различие ещё не значит, что что-то изменилось.",
)
OTHER_SUITE = Text(
    en="The suite versions differ ({before}, {after}): a check may have become stricter.",
    ru="Версии набора проверок разные ({before}, {after}): проверка могла стать строже.",
)
LOST = Text(
    en="Coverage was lost: {count:claim|claims} decided before, but not now ({names}).",
    ru="Охват стал меньше: не проверено {count:утверждение|утверждения|утверждений} из решённых "
    "прежде ({names}).",
)
PACE_NOTE = Text(
    en="At least {times:g} times as long and {seconds:g} s more, PASS in both.",
    ru="Не меньше чем в {times:g} раза и на {seconds:g} с дольше, в обоих прогонах PASS.",
)
SLOWER = Text(en="slower", ru="медленнее")
FASTER = Text(en="faster", ru="быстрее")
KINDS: Mapping[ChangeKind, Text] = MappingProxyType(
    {
        ChangeKind.BROKEN: Text(en="broken", ru="сломалось"),
        ChangeKind.CAUSE: Text(en="changed cause", ru="другая причина"),
        ChangeKind.CHANGED: Text(en="changed otherwise", ru="изменилось иначе"),
        ChangeKind.WORSE: Text(en="worse, but no failure", ru="хуже, но не сбой"),
        ChangeKind.SKIPPED: Text(en="newly skipped", ru="теперь пропущено"),
        ChangeKind.GONE: Text(en="gone", ru="исчезло"),
        ChangeKind.FIXED: Text(en="fixed", ru="исправлено"),
        ChangeKind.BETTER: Text(en="better", ru="лучше"),
        ChangeKind.CHECKED: Text(en="no longer skipped", ru="больше не пропущено"),
        ChangeKind.NEW: Text(en="new", ru="новое"),
    }
)

# trend
TREND = Text(
    en="Trend of {environment}: {count:run|runs}",
    ru="Динамика {environment}: {count:прогон|прогона|прогонов}",
)
TRENDS = Text(
    en="Trend of {count:environment|environments}",
    ru="Динамика: {count:окружение|окружения|окружений}",
)
RUNS_IN_ROW = Text(en="Runs, oldest first", ru="Прогоны, сначала старые")
RATE = Text(en="Success rate", ru="Доля успешных")
COVERAGE = Text(en="Coverage", ru="Охват")
DECIDED = Text(en="Checks decided", ru="Решено проверок")
CHECKS_P50 = Text(en="Checks p50", ru="Проверки p50")
CHECKS_P95 = Text(en="Checks p95", ru="Проверки p95")
FLIPS = Text(en="Flips", ru="Смены вердикта")
VERSIONS = Text(en="Versions", ru="Версии")
TIMES = Text(en="Times", ru="Времена")
MEASURE = Text(en="Measure", ru="Величина")
SAMPLES = Text(en="Samples", ru="Замеров")
TIME_OF_RUN = Text(en="Run", ru="Прогон")
TIME_OF_CHECK = Text(en="Check", ru="Проверка")
TIME_OF_ANSWER = Text(en="Answer of the call", ru="Ответ на вызов")
FLIPPING = Text(en="Checks that flip most", ru="Проверки, которые чаще всего меняют вердикт")
RESULTS = Text(en="Results", ru="Результатов")
HISTORY = Text(en="History", ru="История")
LETTERS = Text(
    en="P PASS, F FAIL, W WARN, K KNOWN, B BLOCKED, S SKIPPED, E ERROR, - absent; oldest first.",
    ru="P PASS, F FAIL, W WARN, K KNOWN, B BLOCKED, S SKIPPED, E ERROR, - нет; сначала старые.",
)
FLAKE_RATE = Text(
    en=(
        "Flake rate {rate} %: {flips} of {pairs} results differ in their verdict from the result "
        "before, at the same target in the same versions."
    ),
    ru=(
        "Доля смен вердикта {rate} %: {flips} из {pairs} результатов отличаются вердиктом от "
        "предыдущего на той же цели тех же версий."
    ),
)
NO_FLAKE_RATE = Text(
    en="No flake rate: no check has two results at the same target in the same versions.",
    ru="Доли смен вердикта нет: ни у одной проверки нет двух результатов на одной цели одних "
    "версий.",
)
LAST_RUN = Text(
    en="{verdict}: success rate {rate}, coverage {coverage}, last of {count:run|runs}, "
    "{conformant} of them CONFORMANT",
    ru="{verdict}: доля успешных {rate}, охват {coverage}, последний из {count} прогонов, из них "
    "CONFORMANT {conformant}",
)
UNREAD = Text(en="Not read: {name}: {why}", ru="Не прочитан: {name}: {why}")
KILLED = Text(
    en="no results.json; create it: `livekit-conformance report --from {path}`",
    ru="нет results.json; создайте его: `livekit-conformance report --from {path}`",
)
NO_RUNS = Text(en="{path}: no run can be read here", ru="{path}: здесь нет прогонов")


def seconds(value: float, language: Language) -> str:
    """
    Return a time in seconds, to the millisecond if it is below 1 s.
    """
    return SECONDS.say(language, seconds=f"{value:.3f}" if value < 1 else f"{value:.2f}")
