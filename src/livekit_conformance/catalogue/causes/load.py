"""
Failures of a deployment that has too little CPU time for its traffic.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import Cause, Not, Sign, any_of, log, logged, probe
from livekit_conformance.catalogue.causes.bus_signs import BUS_IS_EMPTY, NO_SIP_ON_BUS
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines import SERVER, SIP, errors, of_both, of_sip
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
# The bus was asked and has answered; see protocol/sip/outcome.py.
_NO_MORE_CALLS = probe(points_at=Link.TRUNK, outcome="refused")

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
    Cause(
        "call-quota-exceeded",
        Link.TRUNK,
        Text(
            en="The project may take no more calls: its quota is used up",
            ru="Проект больше не может принимать вызовы: квота исчерпана",
        ),
        Text(
            en=(
                "livekit-sip refused the call at once with 503 `Service temporarily unavailable`. "
                "It says so when the project has reached its quota (minutes of the plan or "
                "simultaneous calls). The bus is not at fault: a livekit-server that does not "
                "answer is 503 `Try again later`, after a second."
            ),
            ru=(
                "livekit-sip сразу отклонил вызов ответом 503 `Service temporarily unavailable`. "
                "Так он отвечает, когда у проекта исчерпана квота (минуты тарифа или "
                "одновременные вызовы). Шина ни при чём: если не отвечает livekit-server, это 503 "
                "`Try again later` и через секунду."
            ),
        ),
        Text(
            en=(
                "Compare usage and limits of the project (LiveKit Cloud: Settings, Billing), and "
                "look for calls that never ended. Raise the limit or the plan, or end the calls "
                "that hang. In a deployment of your own, the service that answers "
                "GetSIPTrunkAuthentication decides on the quota."
            ),
            ru=(
                "Сравните расход и лимиты проекта (LiveKit Cloud: Settings, Billing) и поищите "
                "вызовы, которые не завершились. Увеличьте лимит или тариф либо завершите "
                "зависшие вызовы. В собственной инсталляции квоту определяет сервис, отвечающий "
                "на GetSIPTrunkAuthentication."
            ),
        ),
        shows=(_NO_MORE_CALLS, logged(of_sip.QUOTA)),
        proofs=(_NO_MORE_CALLS,),
        source="livekit/sip pkg/sip/inbound.go AuthQuotaExceeded, pkg/service/psrpc.go",
    ),
)
