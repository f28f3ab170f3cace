"""
Reasons why checks saw nothing, in Russian, by code: a missing precondition, or nothing applies.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# Templates with the data of the finding.
UNSEEN: Mapping[str, str] = MappingProxyType(
    {
        "check.not-permitted": "профиль не разрешает действие {effect}: добавьте {effect} в "
        "`allow` профиля",
        "check.may-be-permitted": "профиль не разрешает действие {effect}: запустите с `--allow "
        "{effect}`",
        "check.not-configured": "в профиле нет того, что нужно этой проверке: добавьте `{line}`",
        "check.needs-a-link": "нужно звено {link}, а оно сломано: смотрите {root}",
        "check.no-time-left": "собственные пределы прогона не оставили времени на эту проверку; о "
        "самих сервисах это ничего не говорит: увеличьте `limits.requests_per_minute` "
        "({requests}) или `limits.run` ({run}) в профиле или `--budget`",
        "check.set-up-failed": "подготовка уже не удалась: смотрите {root}",
        "check.this-machine": "мешает сама эта машина: `{error}`. Разрешите больше открытых файлов "
        "(`ulimit -n 1024`) и больше памяти",
        # -- calls
        "check.caller-search-failed": "не удалось искать звонящего в комнатах: смотрите {see}",
        "check.room-not-found": "комната вызова не найдена (получено: {statuses}): смотрите {see}",
        "check.call-ended-unchallenged": "вызов закончился раньше запроса пароля (получено: "
        "{statuses}): смотрите {see}",
        "check.call-ignored": "livekit-sip не стал отвечать на вызов, как бывает, если не подходит "
        "ни один транк (получено: {statuses}): смотрите {see}",
        "check.caller-not-refused": "контроль не удался: звонящий не отвергнут (получено: "
        "{statuses}): смотрите {see}",
        "check.call-not-predictable": "нельзя предсказать, кому достанется вызов: `{conflict}`; "
        "смотрите {see}",
        "check.callers-are-alike": "оба вызова пришли с номера {caller} и, возможно, поэтому "
        'попали в одну комнату `{room}`. Задайте `sip.caller: "+15550100"`, если транк принимает '
        "этот номер; если номер подменяет оператор, задайте `limits: {{calls: 1}}`",
        "check.answered-before-cancel": "агент отвечал раньше, чем вызов отменяли (попыток: "
        "{tries}). Пусть агент секунду подождёт, прежде чем говорить, или примите эту проверку как "
        "BLOCKED",
        "check.agent-not-in-room": "наш агент не вошёл в комнату вовремя: смотрите "
        "1.3-server-delivers-room-events и `evidence/probe-call.json`",
        "check.agent-failed": "подвёл агент, а он не ваш, это часть набора: запустите "
        "`livekit-conformance doctor`",
        "check.caller-heard-nothing": "до звонящего ничего не дошло: смотрите {see}",
        "check.no-outbound-call": "исходящего вызова не было: CreateSIPParticipant ответил "
        "`{answer}`, SIP-статус: {sip_status}; {reached}; смотрите {see}",
        "check.failure-not-felt": "контроль не удался: во время сбоя ({during}) вызов приняли. Это "
        "ошибка набора, сообщите о ней",
        # -- the API and rooms
        "check.good-token-fails": "контроль не удался: верный токен тоже отвергнут ({status}): "
        "смотрите {see}",
        "check.own-grant-fails": "контроль не удался: {method} отвечает {status} и на токен ровно "
        "с нужным правом. Смотрите {see}; если там всё верно, проверьте прокси перед "
        "livekit-server, а при 5xx — его Redis и журнал",
        "check.trunks-not-listable": "список транков и правил не получить: `{answer}`. Проверьте, "
        "что у ключа есть право `sip.admin`, а у livekit-server — Redis",
        "check.room-not-listed": "созданной комнаты `{room}` нет в списке: смотрите {see}",
        "check.room-not-empty": "комната `{room}` не была пустой, участников в ней: {visitors}. Не "
        "пускайте агентов приложения в комнаты, где нет звонящего",
        "check.limit-unknown": "предел длины имени неизвестен: смотрите {see}",
        # -- webhooks
        "check.signed-event-refused": "приёмник ответил {status} на верно подписанное событие. "
        "Сначала исправьте {see}: если он отвергает всё, его отказы ничего не доказывают",
        "check.forgery-not-refused": "на событие с неверной подписью приёмник ответил {status}, а "
        "нужен 4xx: смотрите {see}",
        "check.no-event-delivered": "livekit-server не доставил ни одного события: смотрите {see}",
        "check.no-next-event": "`room_finished` так и не пришло, и более поздний повтор нельзя "
        "исключить: смотрите {see}",
        # -- logs, files and ports
        "check.log-empty": "в журналах ({services}) нет ни одной строки этого прогона. Проверьте, "
        "что `logs` в профиле указывает на файлы, в которые пишут сервисы",
        "check.log-unreadable": "журнал {service} не прочитать: `{error}`. Укажите в `logs` "
        "профиля `path` файла, доступного для чтения",
        "check.log-has-gaps": "журнал {service} прочитан не целиком, и отсутствие строки ничего не "
        "доказывает. Повторите проверки в более спокойное время; `command` под `logs` может "
        "выводить меньше (`--since=1m`, `grep`)",
        "check.lines-of-others": "в журнале {service} нашу строку не отличить от чужих (их "
        "{others}): повторите проверку, когда никто другой не шлёт того же",
        "check.file-unreadable": "файл {path} не прочитать: `{error}`. Укажите под `deployment` в "
        "профиле копию, доступную для чтения",
        "check.ledger-not-writable": "в {path} не записать: `{error}`; без записи ничего не "
        "создаётся. Освободите место или задайте другую папку: `--reports DIR`",
        "check.cannot-listen": "{key}: адрес {listen} не занять: `{error}`. Освободите порт или "
        "задайте в {key} другой и направьте на него сервисы",
        "check.no-redis-url": "это не URL Redis: `{error}`. Исправьте `redis` в профиле",
        # -- the claim does not apply
        "not-applicable.room-outlives-the-run": "по настройке `departure_timeout` пустая комната "
        "живёт {departure_s} с, а прогон ждёт {watched_s} с",
        "not-applicable.no-challenge": "транк не запросил пароля: смотрите 1.1-trunk-challenges",
        "not-applicable.no-trunk-credentials": "у транков для {number} нет имени и пароля. "
        "Задайте транку auth_username и auth_password или очистите sip.username в профиле",
        "not-applicable.too-few-packets": "пакетов отправлено {expected}, а меньше {least} ничего "
        "не доказывают",
        "not-applicable.same-machine": "livekit.url указывает на эту же машину, сети здесь нет",
        "not-applicable.no-certificate": "{key} без TLS, и сертификата нет",
        "not-applicable.no-env-file": "профиль не берёт переменных из env-файла",
        "not-applicable.variable-not-used": "профиль не использует эту переменную",
        "not-applicable.wrong-secret-accepted": "сервер принял неверный секрет, и ошибки, которую "
        "нужно изучить, нет: смотрите 1.1-wrong-secret-is-refused",
        "not-applicable.nothing-refused": "получен ответ {status}, и записать в журнал нечего: "
        "смотрите {see}",
        "not-applicable.no-such-method": "в этой версии livekit-server нет {method}",
        "not-applicable.no-joining": "сервер не поддерживает вход в комнаты: он ответил 501 "
        "«{text}»",
        "not-applicable.development-key-in-use": "профиль сам использует {key}, а сервер работает "
        "на этой же машине",
    }
)
