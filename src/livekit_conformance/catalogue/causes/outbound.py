"""
Causes of outbound calls that are not placed, or not answered.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import (
    Between,
    Cause,
    Condition,
    Not,
    Sign,
    found,
    log,
    logged,
)
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines import errors, of_server, of_sip
from livekit_conformance.judges.calls import OTHER_CALLER
from livekit_conformance.wording import Text

_SERVER, _SIP = "livekit-server", "livekit-sip"
# livekit-server writes one of two lines about a failed request.
_TOLD = re.compile(rf"^{of_server.NOT_DIALLED.message}")


def _dialled(**where: Condition) -> Sign:
    """
    Return the sign of the outbound call that should have been answered.
    """
    return Sign("sip-call", {"is_outbound": True, "fails_at": None, **where})


def _said(what: str) -> tuple[Sign, ...]:
    """
    Return the signs of a failed call, in the API error and in the logs.
    """
    pattern = re.compile(what)
    return (
        _dialled(said=pattern),
        log(_SERVER, message=_TOLD, error=pattern),
        logged(of_sip.INVITE_FAILED, error=pattern),
    )


def _ended_with(statuses: str) -> tuple[Sign, ...]:
    """
    Return the same signs for final responses (SIP statuses) of the other side.
    """
    return _said(rf"(INVITE failed|from INVITE response): sip status: ({statuses})\b")


# Later calls of ours fail on purpose: if the good call was answered, nothing is wrong.
_ANSWERED = _dialled(outcome="answered")
_UNKNOWN_TRUNK = _said(errors.UNKNOWN_TRUNK)
_ACCOUNT = _said(f"{errors.NO_ACCOUNT}|{errors.WRONG_ACCOUNT}")
_FORBIDDEN = _ended_with("403")
_NO_NUMBER = _ended_with("404|410|484|604")
_NOT_TAKEN = _ended_with("408|480|486|600|603")
_FAILING = _ended_with(r"5\d\d")
_NO_CONNECTION = _said(r"transport<(TCP|TLS|WSS?)> dial err=")
_NO_HOST = _said(errors.NO_HOST)
_NO_CPU = _said(errors.NO_CPU)
_TIMED_OUT = _said(errors.SIP_TIMED_OUT)
_WHEN = Between(0, 1e9)
_UNANSWERED: dict[str, Condition] = {"direction": "outbound", "reason": "no-answer"}
_RANG = logged(of_sip.TIMESTAMPS, **_UNANSWERED, inviteToRingingMs=_WHEN)
_SILENT = logged(
    of_sip.TIMESTAMPS, **_UNANSWERED, inviteToRingingMs=Not(_WHEN), inviteToTryingMs=Not(_WHEN)
)
_SOURCE = "livekit/sip pkg/sip/outbound.go, errors.go; livekit/protocol livekit/sip.go"
_LATER = logged(of_sip.INVITE_FAILED)

CAUSES: tuple[Cause, ...] = (
    Cause(
        "outbound-result-not-awaited",
        Link.OUTBOUND,
        Text(
            en="CreateSIPParticipant returned 200 before the call failed: it did not wait for the "
            "answer",
            ru="CreateSIPParticipant вернул 200 раньше, чем вызов не удался: ответа абонента он "
            "не ждал",
        ),
        Text(
            en=(
                "Without `wait_until_answered`, 200 means only that dialling has begun. These "
                "calls failed later, and no API response reported this to the application."
            ),
            ru=(
                "Без `wait_until_answered` ответ 200 значит лишь, что набор начался. Эти вызовы "
                "не удались позже, и ни один ответ API не сообщил об этом приложению."
            ),
        ),
        Text(
            en=(
                "Set `wait_until_answered: true` in the request, with a client time-out longer "
                "than `ringing_timeout`: a failed call then returns an error with "
                "`sip_status_code`. Or watch the participant's attribute `sip.callStatus`: "
                "dialing, ringing, active, hangup."
            ),
            ru=(
                "Задайте в запросе `wait_until_answered: true` и тайм-аут клиента больше "
                "`ringing_timeout`: тогда неудачный вызов вернёт ошибку с `sip_status_code`. Или "
                "следите за атрибутом участника `sip.callStatus`: dialing, ringing, active, "
                "hangup."
            ),
        ),
        shows=(_LATER,),
        also=(logged(of_server.DIALLED, status="200"),),
        proofs=(_LATER,),
        excludes=(log(_SERVER, message=_TOLD),),
        source="livekit/sip#468, #136, #481; livekit/sip pkg/sip/client.go createSIPParticipant",
    ),
    Cause(
        "outbound-shows-another-caller",
        Link.OUTBOUND,
        Text(
            en="Outbound calls show another number than they should",
            ru="Исходящие вызовы показывают не тот номер",
        ),
        Text(
            en=(
                "livekit-sip calls from one of the `numbers` of the outbound trunk, unless "
                "CreateSIPParticipant gives `sip_number`. The callee saw another number than "
                "`sip.outbound.caller` of the profile. People do not answer unknown numbers, and "
                "many providers refuse calls from numbers that are not the customer's."
            ),
            ru=(
                "livekit-sip звонит с одного из `numbers` исходящего транка, если "
                "CreateSIPParticipant не задаёт `sip_number`. Вызываемый увидел не тот номер, что "
                "в `sip.outbound.caller` профиля. На незнакомые номера не отвечают, а многие "
                "провайдеры отклоняют вызовы с номеров, которые не принадлежат клиенту."
            ),
        ),
        Text(
            en=(
                "Correct `numbers` of the outbound trunk (UpdateSIPOutboundTrunk), in the form "
                "that the provider wants, usually E.164 with a plus sign. If the provider sets the "
                "number itself, enter its number in `sip.outbound.caller`."
            ),
            ru=(
                "Исправьте `numbers` исходящего транка (UpdateSIPOutboundTrunk) в том виде, "
                "которого ждёт провайдер, обычно E.164 со знаком плюс. Если номер подставляет сам "
                "провайдер, укажите его номер в `sip.outbound.caller`."
            ),
        ),
        shows=(found(OTHER_CALLER),),
        proofs=(found(OTHER_CALLER),),
        source="livekit/protocol livekit_sip.proto SIPOutboundTrunkInfo.numbers",
    ),
    Cause(
        "outbound-trunk-unknown",
        Link.OUTBOUND,
        Text(
            en="The outbound trunk of the call does not exist",
            ru="Исходящего транка, указанного для вызова, не существует",
        ),
        Text(
            en=(
                "livekit-server has no outbound trunk with the given id (`requested sip trunk does "
                "not exist`): the trunk was deleted, it belongs to another deployment, or the id "
                "is that of an inbound trunk. No call was placed."
            ),
            ru=(
                "На livekit-server нет исходящего транка с таким id (`requested sip trunk does not "
                "exist`): транк удалили, он из другой системы, или это id входящего транка. Вызов "
                "не выполнялся."
            ),
        ),
        Text(
            en=(
                "Take the id from `lk sip outbound list` and set it as the application's "
                "`sip_trunk_id` and as `sip.outbound.trunk_id` of the profile. If the list is "
                "empty: lk sip outbound create"
            ),
            ru=(
                "Возьмите id из `lk sip outbound list` и впишите его в `sip_trunk_id` приложения "
                "и в `sip.outbound.trunk_id` профиля. Если список пуст: lk sip outbound create"
            ),
        ),
        shows=_UNKNOWN_TRUNK,
        proofs=_UNKNOWN_TRUNK,
        excludes=(_ANSWERED,),
        source="livekit pkg/service/sip.go CreateSIPParticipantRequest",
    ),
    Cause(
        "provider-wants-other-credentials",
        Link.OUTBOUND,
        Text(
            en="The provider does not accept the user name and password of the outbound trunk",
            ru="Провайдер не принимает имя пользователя и пароль исходящего транка",
        ),
        Text(
            en=(
                "The provider answered the INVITE with 401 or 407. The trunk has no credentials "
                "(`sip server required auth, but no username or password was provided`) or wrong "
                "ones: livekit-sip tries five times and gives up (`max auth retry attempts "
                "reached`)."
            ),
            ru=(
                "На INVITE провайдер ответил 401 или 407. У транка нет учётных данных (`sip server "
                "required auth, but no username or password was provided`) или они неверны: "
                "livekit-sip пробует пять раз и сдаётся (`max auth retry attempts reached`)."
            ),
        ),
        Text(
            en=(
                "Set `auth_username` and `auth_password` of the outbound trunk to the SIP account "
                "at the provider (often different from the login of its web site): lk sip outbound "
                "update. If the suite itself answers the call, `sip.outbound.username` and "
                "`sip.outbound.password` of the profile must match them."
            ),
            ru=(
                "Впишите в `auth_username` и `auth_password` исходящего транка SIP-учётную запись "
                "у провайдера (часто это не логин от его сайта): lk sip outbound update. Если на "
                "вызов отвечает сам набор проверок, `sip.outbound.username` и "
                "`sip.outbound.password` профиля должны с ними совпадать."
            ),
        ),
        shows=_ACCOUNT,
        proofs=_ACCOUNT,
        excludes=(_ANSWERED,),
        source=_SOURCE,
    ),
    Cause(
        "provider-forbids-the-call",
        Link.OUTBOUND,
        Text(
            en="The provider forbids the call (403): usually it does not accept the caller number",
            ru="Провайдер запрещает вызов (403): обычно он не принимает номер звонящего",
        ),
        Text(
            en=(
                "The INVITE reached the provider, which answered 403. In most cases From holds a "
                "number that does not belong to the account, or the provider expects the account's "
                "user name in From. Less often, the provider does not allow the destination or the "
                "source address."
            ),
            ru=(
                "INVITE дошёл до провайдера, и тот ответил 403. Чаще всего в From стоит номер, "
                "который не относится к учётной записи, или провайдер ждёт в From имя "
                "пользователя. Реже запрещены направление или адрес, с которого звонят."
            ),
        ),
        Text(
            en=(
                "Set `numbers` of the outbound trunk, or `sip_number` of CreateSIPParticipant, to "
                "what the provider expects in From (the number in its notation, or the user name). "
                "The real number then goes into `headers`: P-Preferred-Identity. Ask the provider "
                "for the reason, and whether it allows the destination and your address."
            ),
            ru=(
                "Укажите в `numbers` исходящего транка или в `sip_number` у CreateSIPParticipant "
                "то, что провайдер ждёт в From (номер ровно в его записи или имя пользователя). "
                "Настоящий номер тогда передайте в `headers`: P-Preferred-Identity. Спросите у "
                "провайдера причину и разрешены ли направление и ваш адрес."
            ),
        ),
        shows=_FORBIDDEN,
        excludes=(_ANSWERED,),
        source="livekit/sip#333, #553; livekit/agents#1959",
    ),
    Cause(
        "provider-knows-no-such-number",
        Link.OUTBOUND,
        Text(
            en="The provider does not know the dialled number (404, 484)",
            ru="Провайдер не знает набранного номера (404, 484)",
        ),
        Text(
            en=(
                "The INVITE reached the provider, which has no such destination: the number does "
                "not exist, or the provider expects it in another form."
            ),
            ru=(
                "INVITE дошёл до провайдера, но такого направления у него нет: номера не "
                "существует, или он записан не в том виде, которого ждёт провайдер."
            ),
        ),
        Text(
            en=(
                "Write `sip_call_to` in the form that the provider requires: +15550142, 15550142 "
                "or with its prefix. livekit-sip puts it into the request URI as the user part and "
                "adds nothing. Check also that `address` of the trunk is the host for your account "
                "or region."
            ),
            ru=(
                "Запишите `sip_call_to` так, как требует провайдер: +15550142, 15550142 или с его "
                "префиксом. livekit-sip подставит его в request URI как user, ничего не добавляя. "
                "Проверьте и то, что `address` транка — хост вашей учётной записи или региона."
            ),
        ),
        shows=_NO_NUMBER,
        proofs=_NO_NUMBER,
        excludes=(_ANSWERED,),
        source=_SOURCE,
    ),
    Cause(
        "callee-does-not-take-the-call",
        Link.OUTBOUND,
        Text(
            en="The callee is busy, declines or does not answer",
            ru="Вызываемый абонент занят, отклоняет вызов или не отвечает",
        ),
        Text(
            en=(
                "LiveKit placed the call, but the other side declined it (408, 480, 486, 600, 603) "
                "or let it ring until `ringing_timeout` ran out. Trunk, account and network are in "
                "order."
            ),
            ru=(
                "LiveKit выполнил вызов, но другая сторона его не приняла (408, 480, 486, 600, "
                "603) или не отвечала, пока не истёк `ringing_timeout`. Транк, учётная запись и "
                "сеть исправны."
            ),
        ),
        Text(
            en=(
                "Call the number from an ordinary telephone. If it answers there, ask the provider "
                "about this call, and raise `ringing_timeout` of CreateSIPParticipant (the "
                "provider may need 10 s before the phone rings)."
            ),
            ru=(
                "Позвоните на этот номер с обычного телефона. Если там отвечают, спросите "
                "провайдера об этом вызове и увеличьте `ringing_timeout` у CreateSIPParticipant "
                "(до первого гудка провайдеру может понадобиться 10 с)."
            ),
        ),
        shows=(*_NOT_TAKEN, _RANG, *_TIMED_OUT),
        proofs=(*_NOT_TAKEN, _RANG),
        excludes=(_ANSWERED, _SILENT),
        otherwise="possible",
        source=_SOURCE,
    ),
    Cause(
        "provider-fails",
        Link.OUTBOUND,
        Text(
            en="The provider fails with a server error (5xx)",
            ru="Провайдер отвечает ошибкой сервера (5xx)",
        ),
        Text(
            en=(
                "The INVITE reached the provider, which answered with a server error. LiveKit "
                "reports this as `failed_precondition` with the status in `sip_status_code`."
            ),
            ru=(
                "INVITE дошёл до провайдера, и тот ответил ошибкой сервера. LiveKit сообщает о ней "
                "как о `failed_precondition` со статусом в `sip_status_code`."
            ),
        ),
        Text(
            en=(
                "Check the provider's status page and ask the provider about the call (Call-ID: "
                "`sipCallID` in {sip_log}). A provider may also answer 503 at its limit of "
                "simultaneous calls or with an empty balance. Meanwhile, a second trunk with "
                "another `address` helps."
            ),
            ru=(
                "Проверьте страницу состояния провайдера и спросите его о вызове (Call-ID: "
                "`sipCallID` в {sip_log}). Ответ 503 бывает и при пределе одновременных "
                "вызовов, и при пустом балансе. Временно поможет второй транк с другим `address`."
            ),
        ),
        shows=_FAILING,
        proofs=_FAILING,
        excludes=(_ANSWERED,),
        source=_SOURCE,
    ),
    Cause(
        "provider-is-silent",
        Link.OUTBOUND,
        Text(
            en="No SIP answer comes from the address of the outbound trunk",
            ru="С адреса исходящего транка не приходит ни одного SIP-ответа",
        ),
        Text(
            en=(
                "livekit-sip retransmitted the INVITE, but not even 100 Trying came back: nothing "
                "listens there, a firewall drops the packets in one direction, or the provider "
                "ignores addresses that it does not know. The API reports only `sip request timed "
                "out`."
            ),
            ru=(
                "livekit-sip повторял INVITE, но не пришло даже 100 Trying: там никто не слушает, "
                "файрвол отбрасывает пакеты в одну из сторон, или провайдер не отвечает незнакомым "
                "адресам. API сообщает только `sip request timed out`."
            ),
        ),
        Text(
            en=(
                "Check `address` (host and port) and `transport` of the outbound trunk (lk sip "
                "outbound list) against the provider's documentation, and have the provider allow "
                "the address of livekit-sip's machine. On that machine, `tcpdump -n host PROVIDER` "
                "shows whether answers arrive."
            ),
            ru=(
                "Сверьте `address` (хост и порт) и `transport` исходящего транка (lk sip outbound "
                "list) с документацией провайдера и попросите его разрешить адрес машины "
                "livekit-sip. `tcpdump -n host PROVIDER` на ней покажет, приходят ли ответы."
            ),
        ),
        shows=(_SILENT,),
        proofs=(_SILENT,),
        excludes=(_ANSWERED,),
        source="livekit/sip pkg/sip/signaling_timestamps.go",
    ),
    Cause(
        "provider-refuses-connection",
        Link.OUTBOUND,
        Text(
            en="livekit-sip cannot connect to the address of the outbound trunk",
            ru="livekit-sip не может соединиться с адресом исходящего транка",
        ),
        Text(
            en=(
                "The trunk uses TCP or TLS, but nothing accepts a connection at its address and "
                "port (`dial err`): the provider uses UDP there, the port is another one (usually "
                "5061 for TLS), or a firewall blocks it."
            ),
            ru=(
                "Транк использует TCP или TLS, но по его адресу и порту соединение не принимают "
                "(`dial err`): провайдер там работает по UDP, порт другой (для TLS обычно 5061) "
                "или мешает файрвол."
            ),
        ),
        Text(
            en=(
                "Set `transport` of the outbound trunk to the provider's transport "
                "(SIP_TRANSPORT_UDP, _TCP or _TLS), and the port in `address` to the one for that "
                "transport. From livekit-sip's machine: nc -vz HOST PORT"
            ),
            ru=(
                "Укажите в `transport` исходящего транка транспорт провайдера (SIP_TRANSPORT_UDP, "
                "_TCP или _TLS), а в `address` — порт для этого транспорта. С машины livekit-sip: "
                "nc -vz HOST PORT"
            ),
        ),
        shows=_NO_CONNECTION,
        proofs=_NO_CONNECTION,
        excludes=(_ANSWERED,),
        source="livekit/sipgo sip/transport_tcp.go",
    ),
    Cause(
        "provider-host-unknown",
        Link.OUTBOUND,
        Text(
            en="The host of the outbound trunk does not resolve",
            ru="Имя хоста исходящего транка не разрешается",
        ),
        Text(
            en=(
                "livekit-sip found no address for the name in `address` of the trunk, neither by "
                "SRV record nor as a host (`fail to resolve target`)."
            ),
            ru=(
                "Для имени из `address` транка livekit-sip не нашёл адреса: ни через запись SRV, "
                "ни как имя хоста (`fail to resolve target`)."
            ),
        ),
        Text(
            en=(
                "Correct `address` of the outbound trunk: host, or host:port, without `sip:`. "
                "From livekit-sip's machine or container: getent hosts HOST"
            ),
            ru=(
                "Исправьте `address` исходящего транка: хост или хост:порт, без `sip:`. С машины "
                "или из контейнера livekit-sip: getent hosts HOST"
            ),
        ),
        shows=_NO_HOST,
        proofs=_NO_HOST,
        excludes=(_ANSWERED,),
        source=_SOURCE,
    ),
    Cause(
        "sip-cpu-exhausted",
        Link.OUTBOUND,
        Text(
            en="livekit-sip accepts no more outbound calls: its CPU limit is reached",
            ru="livekit-sip больше не принимает исходящие вызовы: достигнут предел CPU",
        ),
        Text(
            en=(
                "livekit-sip answers `cpu exhausted` (503) when the load of the machine, from any "
                "process, is above `max_cpu_utilization`. It still accepts inbound calls."
            ),
            ru=(
                "livekit-sip отвечает `cpu exhausted` (503), когда загрузка машины любыми "
                "процессами выше `max_cpu_utilization`. Входящие вызовы он по-прежнему принимает."
            ),
        ),
        Text(
            en=(
                "Find the processes that load the machine (top), start another livekit-sip on the "
                "same Redis, or raise `max_cpu_utilization` in {sip_yaml} (0.9 by default) and "
                "restart {sip}."
            ),
            ru=(
                "Найдите, что грузит машину (top), запустите ещё один livekit-sip на том же Redis "
                "или поднимите `max_cpu_utilization` в {sip_yaml} (по умолчанию 0.9) и "
                "перезапустите {sip}."
            ),
        ),
        shows=_NO_CPU,
        proofs=_NO_CPU,
        excludes=(_ANSWERED,),
        source="livekit/sip pkg/stats/monitor.go, pkg/errors/errors.go",
    ),
)
