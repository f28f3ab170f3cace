"""
Words of findings about livekit-sip.yaml, and about both files together.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from livekit_conformance.config_doctor.sentences import (
    MISSING,
    NO_JOIN,
    SIP_REFUSES,
    WRITE_A_NETWORK,
    WRITE_WHAT_FITS,
    Presumption,
    Sentences,
)
from livekit_conformance.wording import Text

_WRITE_WITHIN = Text(en="Choose a value within the limits", ru="Укажите значение в этих границах")

SIP_SENTENCES: Mapping[str, Sentences] = MappingProxyType(
    {
        "redis.missing": Sentences(
            MISSING,
            SIP_REFUSES,
            Text(
                en="Write `redis: {address: HOST:6379}`, the same as in livekit.yaml",
                ru="Напишите `redis: {address: HOST:6379}`, как в livekit.yaml",
            ),
        ),
        "cluster.set": Sentences(
            Text(en="is set", ru="задан"),
            Text(
                en="the open-source livekit-server does not find livekit-sip for outbound calls "
                "(no response from servers)",
                ru="livekit-server с открытым кодом не найдёт livekit-sip для исходящих вызовов "
                "(«no response from servers»)",
            ),
            Text(
                en="Delete it, unless the server has clusters",
                ru="Удалите его, если у сервера нет кластеров",
            ),
        ),
        "account.missing": Sentences(
            MISSING,
            Text(
                en="calls are rejected with 486 unless {variable} is set for livekit-sip",
                ru="вызовы отклоняются с 486, если для livekit-sip не задана {variable}",
            ),
            Text(
                en="Write `{key}: ...`, or set {variable}",
                ru="Напишите `{key}: ...` или задайте {variable}",
            ),
        ),
        "server-url.no-scheme": Sentences(
            Text(en="does not begin with ws:// or wss://", ru="не начинается с ws:// или wss://"),
            NO_JOIN,
            Text(
                en="Write ws://HOST:7880 or wss://HOST",
                ru="Укажите ws://HOST:7880 или wss://HOST",
            ),
        ),
        "address.two-choices": Sentences(
            Text(en="is on together with {other}", ru="включён вместе с {other}"),
            SIP_REFUSES,
            Text(
                en="Keep {other} and switch {switch} off, or the other way round",
                ru="Оставьте {other} и выключите {switch} или наоборот",
            ),
        ),
        "address.invalid": Sentences(
            Text(en="is not an IP address", ru="не является IP-адресом"),
            SIP_REFUSES,
            Text(
                en="Write an address without a port: 192.0.2.1",
                ru="Укажите адрес без порта: 192.0.2.1",
            ),
        ),
        "address.not-a-network": Sentences(
            Text(en="is not a network", ru="не является сетью"), SIP_REFUSES, WRITE_A_NETWORK
        ),
        "address.no-hostname": Sentences(
            Text(
                en="contains more than a host name: a scheme, a port or a path",
                ru="содержит не только имя хоста, но и схему, порт или путь",
            ),
            SIP_REFUSES,
            Text(
                en="Write only the name; livekit-sip replaces ${IP} in it by the address",
                ru="Укажите только имя; ${IP} в нём livekit-sip заменит адресом",
            ),
        ),
        "ringing.replaced": Sentences(
            Text(
                en="{value} is not between {low:g} s and {high:g} s",
                ru="{value} вне пределов {low:g}–{high:g} с",
            ),
            Text(en="livekit-sip uses 1 s instead", ru="livekit-sip возьмёт 1 с"),
            _WRITE_WITHIN,
        ),
        "cpu.replaced": Sentences(
            Text(
                en="{value} is not a fraction above 0, up to 1",
                ru="{value} вне пределов: нужна доля больше 0 и не больше 1",
            ),
            Text(en="livekit-sip uses 0.9 instead", ru="livekit-sip возьмёт 0.9"),
            Text(en="Write 0.9 for 90 %", ru="Для 90 % укажите 0.9"),
        ),
        "rtp.single-number": Sentences(
            Text(en="is a single number", ru="содержит одно число"),
            Text(
                en="only the start of the range is set; its end stays 20000",
                ru="задано только начало диапазона, конец останется 20000",
            ),
            Text(
                en="Write {first}-20000, or the intended range",
                ru="Укажите {first}-20000 или нужный диапазон",
            ),
        ),
        "tls.no-certs": Sentences(
            Text(en="has no certs", ru="не содержит certs"),
            SIP_REFUSES,
            Text(
                en="Write `certs: [{cert_file: ..., key_file: ...}]` below it, or delete tls",
                ru="Добавьте в него `certs: [{cert_file: ..., key_file: ...}]` или удалите tls",
            ),
        ),
        "tls.incomplete-certs": Sentences(
            Text(
                en="has a certificate without cert_file or key_file",
                ru="у сертификата нет cert_file или key_file",
            ),
            SIP_REFUSES,
            Text(
                en="Write cert_file and key_file for each certificate",
                ru="Укажите cert_file и key_file для каждого сертификата",
            ),
        ),
        "tls.no-version": Sentences(
            Text(
                en="is not a TLS version that livekit-sip supports",
                ru="такой версии TLS livekit-sip не знает",
            ),
            SIP_REFUSES,
            WRITE_WHAT_FITS,
        ),
    }
)

_NO_SERVER = Presumption(
    en='calls are refused: "auth check failed", "no response from servers"',
    ru='вызовы отклоняются: "auth check failed", "no response from servers"',
)

PAIR_SENTENCES: Mapping[str, Sentences] = MappingProxyType(
    {
        "pair.server-without-redis": Sentences(
            Text(en="names no address", ru="не содержит адреса"),
            Text(
                en='the server is not on the bus: calls are refused: "auth check failed", "no '
                'response from servers"',
                ru='сервера нет на шине: вызовы отклоняются: "auth check failed", "no response '
                'from servers"',
            ),
            Text(
                en="Write the same `redis` as in livekit-sip.yaml",
                ru="Укажите тот же `redis`, что в livekit-sip.yaml",
            ),
        ),
        "pair.other-redis": Sentences(
            Text(
                en="is another Redis ({ours}) than that of livekit.yaml ({theirs})",
                ru="указывает на другой Redis ({ours}), чем livekit.yaml ({theirs})",
            ),
            _NO_SERVER,
            Text(
                en="Write the same Redis address into both files, spelt the same way",
                ru="Укажите в обоих файлах один адрес Redis в одинаковом написании",
            ),
        ),
        "pair.redis-differs": Sentences(
            Text(en="differs from livekit.yaml", ru="отличается от livekit.yaml"),
            Text(
                en="unless Redis accepts both values, one of the services cannot connect",
                ru="если Redis не принимает оба значения, один из сервисов не подключится",
            ),
            Text(
                en="Write the same value into both files", ru="Укажите в обоих файлах одно значение"
            ),
        ),
        "pair.unknown-key": Sentences(
            Text(en="is not one of the keys in livekit.yaml", ru="такого ключа нет в livekit.yaml"),
            NO_JOIN,
            Text(
                en="Write one of the keys below `keys` in livekit.yaml",
                ru="Укажите один из ключей раздела `keys` в livekit.yaml",
            ),
        ),
        "pair.other-secret": Sentences(
            Text(
                en="is not the secret of this key in livekit.yaml",
                ru="в livekit.yaml у этого ключа другой секрет",
            ),
            NO_JOIN,
            Text(
                en="Write the secret of this key from livekit.yaml",
                ru="Укажите секрет этого ключа из livekit.yaml",
            ),
        ),
        "pair.other-port": Sentences(
            Text(
                en="has port {given}, but livekit-server listens on {port}",
                ru="указывает порт {given}, а livekit-server слушает {port}",
            ),
            Presumption(
                en="unless something forwards it, livekit-sip cannot join rooms: calls are "
                "rejected with 486",
                ru="если этот порт не проброшен, livekit-sip не может войти в комнаты: "
                "вызовы отклоняются с 486",
            ),
            Text(en="Write port {port}", ru="Укажите порт {port}"),
        ),
        "pair.other-address": Sentences(
            Text(
                en="points to {host}, but livekit-server listens on {bound}",
                ru="указывает на {host}, а livekit-server слушает {bound}",
            ),
            Presumption(en=NO_JOIN.en, ru=NO_JOIN.ru),
            Text(
                en="Write one of bind_addresses, or add the address there",
                ru="Укажите один из bind_addresses или добавьте туда этот адрес",
            ),
        ),
    }
)
