"""
Failures that the services report in their logs alone, mostly below warning level.
"""

from __future__ import annotations

from livekit_conformance.catalogue.cause import Cause, Given, check, log, logged
from livekit_conformance.catalogue.causes import redis_state
from livekit_conformance.catalogue.causes.line import CAUSES as OF_THE_LINE
from livekit_conformance.catalogue.chain import ENDS_WITH, Link
from livekit_conformance.catalogue.log_lines import SERVER, SIP, of_sip
from livekit_conformance.wording import Text

_FLOOD = logged(of_sip.ENDED, reason="flood")
_TRUNK_BUT_NO_RULE = (
    # Not by its message, which every call has.
    log(SIP, level="info", result="client_error", status=486, sipTrunk=Given(), sipRule=None),
    logged(of_sip.NO_RULE_MATCHES),
)
_NO_TRUNK = (logged(of_sip.NO_TRUNK_MATCHES), logged(of_sip.NO_TRUNK_FOUND))
_NOT_TRANSFERRED = (
    logged(of_sip.INBOUND_NOT_TRANSFERRED),
    logged(of_sip.OUTBOUND_NOT_TRANSFERRED),
)
_UNREADABLE = logged(of_sip.UNREADABLE)
# Not by its message, which every call has.
_REASON = of_sip.BYE_CAME.telling
_BYE_FOR_A_REASON = (
    (log(SIP, level="info", **{_REASON.field: _REASON.value}),) if _REASON is not None else ()
)
_HELD_AND_ENDED = logged(of_sip.BYE_CAME, after=of_sip.REINVITED.message)
_BY_TRUNKS_AND_RULES = tuple(cause.id for cause in OF_THE_LINE)

CAUSES: tuple[Cause, ...] = (
    Cause(
        "no-rule-takes-the-call",
        Link.DISPATCH,
        Text(
            en="A trunk takes the call, but no dispatch rule does: livekit-sip drops it",
            ru="Транк принимает вызов, но ни одно правило диспетчеризации — нет: livekit-sip его "
            "бросает",
        ),
        Text(
            en=(
                "No dispatch rule is for this trunk (`sipTrunk` in the line), this number and this "
                "caller. livekit-sip answers 180 once and then nothing, and ends the call with the "
                "reason `flood`: that is its word for a call that nothing in the configuration "
                "expects."
            ),
            ru=(
                "Нет правила диспетчеризации для этого транка (`sipTrunk` в строке), номера и "
                "звонящего. livekit-sip один раз отвечает 180 и замолкает, а вызов завершает с "
                "причиной `flood`: так он называет вызов, которого не ждёт ничто в "
                "конфигурации. Это не атака."
            ),
        ),
        Text(
            en=(
                "Create a dispatch rule for that trunk, or add it to `trunk_ids` of a rule (an "
                "empty list is for every trunk). `numbers` of the rule must hold the dialled "
                "number or be empty: lk sip dispatch list; lk sip dispatch create. Then "
                "`Joining room` must follow in the log."
            ),
            ru=(
                "Создайте правило диспетчеризации для этого транка или добавьте транк в "
                "`trunk_ids` правила (пустой список — для всех транков). В `numbers` правила "
                "должен быть набранный номер, либо список пуст: lk sip dispatch list; lk sip "
                "dispatch create. После этого в журнале должна появиться строка `Joining room`."
            ),
        ),
        shows=_TRUNK_BUT_NO_RULE,
        proofs=_TRUNK_BUT_NO_RULE,
        yields_to=_BY_TRUNKS_AND_RULES,
        is_general=True,
        source="livekit/sip pkg/sip/inbound.go DispatchNoRuleDrop, DispatchNoRuleReject",
    ),
    Cause(
        "no-trunk-takes-the-call",
        Link.TRUNK,
        Text(
            en="No inbound trunk, or no dispatch rule, takes the call: livekit-sip drops it",
            ru="Вызов не принимает ни один входящий транк или ни одно правило диспетчеризации: "
            "livekit-sip его бросает",
        ),
        Text(
            en=(
                "Nothing in the configuration expects this call, so livekit-sip gives no final "
                "answer and ends it with the reason `flood`. Usually no trunk lists the dialled "
                "number, or the matching trunk is only for other callers or addresses. Where a "
                "trunk matches, its id is `sipTrunk` in other lines of the call, and the dispatch "
                "rule is what is missing."
            ),
            ru=(
                "Этого вызова не ждёт ничто в конфигурации, поэтому livekit-sip не даёт "
                "окончательного ответа и завершает его с причиной `flood`. Это не атака. Обычно "
                "набранного номера нет ни в одном транке, или подходящий транк — только для других "
                "звонящих или адресов. Если транк подошёл, в других строках вызова есть его id "
                "(`sipTrunk`), и не хватает правила диспетчеризации."
            ),
        ),
        Text(
            en=(
                "Compare `toUser`, `fromUser` and `fromIP` in the line `processing invite` of the "
                "call (same `callID`) with `numbers`, `allowed_numbers` and `allowed_addresses` of "
                "the trunks: lk sip inbound list; lk sip inbound update; lk sip dispatch list. To "
                "keep strangers out, this is right as it is."
            ),
            ru=(
                "Сравните `toUser`, `fromUser` и `fromIP` в строке `processing invite` этого "
                "вызова (тот же `callID`) с `numbers`, `allowed_numbers` и `allowed_addresses` "
                "транков: lk sip inbound list; lk sip inbound update; lk sip dispatch list. Если "
                "это чужие вызовы, всё правильно."
            ),
        ),
        shows=(_FLOOD, *_NO_TRUNK),
        proofs=(_FLOOD, *_NO_TRUNK),
        excludes=_TRUNK_BUT_NO_RULE,
        yields_to=_BY_TRUNKS_AND_RULES,
        is_general=True,
        source="livekit/sip pkg/sip/inbound.go AuthDrop, AuthNotFound",
    ),
    Cause(
        "transfer-fails",
        Link.HANG_UP,
        Text(
            en="The transfer of a call (REFER) fails",
            ru="Перевод вызова (REFER) не удаётся",
        ),
        Text(
            en=(
                "livekit-sip sent REFER, and the other side did not take it: its answer is in the "
                "`error` of the line. With 403, 405 or 501 the carrier does not allow REFER or "
                "does not know it; with 404, 480, 486 or 603 the target does not exist or does not "
                "take the call; after a time-out the carrier never reported the result."
            ),
            ru=(
                "livekit-sip отправил REFER, и другая сторона его не выполнила: её ответ — в поле "
                "`error` строки. При 403, 405 и 501 оператор не разрешает REFER или не знает его; "
                "при 404, 480, 486 и 603 адресата нет или он не принимает вызов; при тайм-ауте "
                "оператор так и не сообщил результат."
            ),
        ),
        Text(
            en=(
                "Ask the carrier to enable call transfer by SIP REFER for the trunk, and in which "
                "form it wants `transfer_to` (`tel:+15550142` or `sip:+15550142@HOST`). Where it "
                "cannot, dial the target into the room of the call by CreateSIPParticipant and let "
                "the agent leave."
            ),
            ru=(
                "Попросите оператора включить на транке перевод вызовов через SIP REFER и узнайте, "
                "в каком виде ему нужен `transfer_to` (`tel:+15550142` или "
                "`sip:+15550142@HOST`). Если это невозможно, позвоните адресату через "
                "CreateSIPParticipant в комнату вызова, и пусть агент из неё выйдет."
            ),
        ),
        shows=_NOT_TRANSFERRED,
        proofs=_NOT_TRANSFERRED,
        is_general=True,
        source="livekit/sip pkg/sip/inbound.go, outbound.go transferCall; RFC 3515",
    ),
    Cause(
        "sip-message-is-unreadable",
        Link.SIP_SOCKET,
        Text(
            en="livekit-sip receives messages that it cannot parse as SIP",
            ru="livekit-sip получает сообщения, которые не может разобрать как SIP",
        ),
        Text(
            en=(
                "livekit-sip logs `failed to parse` and drops such a message without an answer. It "
                "is malformed (`err` of the line), often by a PBX, an SBC or a SIP ALG that writes "
                "a header wrongly or cuts the message, or it is no SIP at all: TLS at the plain "
                "port, or a scanner."
            ),
            ru=(
                "livekit-sip пишет `failed to parse` и отбрасывает такое сообщение без ответа. Оно "
                "искажено (поле `err` строки): часто АТС, SBC или SIP ALG неверно пишут заголовок "
                "или обрезают сообщение. Либо это вовсе не SIP: TLS на обычном порту или сканер."
            ),
        ),
        Text(
            en=(
                "Look at `err` and `data` of the line: if `data` is a message of your carrier or "
                "PBX, correct the header there, switch off SIP ALG, and use TCP for messages of "
                "more than 1,300 bytes. If it comes from strangers, let the firewall pass only the "
                "carrier's addresses."
            ),
            ru=(
                "Посмотрите поля `err` и `data` строки: если в `data` сообщение вашего оператора "
                "или АТС, исправьте там заголовок, отключите SIP ALG и используйте TCP для "
                "сообщений длиннее 1300 байт. Если это чужое, пропускайте в файрволе только адреса "
                "оператора."
            ),
        ),
        shows=(_UNREADABLE,),
        is_general=True,
        source="livekit/sipgo transport/udp.go, tcp.go parseAndHandle",
    ),
    Cause(
        "caller-hangs-up-after-hold",
        Link.HANG_UP,
        Text(
            en="The other side hangs up at once after a hold (re-INVITE)",
            ru="Другая сторона вешает трубку сразу после удержания (re-INVITE)",
        ),
        Text(
            en=(
                "In a running call the other side sent a re-INVITE, as it does to put the call on "
                "hold, and BYE within 2 s of the answer. livekit-sip 1.8.0 always answers "
                "`a=sendrecv` with its old session, also to `a=sendonly` or `a=inactive`; some "
                "carriers and PBXs take that for a failed hold and end the call."
            ),
            ru=(
                "В идущем разговоре другая сторона прислала re-INVITE, как при постановке на "
                "удержание (hold), и не позже чем через 2 с после ответа — BYE. livekit-sip 1.8.0 "
                "всегда отвечает `a=sendrecv` с прежней сессией, даже на `a=sendonly` или "
                "`a=inactive`; некоторые операторы и АТС считают удержание неудавшимся и "
                "завершают вызов."
            ),
        ),
        Text(
            en=(
                "Let the PBX or the SBC hold the call by itself (music on hold towards "
                "livekit-sip, without a re-INVITE), or let it accept `a=sendrecv` as the answer to "
                "a hold. If nobody put the call on hold, look at that re-INVITE with `sngrep` on "
                "livekit-sip's machine: it may refresh the session timer or change the codec."
            ),
            ru=(
                "Пусть АТС или SBC держит вызов сама (музыка в сторону livekit-sip, без "
                "re-INVITE) или принимает `a=sendrecv` в ответ на удержание. Если вызов никто не "
                "ставил на удержание, посмотрите этот re-INVITE через `sngrep` на машине "
                "livekit-sip: им могли обновлять таймер сессии или менять кодек."
            ),
        ),
        shows=(_HELD_AND_ENDED,),
        is_general=True,
        source="livekit/sip pkg/sip/inbound.go AcceptReinvite; RFC 3264 section 8.4",
    ),
    Cause(
        "caller-hangs-up-for-a-reason",
        Link.HANG_UP,
        Text(
            en="The other side ends the call because of a failure (BYE with a Reason)",
            ru="Другая сторона завершает вызов из-за сбоя (BYE с заголовком Reason)",
        ),
        Text(
            en=(
                "Its BYE names a cause other than normal clearing (`reason-cause` and "
                "`reason-text` of the line, Q.850 or a SIP status): 38, 41 or 47 are faults of its "
                "network, 58, 65, 79 or 88 a codec or a service that it does not support, 102 a "
                "timer that ran out, 111 and 127 a protocol error."
            ),
            ru=(
                "Её BYE называет причину, отличную от обычного завершения (поля `reason-cause` и "
                "`reason-text` строки, Q.850 или код SIP): 38, 41, 47 — сбой её сети, 58, 65, 79, "
                "88 — кодек или услуга, которых она не поддерживает, 102 — истёк таймер, 111 и "
                "127 — ошибка протокола."
            ),
        ),
        Text(
            en=(
                "Give the carrier the Call-ID (`sipCallID`) and the time of the line and ask why "
                "it cleared the call with that cause. For 65 and 88 compare the codecs of the "
                "trunk with the carrier's, for 102 the session timer (`Session-Expires`) and the "
                "longest silence that it tolerates."
            ),
            ru=(
                "Сообщите оператору Call-ID (`sipCallID`) и время из строки и спросите, почему он "
                "завершил вызов с этой причиной. При 65 и 88 сравните кодеки транка с кодеками "
                "оператора, при 102 — таймер сессии (`Session-Expires`) и самую долгую тишину, "
                "которую он терпит."
            ),
        ),
        shows=_BYE_FOR_A_REASON,
        proofs=_BYE_FOR_A_REASON,
        is_general=True,
        source="livekit/sip pkg/sip/inbound.go OnBye; RFC 3326; ITU-T Q.850",
    ),
)


def _has_ended(service: str, link: Link, exact: tuple[str, ...]) -> Cause:
    signs = (log(service, last=True),)
    silent = "1.1-server-answers" if service == SERVER else "1.5-sip-answers-options"
    return Cause(
        f"{'server' if service == SERVER else 'sip-service'}-has-ended",
        link,
        Text(
            en=f"{service} has ended: its last words say why",
            ru=f"{service} завершился: почему, говорят его последние слова",
        ),
        Text(
            en=(
                f"The log of {service} ends with plain text, as the process writes it when it "
                "cannot start or crashes. Nothing follows, so the process is gone."
            ),
            ru=(
                f"Журнал {service} кончается простым текстом: так процесс пишет, когда не может "
                "запуститься или падает. После него ничего нет, значит процесс завершился."
            ),
        ),
        Text(
            en=(
                "Remove the reason that its last line names (quoted here), and start it again. "
                "`livekit-conformance config check` tests its configuration file; after a crash "
                f"(`panic:`) upgrade {service} or report the trace to its authors."
            ),
            ru=(
                "Устраните причину из последней строки (она приведена здесь) и запустите сервис "
                "снова. Файл настроек проверяет `livekit-conformance config check`; после падения "
                f"(`panic:`) обновите {service} или сообщите трассировку его авторам."
            ),
        ),
        shows=signs,
        # Of a log alone, it is not known whether the service was started again since.
        proofs=(check(silent, "BLOCKED"),),
        excludes=(check(silent, "PASS"),),
        breaks=ENDS_WITH[link],
        yields_to=exact,
        otherwise="likely",
        source="livekit cmd/server/main.go; livekit/sip cmd/livekit-sip/main.go",
    )


ENDED: tuple[Cause, ...] = (
    _has_ended(
        SERVER,
        Link.SERVER,
        (
            *("server-does-not-start", "server-has-no-keys", "webhook-key-is-not-known"),
            "server-cannot-listen",
            *("redis-unreachable", "redis-refuses-login", *redis_state.IDS),
        ),
    ),
    _has_ended(
        SIP,
        Link.SIP_SOCKET,
        (
            *("sip-service-does-not-start", "sip-service-has-no-network"),
            "sip-service-cannot-listen",
            *("redis-unreachable", "redis-refuses-login", *redis_state.IDS),
        ),
    ),
)
