"""
Failures of a deployment that has too little CPU time for its traffic.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import Cause, Not, Sign, any_of, log, logged
from livekit_conformance.catalogue.causes.bus_signs import BUS_IS_EMPTY, NO_SIP_ON_BUS
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines import SERVER, SIP, errors, of_both
from livekit_conformance.wording import Text

_HIGH_LOAD = tuple(logged(of_both.HIGH_CPU_LOAD, service=service) for service in (SERVER, SIP))
# psrpc waits 1 s for somebody to claim a request, and 3 s for the answer.
# The API of an outbound call also times out when the callee does not answer.
_TIMED_OUT = log(
    SIP,
    error=re.compile(f"{errors.NO_RESPONSE}|{errors.REQUEST_TIMED_OUT}"),
    link=Not(Link.OUTBOUND),
)
# An answered call crossed the bus in both directions.
_BUS_WORKS = Sign("sip-call", {"outcome": any_of("answered", "kept-ringing")})

CAUSES: tuple[Cause, ...] = (
    Cause(
        "deployment-is-overloaded",
        Link.SERVER,
        Text(
            en="The deployment is overloaded: its CPU is used up",
            ru="Развёртывание перегружено: процессорное время исчерпано",
        ),
        Text(
            en=(
                "A service logged `high cpu load` (less than 10 % of the CPU was idle), and "
                "livekit-sip got no answer from livekit-server in time, although other calls of "
                "this run were answered. So both use the same Redis, and neither is down: they are "
                "too slow. Calls of others fail as well."
            ),
            ru=(
                "Сервис записал в журнал `high cpu load` (свободно меньше 10 % процессорного "
                "времени), и livekit-sip не дождался ответа livekit-server, хотя другие вызовы "
                "этого прогона были приняты. Значит, Redis у них общий и оба работают, но не "
                "успевают. Чужие вызовы тоже не проходят."
            ),
        ),
        Text(
            en=(
                "Find what uses the CPU of their machines (top; in a container, its CPU limit). "
                "Give the services more CPU, or add a livekit-server and a livekit-sip on the same "
                "Redis. Run the checks again at a quieter time: failures under overload say "
                "nothing about the configuration."
            ),
            ru=(
                "Найдите, что занимает процессор на их машинах (top; в контейнере — его предел "
                "CPU). Дайте сервисам больше CPU или добавьте livekit-server и livekit-sip на том "
                "же Redis. Повторите проверки в более спокойное время: отказы при перегрузке "
                "ничего не говорят о конфигурации."
            ),
        ),
        shows=_HIGH_LOAD,
        also=(_TIMED_OUT, _BUS_WORKS),
        proofs=_HIGH_LOAD,
        excludes=(BUS_IS_EMPTY, NO_SIP_ON_BUS),
        breaks=(Link.BUS, Link.BUS_SIP, Link.JOIN, Link.CAPACITY, Link.OUTBOUND),
        source="livekit/protocol utils/hwstats/cpu.go; livekit/psrpc pkg/client/rpc.go",
    ),
)
