"""
Texts of report.html alone around the results, in each language.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from livekit_conformance.catalogue.log_lines import Lane
from livekit_conformance.verdict import RunVerdict
from livekit_conformance.wording import Text

ANSWER: Mapping[RunVerdict, Text] = MappingProxyType(
    {
        "CONFORMANT": Text(
            en="May we release? No decided check speaks against it.",
            ru="Можно выпускать? Ничто из проверенного этому не мешает.",
        ),
        "PARTIALLY CONFORMANT": Text(
            en="May we release? No check that ran speaks against it; the rest is unknown.",
            ru="Можно выпускать? Проверенное этому не мешает, об остальном ничего не известно.",
        ),
        "NOT CONFORMANT": Text(
            en="May we release? No: a MUST is violated.",
            ru="Можно выпускать? Нет: нарушено обязательное требование (MUST).",
        ),
        "INCOMPLETE": Text(
            en="May we release? Not known yet: some checks could not be decided.",
            ru="Можно выпускать? Пока неизвестно: не всё удалось проверить.",
        ),
    }
)
SECTIONS = Text(en="Sections of this report", ru="Разделы отчёта")

CHAIN = Text(en="The chain of a call", ru="Цепочка вызова")
FIRST_BROKEN = Text(en="First broken: {link}", ru="Первое сломанное звено: {link}")

HEAD_AREAS = Text(en="Areas", ru="Области")
HEAD_KNOWN = Text(en="Known issues", ru="Известные проблемы")
HEAD_NOT_CHECKED = Text(en="Not checked, and why", ru="Что не проверено и почему")
OTHERS = Text(
    en="Warnings about the calls, rooms and requests of others. They do not affect the verdict.",
    ru="Предупреждения о чужих вызовах, комнатах и запросах. На вердикт они не влияют.",
)
HEAD_TIME = Text(en="Where the time of the call goes", ru="На что уходит время вызова")
HEAD_QUALITY = Text(en="What the caller heard", ru="Что слышал звонящий")
HEAD_TREND = Text(en="The last {count:run|runs}", ru="Последние прогоны: {count}")

AREA = Text(en="Area", ru="Область")
SUCCESS_RATE = Text(en="Success rate", ru="Доля успешных")
COVERAGE = Text(en="Coverage", ru="Охват")
WHY = Text(en="Why", ru="Почему")
BLOCKS = Text(en="blocks {count}", ru="блокирует: {count}")
NOT_APPLICABLE = Text(
    en="{count:check does|checks do} not apply to this deployment",
    ru="Проверок, неприменимых к этому окружению: {count}",
)
CHECKS_OF_IT = Text(en="Checks", ru="Проверки")
CLAIM = Text(en="Claim, and what was seen", ru="Утверждение и наблюдение")
EVIDENCE = Text(en="Evidence", ru="Улики")
NO_EVIDENCE = Text(en="none", ru="нет")
AGAIN = Text(en="Again:", ru="Ещё раз:")
NOT_SELECTED = Text(en="not selected", ru="не выбраны")
OF_BLOCKED = Text(en="blocked by {root}", ru="не начата из-за {root}")
MORE = Text(en="… (in full in results.json)", ru="… (целиком в results.json)")
CAPTION_CHECKS = Text(en="Checks of requirement {number}", ru="Проверки требования {number}")
FACTS: Mapping[str, Text] = MappingProxyType(
    {
        "environment": Text(en="Environment", ru="Окружение"),
        "kind": Text(en="Kind", ru="Вид"),
        "target": Text(en="Target", ru="Цель"),
        "livekit_server": Text(en="livekit-server", ru="livekit-server"),
        "livekit_sip": Text(en="livekit-sip", ru="livekit-sip"),
        "suite_version": Text(en="Suite version", ru="Версия набора проверок"),
        "run": Text(en="Run", ru="Прогон"),
        "started": Text(en="Started", ru="Начат"),
        "variables": Text(en="Variables", ru="Переменные"),
    }
)
CAPTION_KNOWN = Text(
    en="Violated, and listed under known_issues in the profile",
    ru="Нарушены и указаны в профиле под known_issues",
)

TIME = Text(en="Time (s)", ru="Время (с)")
WHO = Text(en="Who", ru="Кто")
WHAT = Text(en="What", ru="Что")
STEPS = Text(en="Step by step", ru="По шагам")
CAPTION_STEPS = Text(
    en="What happened, in seconds after the INVITE",
    ru="Ход вызова, в секундах после INVITE",
)
LADDER_TITLE = Text(en="The call as a ladder: {purpose}", ru="Вызов по шагам: {purpose}")
LADDER_DESC = Text(
    en="{count:step|steps} between caller, livekit-sip, bus, livekit-server, webhook endpoint "
    "and agent. {end} The table of the steps has the same data.",
    ru="{count:шаг|шага|шагов} между звонящим, livekit-sip, шиной, livekit-server, получателем "
    "вебхуков и агентом. {end} Те же данные есть в таблице шагов.",
)
LADDER_LEGEND = Text(
    en="Seconds after the INVITE. A dot is an event at one participant; the red dashed line "
    "marks where the call stops.",
    ru="Секунды после INVITE. Точка - событие у одного участника, красная пунктирная линия - "
    "место, где вызов обрывается.",
)
OUTCOME_IS = Text(en="Outcome: {outcome}.", ru="Итог: {outcome}.")
PROBLEM = Text(en="PROBLEM:", ru="ПРОБЛЕМА:")
STOPS = Text(en="STOPS HERE: {missing}", ru="ЗДЕСЬ ОБРЫВ: {missing}")
TIMES = Text(en="({times} times, last at {until} s)", ru="(всего {times}, последний в {until} с)")
LEFT_OUT = Text(
    en="The log files in the evidence have {count:more line|more lines} about this call.",
    ru="Об этом вызове есть ещё {count:строка|строки|строк} в файлах журналов среди улик.",
)
SCROLLS = Text(en="{title}: scrolls sideways", ru="{title}: прокручивается по горизонтали")

LANES: Mapping[Lane, Text] = MappingProxyType(
    {
        Lane.CALLER: Text(en="caller", ru="звонящий"),
        Lane.SIP: Text(en="livekit-sip", ru="livekit-sip"),
        Lane.BUS: Text(en="bus", ru="шина"),
        Lane.SERVER: Text(en="livekit-server", ru="livekit-server"),
        Lane.ENDPOINT: Text(en="webhook endpoint", ru="получатель вебхуков"),
        Lane.AGENT: Text(en="agent", ru="агент"),
    }
)

MARKS: Mapping[str, Text] = MappingProxyType(
    {
        "100": Text(en="100 Trying", ru="100 Trying"),
        "180": Text(en="180 Ringing", ru="180 Ringing"),
        "webhook": Text(en="first webhook", ru="первый вебхук"),
        "agent": Text(en="agent is there", ru="агент на месте"),
        "200": Text(en="200 OK", ru="200 OK"),
    }
)
AT = Text(
    en="{what}: at {at} s, {took} s of it ({share} %)",
    ru="{what}: на {at} с, из них {took} с ({share} %)",
)
NOT_REACHED = Text(en="{what}: not seen", ru="{what}: не было")
BAR_DESC = Text(
    en="From the INVITE to each mark of the call, in seconds. {marks}.",
    ru="От INVITE до каждой отметки вызова, в секундах. {marks}.",
)

MOS = Text(
    en="MOS {mos} of 4.5 (R {r})",
    ru="MOS {mos} из 4.5 (R {r})",
)
PACKETS = Text(
    en="packets: {lost} of {expected} lost, {late} too late",
    ru="пакеты: потеряно {lost} из {expected}, опоздало {late}",
)
TIMES_OF_PACKETS = Text(
    en="jitter {jitter} ms, delay {delay} ms, longest gap {gap} ms",
    ru="джиттер {jitter} мс, задержка {delay} мс, перерыв до {gap} мс",
)

TREND_DESC = Text(
    en="Success rate of {count:run|runs}, oldest first: from {first} to {last}. {conformant} "
    "of them CONFORMANT. Lowest {lowest}, highest {highest}, among the {compared} runs that "
    "left out the fewest checks. The table of the runs has the same data.",
    ru="Доля успешных: {count:прогон|прогона|прогонов}, от старых к новым: с {first} по {last}. "
    "Из них CONFORMANT: {conformant}. Наименьшая {lowest}, наибольшая {highest} среди прогонов, "
    "где пропущено меньше всего проверок ({compared}). Те же данные есть в таблице прогонов.",
)
TREND_LEGEND = Text(
    en="Line: success rate; dashed line: coverage. Dot: CONFORMANT, ring: PARTIALLY CONFORMANT, "
    "cross: NOT CONFORMANT, square: INCOMPLETE. The line skips runs with fewer checks.",
    ru="Линия: доля успешных; пунктир: охват. Точка: CONFORMANT, кольцо: PARTIALLY "
    "CONFORMANT, крест: NOT CONFORMANT, квадрат: INCOMPLETE. Прогоны с меньшим числом проверок "
    "линией не соединены.",
)
RUNS = Text(en="The runs", ru="Прогоны")
STARTED = Text(en="Started", ru="Начат")
DECIDED = Text(en="Checks decided", ru="Решено проверок")
VERSIONS = Text(en="livekit-server, livekit-sip", ru="livekit-server, livekit-sip")
UNKNOWN = Text(en="unknown", ru="неизвестно")
