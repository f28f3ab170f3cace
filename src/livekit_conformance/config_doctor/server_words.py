"""
Words of findings about livekit.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from livekit_conformance.config_doctor.sentences import (
    MISSING,
    SERVER_REFUSES,
    WRITE_A_NETWORK,
    WRITE_WHAT_FITS,
    NoEffect,
    Presumption,
    Refusal,
    Sentences,
)
from livekit_conformance.wording import Text, Words

_NOT_DELIVERED = Text(
    en="livekit-server does not deliver to the endpoint",
    ru="livekit-server не доставляет вебхуки на этот адрес",
)
_WRITE_THE_URL = Text(en="Write {url}", ru="Укажите {url}")
_UNLESS_REGION = Refusal(
    en="livekit-server refuses to start unless LIVEKIT_REGION is set in its environment",
    ru="livekit-server не запустится, если в его окружении не задан LIVEKIT_REGION",
    unless="LIVEKIT_REGION",
)
_WRITE_A_REGION = Text(
    en="Write the name of one of the regions", ru="Укажите имя одного из регионов"
)

SERVER_SENTENCES: Mapping[str, Sentences] = MappingProxyType(
    {
        "webhook.other-urls": Sentences(
            Text(en="contains {urls}, but not {url}", ru="содержит {urls}, но не {url}"),
            Presumption(en=_NOT_DELIVERED.en, ru=_NOT_DELIVERED.ru),
            _WRITE_THE_URL,
        ),
        "webhook.no-urls": Sentences(MISSING, _NOT_DELIVERED, _WRITE_THE_URL),
        "webhook.leaves-out-events": Sentences(
            Text(en="leaves out events", ru="отсеивает часть событий"),
            Text(en="livekit-server does not deliver them", ru="livekit-server их не доставляет"),
            Text(en="Delete it", ru="Удалите его"),
        ),
        "webhook.bad-key": Sentences(
            Text(en="{problem}", ru="{problem}"),
            SERVER_REFUSES,
            Text(
                en="Write one of the keys below `keys`", ru="Укажите один из ключей раздела `keys`"
            ),
        ),
        "webhook.no-scheme": Sentences(
            Text(
                en="{url} does not begin with http:// or https://",
                ru="{url} не начинается с http:// или https://",
            ),
            Text(
                en="livekit-server delivers nothing there",
                ru="livekit-server ничего туда не доставит",
            ),
            Text(en="Write the whole URL of the endpoint", ru="Укажите полный URL обработчика"),
        ),
        "keys.missing": Sentences(
            MISSING,
            Refusal(
                en="livekit-server refuses to start unless LIVEKIT_KEYS is set in its environment",
                ru="livekit-server не запустится, если в его окружении не задан LIVEKIT_KEYS",
                unless="LIVEKIT_KEYS",
            ),
            Text(en="Write `keys: {KEY: SECRET}`", ru="Напишите `keys: {KEY: SECRET}`"),
        ),
        "address.cannot-listen": Sentences(
            Text(en="{problem}", ru="{problem}"),
            Refusal(
                en="livekit-server refuses to start: it cannot listen there",
                ru="livekit-server не запустится: он не сможет слушать там",
            ),
            Text(
                en="Write each address once, without a port",
                ru="Укажите каждый адрес один раз, без порта",
            ),
        ),
        "address.no-network": Sentences(
            Text(en="{network} is not a network", ru="{network} не является сетью"),
            SERVER_REFUSES,
            WRITE_A_NETWORK,
        ),
        "media.tcp-without-port": Sentences(
            Text(en="is on without a tcp_port", ru="включён, а tcp_port не задан"),
            SERVER_REFUSES,
            Text(
                en="Write `tcp_port: 7881`, or switch force_tcp off",
                ru="Напишите `tcp_port: 7881` или выключите force_tcp",
            ),
        ),
        "media.reversed-range": Sentences(
            Text(en="is below port_range_start", ru="меньше port_range_start"),
            Refusal(
                en="livekit-server refuses to start: it has no port for media",
                ru="livekit-server не запустится: для звука нет ни одного порта",
            ),
            Text(
                en="Choose a port above port_range_start", ru="Укажите порт больше port_range_start"
            ),
        ),
        "media.half-a-range": Sentences(
            Text(en="is set without port_range_{missing}", ru="задан без port_range_{missing}"),
            NoEffect(
                en="livekit-server ignores it: media uses other ports",
                ru="livekit-server его не учитывает: звук идёт через другие порты",
            ),
            Text(en="Write both of them", ru="Задайте оба"),
        ),
        "media.port-and-range": Sentences(
            Text(en="is set together with port_range_start", ru="задан вместе с port_range_start"),
            NoEffect(
                en="livekit-server ignores it: media uses the port range",
                ru="livekit-server его не учитывает: звук идёт через диапазон портов",
            ),
            Text(en="Keep one of them", ru="Оставьте что-то одно"),
        ),
        "turn.incomplete": Sentences(
            Text(en="{problem}", ru="{problem}"),
            SERVER_REFUSES,
            Text(
                en="Write what is missing, or switch TURN off",
                ru="Допишите недостающее или выключите TURN",
            ),
        ),
        "node.no-selector": Sentences(
            Text(
                en="is not a selector of livekit-server",
                ru="такого выбора узла в livekit-server нет",
            ),
            SERVER_REFUSES,
            WRITE_WHAT_FITS,
        ),
        "node.unknown-region": Sentences(
            Text(
                en="is not one of node_selector.regions",
                ru="такого региона нет в node_selector.regions",
            ),
            _UNLESS_REGION,
            _WRITE_A_REGION,
        ),
        "node.no-region": Sentences(MISSING, _UNLESS_REGION, _WRITE_A_REGION),
        "limit.too-low": Sentences(
            Text(en="is {value}", ru="равен {value}"),
            Text(
                en="livekit-server keeps callers or agents out: {because}",
                ru="livekit-server не впустит звонящих или агентов: {because}",
            ),
            Text(
                en="Write at least {least}, or delete it",
                ru="Укажите не меньше {least} или удалите ключ",
            ),
        ),
        "codec.no-opus": Sentences(
            Text(en="does not contain {codec}", ru="не содержит {codec}"),
            Text(
                en="livekit-sip has no codec in common with the room: nobody is heard, and no call "
                "is answered",
                ru="у livekit-sip и комнаты нет общего кодека: никого не слышно, и на вызовы никто "
                "не отвечает",
            ),
            Text(
                en="Add `- mime: {codec}`, or delete the list",
                ru="Добавьте `- mime: {codec}` или удалите список",
            ),
        ),
    }
)

SERVER_PARTS: Words = MappingProxyType(
    {
        "bad-key.missing": MISSING,
        "bad-key.unknown": Text(en="is not one of keys", ru="такого ключа нет в keys"),
        "bad-key.no-secret": Text(
            en="has no secret in keys", ru="для этого ключа в keys нет секрета"
        ),
        "bind.more-than-address": Text(
            en="contains more than an address: a port, or a scheme",
            ru="содержит не только адрес, но и порт или схему",
        ),
        "bind.twice": Text(en="lists an address twice", ru="один адрес указан дважды"),
        "bind.wildcard": Text(
            en="lists the wildcard address and another one",
            ru="указаны адрес 0.0.0.0 (или ::) и ещё один",
        ),
        "turn.no-port": Text(
            en="is on without a tls_port or a udp_port", ru="включён без tls_port и без udp_port"
        ),
        "turn.no-domain": Text(
            en="has a tls_port, but no domain", ru="есть tls_port, но нет domain"
        ),
        "turn.invalid-domain": Text(en="has an invalid domain", ru="неверный domain"),
        "turn.no-certificate": Text(
            en="has a tls_port, but no cert_file or no key_file",
            ru="есть tls_port, но нет cert_file или key_file",
        ),
        "because.two": Text(en="caller and agent are two", ru="звонящий и агент — это уже двое"),
        "because.identity": Text(
            en="the identity of a caller is `sip_` and the number, up to 16 characters",
            ru="identity звонящего — это `sip_` и номер, до 16 символов",
        ),
        "because.room-name": Text(
            en="the name of a room is the prefix of the rule, the caller's number and 13 "
            "characters",
            ru="имя комнаты — это префикс правила, номер звонящего и 13 символов",
        ),
        "because.attributes": Text(
            en="livekit-sip describes the call and its trunk in attributes of the caller",
            ru="livekit-sip описывает вызов и транк в атрибутах звонящего",
        ),
    }
)
