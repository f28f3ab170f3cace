"""
Messages of the command to people.
"""

from __future__ import annotations

from livekit_conformance.wording import Text

CUT_OFF = Text(
    en="cut off: the compressed file ends in the middle; what could be read is counted",
    ru="обрезан: сжатый файл обрывается на середине; учтено то, что удалось прочитать",
)
DAMAGED = Text(
    en="damaged: {error}; what could be read before that is counted",
    ru="повреждён: {error}; учтено то, что удалось прочитать до этого места",
)
COMPRESSED_OTHERWISE = Text(
    en="its compression is not known here; unpack it first: "
    "`{command} FILE | livekit-conformance diagnose -`",
    ru="этот вид сжатия не поддерживается; сначала распакуйте: "
    "`{command} FILE | livekit-conformance diagnose -`",
)
IS_A_DIRECTORY = Text(
    en="is a directory; name the files in it, for instance {path}/*.log*",
    ru="это каталог; укажите файлы в нём, например {path}/*.log*",
)
NOT_OPENED = Text(en="cannot be read: {error}", ru="не читается: {error}")
SAME_FILE = Text(
    en="{name} is the same file; it is read once", ru="{name} — тот же файл; он прочитан один раз"
)
INTERRUPTED = Text(
    en="interrupted: only what was read until then is counted",
    ru="прервано: учтено только прочитанное до этого момента",
)
NO_LOG = Text(
    en="no log: name files, or give one on standard input "
    "(`kubectl logs POD | livekit-conformance diagnose -`)",
    ru="нет журнала: укажите файлы или подайте журнал на стандартный ввод "
    "(`kubectl logs POD | livekit-conformance diagnose -`)",
)

STANDARD_INPUT = Text(en="standard input", ru="стандартный ввод")
LINES = Text(
    en="lines: {lines}, understood: {understood}", ru="строк: {lines}, понято: {understood}"
)
NO_SERVICE = Text(en="service unknown", ru="сервис неизвестен")
TIMES = Text(en="{first} to {last}", ru="с {first} по {last}")
NO_TIME = Text(en="no times", ru="без времени")

COUNTS = Text(en="lines: {lines}, calls: {calls}", ru="строк: {lines}, вызовов: {calls}")
COUNTS_WITHOUT_CALLS = Text(
    en="lines: {lines}, which name no call", ru="строк: {lines}, вызов в них не назван"
)
AT_LEAST = Text(en="at least {number}", ru="не меньше {number}")
FIRST_AND_LAST = Text(en="first {first}, last {last}", ru="впервые {first}, в последний раз {last}")
CONFIDENCE = {
    "certain": Text(en="certain", ru="точно"),
    "likely": Text(en="likely", ru="вероятно"),
    "possible": Text(en="possible", ru="возможно"),
}
CAUSE = Text(en="cause", ru="причина")
FIX = Text(en="fix", ru="как исправить")
SEEN = Text(en="seen", ru="в журнале")

NOTHING_KNOWN = Text(
    en="No known cause is in these logs.", ru="Известных причин в этих журналах нет."
)
MADE_BY_THE_SUITE = Text(
    en="Not counted: {lines} lines about calls of the suite itself, which it makes fail to see "
    "them refused. Its other calls came through there.",
    ru="Не учтено строк: {lines} — о вызовах самой suite, которые она нарочно делает неудачными, "
    "проверяя отказ. Другие её вызовы там прошли.",
)
NOT_EXPLAINED = Text(
    en="Warnings and errors that no known cause explains, most frequent first:",
    ru="Предупреждения и ошибки без известной причины, самые частые первыми:",
)
AND_MORE = Text(
    en="and more: lines: {lines}, kinds: {groups}", ru="и ещё строк: {lines}, видов: {groups}"
)
NEXT = Text(en="Next", ru="Что дальше")
LOOK_AT_FREQUENT = Text(
    en="look at the most frequent of them, and at those that began when the calls began to fail.",
    ru="посмотрите на самые частые и на те, что начались вместе со сбоями вызовов.",
)
NO_WARNINGS = Text(
    en="there is no warning or error either. Is the time of the failure in these logs, and the log "
    "of the other service? `logging.level: debug` in livekit-sip.yaml and livekit.yaml "
    "tells more.",
    ru="предупреждений и ошибок тоже нет. Попало ли в журналы время сбоя, есть ли журнал второго "
    "сервиса? Больше расскажет `logging.level: debug` в livekit-sip.yaml и livekit.yaml.",
)
NOT_A_LOG = Text(
    en="none of the lines is in a form that livekit-server or livekit-sip writes. Is it the right "
    "file? Give the log as the service wrote it, for instance by `docker logs` or `kubectl logs`.",
    ru="ни одна строка не похожа на то, что пишут livekit-server и livekit-sip. Тот ли это файл? "
    "Дайте журнал таким, каким его написал сервис, например через `docker logs` или "
    "`kubectl logs`.",
)
NO_LINES = Text(
    en="there are no lines. Does the service write its log elsewhere (`docker logs`, "
    "`kubectl logs`, `journalctl -u`)?",
    ru="строк нет. Не пишет ли сервис журнал в другое место (`docker logs`, `kubectl logs`, "
    "`journalctl -u`)?",
)
ONLY_ONE_SERVICE = Text(
    en="only {service} was seen. Add the log of {other}: many causes show only there.",
    ru="найден только {service}. Добавьте журнал {other}: многие причины видны только там.",
)
PROGRESS = Text(en="{name}: {done} MB", ru="{name}: {done} МБ")
