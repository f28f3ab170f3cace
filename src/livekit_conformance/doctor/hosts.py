"""
Path to a host that the profile names: its name, its port, its certificate.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text
from livekit_conformance.doctor.findings import LinkFinding, ok, problem, warning
from livekit_conformance.doctor.probe_runner import ProbeStep
from livekit_conformance.drivers.reachability import (
    HostAndPort,
    Resolution,
    TlsHandshake,
    Transport,
)
from livekit_conformance.errors import Unreachable

_DAY_S = 86400
_LASTS_DAYS = 14


@dataclass(frozen=True, slots=True)
class Host:
    """
    Endpoint of a `key` of the profile, with the links on the way and the service at its end.
    """

    key: str
    endpoint: HostAndPort
    service: Text
    dns: Link
    tcp: Link
    tls: Link

    def name(self) -> Text:
        """
        Return the subject of the first step.
        """
        return Text(
            en=f"the name `{self.endpoint.host}` ({self.key})",
            ru=f"имя `{self.endpoint.host}` ({self.key})",
        )

    def port(self) -> Text:
        """
        Return the subject of the second step.
        """
        return Text(
            en=f"the port `{self.endpoint}` ({self.key})",
            ru=f"порт `{self.endpoint}` ({self.key})",
        )

    def certificate(self) -> Text:
        """
        Return the subject of the third step.
        """
        return Text(
            en=f"the certificate of `{self.endpoint}` ({self.key})",
            ru=f"сертификат `{self.endpoint}` ({self.key})",
        )


def name_step(host: Host, transport: Transport) -> ProbeStep:
    """
    Return the step that resolves the host name.
    """

    async def probe() -> Sequence[LinkFinding]:
        if _is_address(host.endpoint.host):
            return []  # There is nothing to look up.
        try:
            resolution = await transport.resolve(host.endpoint)
        except Unreachable as silent:
            return [resolver_is_silent(host, silent)]
        return [judge_name(host, resolution)]

    return ProbeStep(host.dns, host.name(), probe)


def port_step(host: Host, transport: Transport) -> ProbeStep:
    """
    Return the step that opens a TCP connection to the port.
    """

    async def probe() -> Sequence[LinkFinding]:
        try:
            await transport.connect(host.endpoint)
        except Unreachable as closed:
            return [port_is_closed(host, closed)]
        text = Text(
            en=f"`{host.endpoint}` accepts connections ({host.key})",
            ru=f"`{host.endpoint}` принимает соединения ({host.key})",
        )
        return [ok(host.tcp, text)]

    return ProbeStep(host.tcp, host.port(), probe)


def certificate_step(host: Host, transport: Transport) -> ProbeStep:
    """
    Return the step that checks the certificate: its trust and its end of validity.
    """

    async def probe() -> Sequence[LinkFinding]:
        try:
            handshake = await transport.shake_hands(host.endpoint)
        except Unreachable as dropped:
            return [handshake_dropped(host, dropped)]
        return [judge_certificate(host, handshake, now=time.time())]

    return ProbeStep(host.tls, host.certificate(), probe)


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
    name = host.endpoint.host
    if resolution.problem is None:
        addresses = ", ".join(f"`{address}`" for address in resolution.addresses)
        text = Text(
            en=f"`{name}` is {addresses} ({host.key})", ru=f"`{name}` — {addresses} ({host.key})"
        )
        return ok(host.dns, text)
    return problem(
        host.dns,
        Text(
            en=f"`{name}` has no address: `{resolution.problem}` ({host.key})",
            ru=f"у `{name}` нет адреса: `{resolution.problem}` ({host.key})",
        ),
        Text(
            en=f"Correct `{host.key}`, or create the DNS record: `dig {name}`",
            ru=f"Исправьте `{host.key}` или заведите запись в DNS: `dig {name}`",
        ),
    )


def resolver_is_silent(host: Host, silent: Unreachable) -> LinkFinding:
    """
    Return the problem that no name server answers.
    """
    name = host.endpoint.host
    return problem(
        host.dns,
        Text(
            en=f"no name server answers for `{name}`: `{silent.detail}` ({host.key})",
            ru=f"ни один DNS-сервер не ответил про `{name}`: `{silent.detail}` ({host.key})",
        ),
        Text(
            en="Fix the DNS of this machine: `cat /etc/resolv.conf`",
            ru="Исправьте DNS на этой машине: `cat /etc/resolv.conf`",
        ),
    )


def port_is_closed(host: Host, closed: Unreachable) -> LinkFinding:
    """
    Return the problem of a closed port: a refusal and silence have different remedies.
    """
    text = Text(
        en=f"`{host.endpoint}` does not accept connections: `{closed.detail}` ({host.key})",
        ru=f"`{host.endpoint}` не принимает соединения: `{closed.detail}` ({host.key})",
    )
    if "refused" in closed.detail.lower():
        return problem(
            host.tcp,
            text,
            Text(
                en=f"Start {host.service.en} there, or correct the port in `{host.key}`; what "
                f"listens on that machine: `ss -ltnp | grep :{host.endpoint.port}`",
                ru=f"Запустите там {host.service.ru} или исправьте порт в `{host.key}`; кто "
                f"слушает, покажет на той машине `ss -ltnp | grep :{host.endpoint.port}`",
            ),
        )
    return problem(
        host.tcp,
        text,
        Text(
            en=f"Open TCP port {host.endpoint.port} in the firewall or security group of that "
            f"machine, or correct `{host.key}`",
            ru=f"Откройте TCP-порт {host.endpoint.port} в межсетевом экране (security group) той "
            f"машины или исправьте `{host.key}`",
        ),
    )


def handshake_dropped(host: Host, dropped: Unreachable) -> LinkFinding:
    """
    Return the problem that the port is open, but the TLS handshake fails.
    """
    return problem(
        host.tls,
        Text(
            en=f"no TLS handshake with `{host.endpoint}`: `{dropped.detail}` ({host.key})",
            ru=f"TLS-рукопожатие с `{host.endpoint}` не удалось: `{dropped.detail}` ({host.key})",
        ),
        Text(
            en="Check what is behind the port: a proxy without TLS, or one that expects another "
            f"host name. {_without_tls(host).en}",
            ru="Проверьте, что стоит за портом: прокси без TLS или прокси, который ждёт другое "
            f"имя. {_without_tls(host).ru}",
        ),
    )


def judge_certificate(host: Host, handshake: TlsHandshake, *, now: float) -> LinkFinding:
    """
    Judge the result of the handshake; `now` in Unix seconds.
    """
    if handshake.problem is not None:
        return problem(
            host.tls,
            Text(
                en=f"the certificate of `{host.endpoint}` is not trusted: `{handshake.problem}` "
                f"({host.key})",
                ru=f"сертификату `{host.endpoint}` нельзя доверять: `{handshake.problem}` "
                f"({host.key})",
            ),
            _remedy_of(host, handshake.problem),
        )
    days = (handshake.not_after - now) / _DAY_S
    text = Text(
        en=f"the certificate of `{host.endpoint}` is trusted and valid for {days:.0f} days "
        f"({handshake.version}, {host.key})",
        ru=f"сертификат `{host.endpoint}` верен, действует ещё {days:.0f} дн. "
        f"({handshake.version}, {host.key})",
    )
    if days >= _LASTS_DAYS:
        return ok(host.tls, text)
    return warning(
        host.tls,
        text,
        Text(
            en="Renew it now, and find out why it was not renewed automatically",
            ru="Обновите его сейчас и выясните, почему не сработало автоматическое обновление",
        ),
    )


def _remedy_of(host: Host, words: str) -> Text:
    name = host.endpoint.host
    if "expired" in words:
        return Text(
            en=f"Renew the certificate of `{name}` and reload the proxy that serves it",
            ru=f"Обновите сертификат `{name}` и перезагрузите прокси, который его отдаёт",
        )
    if "mismatch" in words or "doesn't match" in words:
        return Text(
            en=f"Set `{host.key}` to the host that the certificate is for, or get one for `{name}`",
            ru=f"Укажите в `{host.key}` имя, на которое выдан сертификат, или получите сертификат "
            f"на `{name}`",
        )
    if "issuer" in words or "self" in words:
        return Text(
            en="Make the server send its whole chain (fullchain.pem); every client must trust a "
            "private authority: `SSL_CERT_FILE=/path/to/authority.pem`",
            ru="Настройте сервер так, чтобы он отдавал всю цепочку (fullchain.pem); своему "
            "удостоверяющему центру должен доверять каждый клиент: "
            "`SSL_CERT_FILE=/путь/к/authority.pem`",
        )
    return Text(
        en=f"Inspect it: `openssl s_client -connect {host.endpoint} -servername {name}`. "
        f"{_without_tls(host).en}",
        ru=f"Посмотрите на него: `openssl s_client -connect {host.endpoint} -servername {name}`. "
        f"{_without_tls(host).ru}",
    )


def _without_tls(host: Host) -> Text:
    return Text(
        en=f"If the port has no TLS on purpose, `{host.key}` must not require it",
        ru=f"Если TLS на этом порту нет намеренно, `{host.key}` не должен его требовать",
    )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
