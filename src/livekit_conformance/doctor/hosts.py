"""
Path to a host that the profile names: its name, its port, its certificate.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.doctor.findings import LinkFinding, judged, ok, problem
from livekit_conformance.doctor.probe_runner import ProbeStep
from livekit_conformance.drivers.reachability import (
    HostAndPort,
    Resolution,
    TlsHandshake,
    Transport,
)
from livekit_conformance.environments.addresses import is_address
from livekit_conformance.errors import Failure, Unreachable
from livekit_conformance.judges.secrecy import days_left, judge_expiry
from livekit_conformance.judges.server import judge_tls
from livekit_conformance.wording import Phrase, phrase

# Clause of a certificate, by its link; else that of livekit-server's.
_TRUSTED: Mapping[Link, str] = MappingProxyType({Link.ENDPOINT_TLS: "1.3-endpoint-tls-is-trusted"})


@dataclass(frozen=True, slots=True)
class Host:
    """
    Endpoint of a `key` of the profile, with the links on the way and the service at its end.
    """

    key: str
    endpoint: HostAndPort
    service: Phrase
    dns: Link
    tcp: Link
    tls: Link

    def of(self, code: str, /, **data: str | float | tuple[str, ...]) -> Phrase:
        """
        Return the phrase of a code, with what every sentence about the host may name.
        """
        return phrase(
            code,
            key=self.key,
            name=self.endpoint.host,
            endpoint=str(self.endpoint),
            port=str(self.endpoint.port),
            service=self.service,
            **data,
        )


def name_step(host: Host, transport: Transport) -> ProbeStep:
    """
    Return the step that resolves the host name.
    """

    async def probe() -> Sequence[LinkFinding]:
        if is_address(host.endpoint.host):
            return []  # There is nothing to look up.
        try:
            resolution = await transport.resolve(host.endpoint)
        except Unreachable as silent:
            return [problem(host.dns, host.of("dns.silent", reason=silent.detail))]
        return [judge_name(host, resolution)]

    return ProbeStep(host.dns, host.of("subject.name"), probe)


def port_step(host: Host, transport: Transport) -> ProbeStep:
    """
    Return the step that opens a TCP connection to the port.
    """

    async def probe() -> Sequence[LinkFinding]:
        try:
            await transport.connect(host.endpoint)
        except Unreachable as closed:
            return [port_is_closed(host, closed)]
        return [ok(host.tcp, host.of("port.open"))]

    return ProbeStep(host.tcp, host.of("subject.port"), probe)


def certificate_step(host: Host, transport: Transport) -> ProbeStep:
    """
    Return the step that checks the certificate: its trust and its end of validity.
    """

    async def probe() -> Sequence[LinkFinding]:
        try:
            handshake = await transport.shake_hands(host.endpoint)
        except Unreachable as dropped:
            return [problem(host.tls, host.of("tls.no-handshake", reason=dropped.detail))]
        return judge_certificate(host, handshake, now=time.time())

    return ProbeStep(host.tls, host.of("subject.certificate"), probe)


def steps(host: Host, transport: Transport) -> Iterator[ProbeStep]:
    """
    Yield all steps that the URL needs.
    """
    yield name_step(host, transport)
    yield port_step(host, transport)
    if host.endpoint.is_secure:
        yield certificate_step(host, transport)


# -- judgement


def judge_name(host: Host, resolution: Resolution) -> LinkFinding:
    """
    Judge the answer of the resolver.
    """
    if resolution.problem is None:
        return ok(host.dns, host.of("dns.resolved", addresses=tuple(resolution.addresses)))
    return problem(host.dns, host.of("dns.no-address", reason=resolution.problem))


def port_is_closed(host: Host, closed: Unreachable) -> LinkFinding:
    """
    Return the problem of a closed port: a refusal and silence have different remedies.
    """
    code = "port.refused" if closed.failure is Failure.REFUSED else "port.filtered"
    return problem(host.tcp, host.of(code, reason=closed.detail))


def judge_certificate(host: Host, handshake: TlsHandshake, *, now: float) -> list[LinkFinding]:
    """
    Judge the result of the handshake; `now` in Unix seconds.
    """
    endpoint = str(host.endpoint)
    trusted = _TRUSTED.get(host.tls, "1.1-tls-is-trusted")
    distrust = judge_tls(endpoint, handshake.problem, handshake.failure)
    if wrong := [*judged(trusted, distrust, link=host.tls)]:
        return wrong
    ends = judge_expiry(endpoint, days := days_left(handshake.not_after, now=now))
    valid = host.of("certificate.valid", days=days, version=handshake.version)
    return [*judged("1.1-tls-certificate-lasts", ends, valid, link=host.tls)]
