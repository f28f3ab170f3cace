"""
Texts of the terminal and the reports around the results, in each language.

Verdicts and ids are the same in all languages, because people quote them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from livekit_conformance.diagnosis.chain_state import CallsSeen
from livekit_conformance.wording import Text

REQUIREMENTS: Mapping[str, Text] = MappingProxyType(
    {
        "1.1": Text(en="Authentication succeeds", ru="Аутентификация проходит"),
        "1.2": Text(
            en="Rooms are created with proper names",
            ru="Комнаты создаются с верными именами",
        ),
        "1.3": Text(en="Webhooks reach the right endpoint", ru="Вебхуки доходят по верному адресу"),
        "1.4": Text(
            en="Authentication errors are logged in detail",
            ru="Ошибки аутентификации подробно пишутся в журнал",
        ),
        "1.5": Text(
            en='No "auth check failed", no "no response from servers"',
            ru="Нет «auth check failed» и «no response from servers»",
        ),
    }
)
CONFIDENCE: Mapping[str, Text] = MappingProxyType(
    {
        "certain": Text(en="certain", ru="точно"),
        "likely": Text(en="likely", ru="вероятно"),
        "possible": Text(en="possible", ru="возможно"),
        "unknown": Text(en="unknown", ru="неизвестно"),
    }
)

CALLS: Mapping[CallsSeen, Text] = MappingProxyType(
    {
        CallsSeen.WORK: Text(en="Calls work.", ru="Вызовы проходят."),
        CallsSeen.BROKEN: Text(en="Calls do not work.", ru="Вызовы не проходят."),
        CallsSeen.NOT_TRIED: Text(en="Calls were not tried.", ru="Вызовы не проверялись."),
        CallsSeen.UNKNOWN: Text(
            en="It is not known whether calls work.", ru="Неизвестно, проходят ли вызовы."
        ),
    }
)
FIRST_BROKEN = Text(en="First broken link: {title}.", ru="Первое сломанное звено: {title}.")
STOPPED = Text(
    en="{title}: last answer at {until}, none at {failed}.",
    ru="{title}: последний ответ в {until}, нет ответа в {failed}.",
)
RESTARTED = Text(
    en="{title}: last answer at {until}, again from {back} on.",
    ru="{title}: последний ответ в {until}, снова с {back}.",
)
COULD_RUN = Text(
    en="{ran} of {attempted} checks could run.",
    ru="Выполнить удалось {ran} из {attempted} проверок.",
)
CLIENT = Text(en="Our own client", ru="Наш собственный клиент")
CLIENT_FAILS = Text(
    en="A check of our own client failed, so the exit status is 1. These checks say nothing about "
    "the deployment.",
    ru="Не все проверки нашего собственного клиента пройдены, поэтому код возврата 1. О "
    "проверяемой системе они ничего не говорят.",
)
TOO_LITTLE = Text(
    en="Coverage {coverage} % is below the {required} % that --require-coverage demands, so the "
    "exit status is 1.",
    ru="Охват {coverage} % меньше, чем требует --require-coverage ({required} %), поэтому код "
    "возврата 1.",
)
DIAGNOSIS = Text(en="diagnosis", ru="диагноз")
FINDINGS = Text(en="findings", ru="что не прошло")
CONFORMANCE = Text(en="conformance", ru="соответствие требованиям")
CAUSE = Text(en="CAUSE", ru="ПРИЧИНА")
FIX = Text(en="FIX", ru="ЧТО ДЕЛАТЬ")
LOOK = Text(en="LOOK AT", ru="ПРОВЕРИТЬ")
EVIDENCE = Text(en="EVIDENCE", ru="УЛИКА")
EXPLAINS = Text(en="EXPLAINS", ru="ОБЪЯСНЯЕТ")
FOLDED = Text(
    en="{count:check|checks} blocked by it",
    ru="и {count:проверка|проверки|проверок}, не начатые из-за неё",
)
BLOCKS = Text(en="blocks {count}: {names}", ru="блокирует {count}: {names}")
BROKEN_AT = Text(
    en="first link seen broken: {broken} ({title})",
    ru="первое сломанное звено: {broken} ({title})",
)
WORKED_UNTIL = Text(
    en="last link seen working: {working} ({title})",
    ru="последнее рабочее звено: {working} ({title})",
)
NOT_SELECTED = Text(
    en="{count:check was|checks were} not selected: {names}",
    ru="Не выбрано проверок: {count} ({names})",
)
INTERRUPTED = Text(en="did not finish: {why}", ru="не завершён: {why}")
FINISHED = Text(en="it finished", ru="завершён")
REPORT = Text(en="report: {path}", ru="отчёт: {path}")
AND_MORE = Text(en="and {count} more: see the report", ru="и ещё {count}: см. отчёт")
BLOCKS_SOME = Text(
    en="blocks {count}: {names} and {more} more",
    ru="блокирует {count}: {names} и ещё {more}",
)
MORE_CAUSES = Text(
    en="and more: {count:cause|causes}, see the report",
    ru="и ещё причин: {count}, см. отчёт",
)
AT_MOST_LEFT = Text(en="<{time} left", ru="ещё <{time}")
ABOUT_LEFT = Text(en="~{time} left", ru="ещё ~{time}")
FOR_SECONDS = Text(en="{seconds} s", ru="{seconds} с")
WAITS = Text(
    en="waits {seconds} of {within} s: {reason}", ru="ждёт {seconds} из {within} с: {reason}"
)
LAST_SEEN = Text(en="last seen: {seen}", ru="последнее: {seen}")
KILLED_RUN = Text(
    en="earlier run {run}: {why}; its report was written now: {verdict}, {path}",
    ru="прежний прогон {run}: {why}; его отчёт записан сейчас: {verdict}, {path}",
)
NO_REPORT_FOR = Text(
    en="earlier run {run} has no report, and none can be written: {why}",
    ru="у прежнего прогона {run} нет отчёта, и записать его нельзя: {why}",
)
UNFIT = Text(
    en=(
        "SECRET IN THE REPORTS, unfit for a ticket: {count:file|files}. Do not attach or "
        "upload them; delete them, change the secret if they have left this machine, and tell "
        "the authors:"
    ),
    ru=(
        "СЕКРЕТ В ОТЧЁТАХ, прикладывать к тикету нельзя: файлов {count}. Не прикладывайте и не "
        "выгружайте их; удалите, смените секрет, если они покинули эту машину, и сообщите авторам:"
    ),
)
NOTHING_CHECKED = Text(en="nothing was checked", ru="ничего не проверено")
NOT_CHECKED = Text(en="not checked", ru="не проверено")
NOT_APPLICABLE = Text(en="not applicable", ru="неприменимо")
WITH_COVERAGE = Text(en="{verdict} (coverage {coverage} %)", ru="{verdict} (охват {coverage} %)")
FIGURES = Text(
    en=(
        "success rate {rate} ({passed} of {attempted} checks), coverage {coverage} % ({decided} "
        "of {applicable} applicable)"
    ),
    ru=(
        "доля успешных {rate} ({passed} из {attempted} проверок), охват {coverage} % ({decided} из "
        "{applicable} применимых)"
    ),
)

TITLE = Text(en="LiveKit conformance: {environment}", ru="Проверка LiveKit: {environment}")
NEVER_REACHED = Text(en="a target that was never reached", ru="цель, до которой не дошли")
CUT_SHORT = Text(
    en="{count:line|lines} more in report.html.",
    ru="Ещё {count:строка|строки|строк} в report.html.",
)
HEAD_DIAGNOSIS = Text(en="Diagnosis", ru="Диагноз")
HEAD_FINDINGS = Text(en="Findings", ru="Что не прошло")
HEAD_REQUIREMENTS = Text(en="Requirements", ru="Требования")
HEAD_NOT_CHECKED = Text(en="Not checked", ru="Что не проверено")
HEAD_OTHERS = Text(en="Not ours", ru="Не наше")
OTHERS_LINES = Text(
    en="not ours: {lines:line|lines} in the log of {service}: {message}",
    ru="не наше: {lines:строка|строки|строк} в журнале {service}: {message}",
)
OTHERS_CALLS = Text(
    en="not ours: {lines:line|lines} about {calls:call|calls} of others in the log of {service}: "
    "{message}",
    ru="не наше: {lines:строка|строки|строк} о чужих вызовах (их {calls}) в журнале {service}: "
    "{message}",
)
HEAD_STORY = Text(en="What happened to the call", ru="Что было с вызовом")
HEAD_CHECKS = Text(en="Checks", ru="Проверки")
STORIES = Text(
    en="The evidence has {count:timeline|timelines} of calls; this one is",
    ru="Среди улик хронологий вызовов: {count}; эта:",
)
REQUIREMENT = Text(en="Requirement", ru="Требование")
CHECK = Text(en="Check", ru="Проверка")
VERDICT = Text(en="Verdict", ru="Вердикт")
FIGURES_HEAD = Text(en="Figures", ru="Показатели")
COUNTS = Text(en="Counts", ru="Счёт")
SEEN = Text(en="Seen", ru="Наблюдение")
OUTCOME = Text(en="Outcome", ru="Итог")
SEEN_OR_CLAIM = Text(en="Seen, or the claim that holds", ru="Наблюдение или верное утверждение")
NOT_SET = Text(en="not set", ru="не задана")
NO_VARIABLES = Text(en="none", ru="нет")
SECONDS = Text(en="Seconds", ru="Секунды")
