"""
Words about clauses on trunks, calls and recovery.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from livekit_conformance.catalogue.clause_words.words import ClauseWords
from livekit_conformance.catalogue.hosting import CALL_IN_DASHBOARD
from livekit_conformance.wording import Text

_LINE = Text(
    en="List both and compare them with the dialled number and the caller: `lk sip inbound list`, "
    "`lk sip dispatch list`; change them with `lk sip inbound update` and `lk sip dispatch "
    "update`.",
    ru="Выведите оба списка и сравните с набранным номером и звонящим: `lk sip inbound list`, `lk "
    "sip dispatch list`; изменить: `lk sip inbound update` и `lk sip dispatch update`.",
)
_ROOM_NAME = Text(
    en="Set the prefix or the name of the room in the dispatch rule (`lk sip dispatch update`) as "
    "`rooms.name_pattern` of the profile has it, or correct the profile.",
    ru="Задайте префикс или имя комнаты в правиле (`lk sip dispatch update`) так, как в "
    "`rooms.name_pattern` профиля, или исправьте профиль.",
)
_BUS = Text(
    en="Write the same `redis.address` into {server_yaml} and {sip_yaml}, restart {both}, and list "
    "who listens: `{redis_cli} PUBSUB CHANNELS '*'`.",
    ru="Укажите один `redis.address` в {server_yaml} и {sip_yaml}, перезапустите {both} и "
    "посмотрите, кто слушает: `{redis_cli} PUBSUB CHANNELS '*'`.",
)
_PACKETS = Text(
    en="Capture at livekit-sip and here ({tcpdump}), and find the hop that sends "
    "a packet twice or changes it: a SIP ALG of a router, a mirror port, a second route.",
    ru="Снимите трафик у livekit-sip и здесь ({tcpdump}) и найдите, кто по пути "
    "дублирует или меняет пакеты: SIP ALG роутера, зеркалирование порта, второй маршрут.",
)
_ACCOUNT = Text(
    en="Set `auth_username` and `auth_password` of the trunk to SIP_USERNAME and SIP_PASSWORD: "
    "`lk sip inbound update`; a trunk without a password takes calls from anybody.",
    ru="Задайте в транке `auth_username` и `auth_password`, равные SIP_USERNAME и SIP_PASSWORD: "
    "`lk sip inbound update`; транк без пароля принимает вызовы от кого угодно.",
)
_HANG_UP = Text(
    en="Find the call in livekit-sip's log by `sipCallID`, and the participant in "
    "livekit-server's: one of them was overloaded, restarted, or lost the connection to the other.",
    ru="Найдите вызов в журнале livekit-sip по `sipCallID`, а участника — в журнале "
    "livekit-server: один из них был перегружен, перезапущен или потерял связь с другим.",
)
_OUTBOUND = Text(
    en="Compare the outbound trunk (`lk sip outbound list`) with your provider's data: address, "
    "transport, numbers and account; the provider's answer is in {sip_log}.",
    ru="Сравните исходящий транк (`lk sip outbound list`) с данными провайдера: адрес, транспорт, "
    "номера и учётная запись; ответ провайдера есть в {sip_log}.",
)
_CAPACITY = Text(
    en="Place fewer calls at once, or give livekit-sip and the agents more capacity: CPU, "
    "`max_active_calls` in {sip_yaml}, two ports of `rtp_port` for each call, workers.",
    ru="Уменьшите число одновременных вызовов или дайте livekit-sip и агентам больше ресурсов: "
    "CPU, `max_active_calls` в {sip_yaml}, по два порта `rtp_port` на вызов, воркеры.",
)

CALLS: Mapping[str, ClauseWords] = MappingProxyType(
    {
        # -- trunks and rules
        "1.2-no-two-trunks-match": ClauseWords(
            "к одному вызову на номер из профиля не должны подходить два входящих транка или два "
            "правила",
            _LINE,
        ),
        "1.2-dispatch-rules-produce-the-name": ClauseWords(
            "заданные транки и правила должны дать вызову на номер из профиля комнату с именем по "
            "rooms.name_pattern",
            _LINE,
        ),
        "1.1-trunk-challenges": ClauseWords(
            "транк для звонящих с учётной записью должен ответить 407 на INVITE без неё",
            _ACCOUNT,
        ),
        "1.1-trunk-accepts-right-password": ClauseWords(
            "INVITE с учётной записью транка должен проходить без нового запроса пароля", _ACCOUNT
        ),
        "1.1-trunk-refuses-wrong-password": ClauseWords(
            "INVITE с неверным паролем транка должен получить окончательный отказ и не открыть "
            "комнату",
            _ACCOUNT,
        ),
        "1.1-trunk-refuses-wrong-user": ClauseWords(
            "INVITE с неверным именем пользователя должен получить окончательный отказ и не "
            "открыть комнату",
            _ACCOUNT,
        ),
        "1.1-unknown-caller-is-kept-out": ClauseWords(
            "INVITE на номер, которого нет ни в одном транке, не должен открывать комнату",
            Text(
                en="Set `numbers` in each inbound trunk, and `auth_username` or "
                "`allowed_addresses` in one without: `lk sip inbound list`, `lk sip inbound "
                "update`.",
                ru="Задайте `numbers` в каждом входящем транке, а где их нет — `auth_username` или "
                "`allowed_addresses`: `lk sip inbound list`, `lk sip inbound update`.",
            ),
        ),
        # -- services
        "1.5-sip-answers-options": ClauseWords(
            "livekit-sip должен отвечать на OPTIONS",
            Text(
                en="Start livekit-sip, and open its `sip_port` (5060/udp and tcp) to this machine; "
                "{tcpdump} on its machine shows whether OPTIONS arrives.",
                ru="Запустите livekit-sip и откройте для этой машины его `sip_port` (5060/udp и "
                "tcp); доходит ли OPTIONS, покажет {tcpdump} на его машине.",
            ),
        ),
        "1.5-bus-has-a-server": ClauseWords(
            "livekit-server должен слушать на шине Redis запросы livekit-sip, и Redis должен "
            "разрешать это обоим сервисам",
            _BUS,
        ),
        "1.5-bus-has-a-sip-service": ClauseWords(
            "livekit-sip должен слушать на шине Redis запросы исходящих вызовов", _BUS
        ),
        "1.5-configs-agree": ClauseWords(
            "в livekit-sip.yaml и livekit.yaml должны быть один Redis, пара ключей, известная "
            "серверу, порт сервера, непересекающиеся диапазоны портов и только существующие ключи",
            Text(
                en="Correct each line that `livekit-conformance config check livekit.yaml "
                "livekit-sip.yaml` reports, or let `livekit-conformance config fix` do it.",
                ru="Исправьте каждую строку, которую назовёт `livekit-conformance config check "
                "livekit.yaml livekit-sip.yaml`, или поручите это `livekit-conformance config "
                "fix`.",
            ),
        ),
        "1.5-sip-packets-come-once": ClauseWords(
            "сеть не должна дублировать пакеты между звонящим и livekit-sip", _PACKETS
        ),
        "1.5-sip-messages-are-valid": ClauseWords(
            "SIP-сообщениям к звонящему следует соответствовать RFC 3261", _PACKETS
        ),
        # -- an inbound call
        "1.5-invite-is-not-rejected": ClauseWords(
            "INVITE на номер из профиля не должен получить отказ или остаться без ответа раньше, "
            "чем мог ответить агент",
            _LINE,
        ),
        "1.1-sip-service-joins-the-server": ClauseWords(
            "livekit-sip должен входить в комнату вызова на livekit-server со своими ключом и "
            "секретом",
            Text(
                en="Set `api_key`, `api_secret` and `ws_url` in {sip_yaml} to a pair below `keys` "
                "of {server_yaml} and the server's address; read the lines of level error with "
                "the call's `sipCallID`.",
                ru="Задайте `api_key`, `api_secret` и `ws_url` в {sip_yaml}: пару из `keys` в "
                "{server_yaml} и адрес сервера; прочитайте строки уровня error с `sipCallID` "
                "вызова.",
            ),
        ),
        "1.2-call-lands-in-a-named-room": ClauseWords(
            "комната вызова должна называться по rooms.name_pattern профиля и так, как следует из "
            "транков и правил",
            _ROOM_NAME,
        ),
        "1.5-call-is-answered": ClauseWords(
            "на вызов должен прийти 200 OK в отведённое время",
            Text(
                en="Check that an agent joins while it rings (`lk room participants list ROOM`): "
                "start the worker whose `agent_name` is the one in the dispatch rule, or let the "
                "application send an agent.",
                ru="Проверьте, что агент входит, пока идут гудки (`lk room participants list "
                "ROOM`): запустите воркер, чей `agent_name` указан в правиле, или пусть приложение "
                "отправит агента.",
            ),
        ),
        "1.5-audio-flows-both-ways": ClauseWords(
            "агент должен слышать звонящего, а звонящий — агента",
            Text(
                en="Open `rtp_port` of {sip_yaml} (UDP 10000-20000) in both directions, and behind "
                "NAT set `use_external_ip: true` or `nat_1_to_1_ip`; check that the agent "
                "publishes a track that is not muted.",
                ru="Откройте в обе стороны `rtp_port` из {sip_yaml} (UDP 10000-20000), за NAT "
                "задайте `use_external_ip: true` или `nat_1_to_1_ip`; убедитесь, что агент "
                "публикует дорожку и она не заглушена.",
            ),
            Text(
                en="Open UDP 10000-20000 from this machine and back, and check that the agent "
                "publishes a track that is not muted (`lk room participants list ROOM`).",
                ru="Откройте UDP 10000-20000 с этой машины и обратно и убедитесь, что агент "
                "публикует дорожку и она не заглушена (`lk room participants list ROOM`).",
            ),
        ),
        "1.5-caller-hears-well": ClauseWords(
            "MOS, потери и джиттер того, что слышит звонящий, следует держать в пределах `quality` "
            "профиля",
            Text(
                en="Measure loss and jitter between this machine and the media address of the call "
                "(`mtr --udp`), and between livekit-sip and livekit-server; give UDP voice "
                "priority, and livekit-sip a processor that is not busy.",
                ru="Измерьте потери и джиттер между этой машиной и адресом медиа вызова (`mtr "
                "--udp`), а также между livekit-sip и livekit-server; дайте голосу по UDP "
                "приоритет, а livekit-sip — незанятый процессор.",
            ),
            Text(
                en="Measure loss and jitter between this machine and the media address of the call "
                "(`mtr --udp`); run the suite from a machine near the region of the project.",
                ru="Измерьте потери и джиттер между этой машиной и адресом медиа вызова (`mtr "
                "--udp`); запускайте набор с машины рядом с регионом проекта.",
            ),
        ),
        "1.5-keys-reach-the-agent": ClauseWords(
            "в ответе на вызов следует принимать клавиши (DTMF) как telephone-event по RFC 4733, и "
            "каждая клавиша должна дойти до агента один раз",
            Text(
                en="Let the provider and each SBC send DTMF by RFC 4733 (`telephone-event`), not "
                "as SIP INFO or as a tone in the voice, and keep `telephone-event` in the SDP.",
                ru="Пусть провайдер и каждый SBC передают DTMF по RFC 4733 (`telephone-event`), а "
                "не в SIP INFO и не тоном в голосе, и не убирают `telephone-event` из SDP.",
            ),
        ),
        "1.5-call-ends-cleanly": ClauseWords(
            "на BYE должен прийти ответ 200, и звонящий должен покинуть комнату",
            _HANG_UP,
            CALL_IN_DASHBOARD,
        ),
        "1.5-cancelled-call-ends-cleanly": ClauseWords(
            "на CANCEL во время гудков должен прийти ответ 200, на INVITE — 487, и звонящий должен "
            "покинуть комнату",
            _HANG_UP,
            CALL_IN_DASHBOARD,
        ),
        "1.2-room-ends-after-hang-up": ClauseWords(
            "комната вызова должна закрыться по истечении departure_timeout",
            Text(
                en="Lower `departure_timeout` (in `room` of {server_yaml}, or in `room_config` of "
                "the dispatch rule), and let the agent leave when the caller has left.",
                ru="Уменьшите `departure_timeout` (в `room` из {server_yaml} или в "
                "`room_config` правила), и пусть агент выходит вслед за звонящим.",
            ),
            Text(
                en="Lower `departure_timeout` in `room_config` of the dispatch rule (`lk sip "
                "dispatch update`), and let the agent leave when the caller has left.",
                ru="Уменьшите `departure_timeout` в `room_config` правила (`lk sip dispatch "
                "update`), и пусть агент выходит вслед за звонящим.",
            ),
        ),
        # -- several calls
        "1.2-concurrent-calls-get-own-rooms": ClauseWords(
            "два одновременных вызова должны получить каждый свою комнату",
            Text(
                en="Replace the rule of type Direct by one of type Individual with a prefix: `lk "
                "sip dispatch list`, `lk sip dispatch create`.",
                ru="Замените правило типа Direct правилом типа Individual с префиксом: `lk sip "
                "dispatch list`, `lk sip dispatch create`.",
            ),
        ),
        "1.5-repeated-calls-succeed": ClauseWords(
            "на все вызовы, и подряд, и одновременные, должен прийти ответ",
            _CAPACITY,
            Text(
                en="Start more workers of the agent, and compare the number of calls at once with "
                "the limits of your plan in the dashboard of LiveKit Cloud.",
                ru="Запустите больше воркеров агента и сравните число одновременных вызовов с "
                "пределами тарифа в панели LiveKit Cloud.",
            ),
        ),
        # -- outbound calls
        "1.5-outbound-call-is-answered": ClauseWords(
            "CreateSIPParticipant должен дозвониться до номера (с номера `sip.outbound.caller`, "
            "если он задан) и сообщить об ответе",
            _OUTBOUND,
        ),
        "1.2-outbound-call-uses-the-room": ClauseWords(
            "исходящий вызов должен войти в комнату, названную в CreateSIPParticipant",
            _OUTBOUND,
        ),
        "1.5-outbound-call-ends-cleanly": ClauseWords(
            "RemoveParticipant должен завершить исходящий вызов через BYE",
            _HANG_UP,
            CALL_IN_DASHBOARD,
        ),
        "1.5-outbound-sip-messages-are-valid": ClauseWords(
            "SIP-сообщениям к вызываемому следует соответствовать RFC 3261", _PACKETS
        ),
        "1.5-outbound-failure-is-mapped": ClauseWords(
            "CreateSIPParticipant должен сообщить о занятом, отклонённом или неотвеченном вызове "
            "SIP-статусом и подходящим кодом Twirp",
            _OUTBOUND,
        ),
        # -- after a failure
        "1.5-recovers-from": ClauseWords(
            "вызовы должны снова проходить не позже чем через 30 с после окончания сбоя",
            Text(
                en="Let the supervisor restart the service at once (`Restart=always`, `restart: "
                "always`), and compare the time with the lines after its start in its log.",
                ru="Пусть супервизор сразу перезапускает сервис (`Restart=always`, `restart: "
                "always`); сравните время со строками после запуска в его журнале.",
            ),
        ),
    }
)
