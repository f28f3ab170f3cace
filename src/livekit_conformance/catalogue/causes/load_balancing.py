"""
Failures where several servers share one address.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import Cause, check
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text

_SOME_SILENT = check(
    "1.2-every-connection-sees-the-room",
    "BLOCKED",
    message=re.compile(r"in time|ended before|reset by peer|refused"),
)

CAUSES: tuple[Cause, ...] = (
    Cause(
        "some-connections-get-no-answer",
        Link.ROOM_LIFE,
        Text(
            en="Some connections to `livekit.url` are answered, and others are not",
            ru="На одни соединения с `livekit.url` ответ приходит, на другие — нет",
        ),
        Text(
            en=(
                "livekit-server answered over the connections before, and over a new one it did "
                "not: a load balancer leads a part of them to a server that is dead or hangs, or "
                "one of the addresses of the host is no longer in use."
            ),
            ru=(
                "По прежним соединениям livekit-server отвечал, а по новому — нет: балансировщик "
                "ведёт часть соединений к серверу, который не работает или завис, или один из "
                "адресов хоста больше не используется."
            ),
        ),
        Text(
            en=(
                "Ask each server behind the address by itself, `curl -i` of its own http "
                "address: every one must answer `OK`. Take those that do not out of the load "
                "balancer (and out of DNS), and give it a health check of GET /."
            ),
            ru=(
                "Спросите каждый сервер за этим адресом отдельно, `curl -i` по его собственному "
                "адресу с http: каждый должен ответить `OK`. Уберите неотвечающие из "
                "балансировщика (и из DNS) и настройте на нём проверку GET /."
            ),
        ),
        shows=(_SOME_SILENT,),
        source="drivers/api/livekit_api.py: a new connection for each request; tests/faults",
    ),
)
