"""
Examination of a whole deployment: its probes and the order that they depend on.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlsplit

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import Need
from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.doctor import files, hosts, local_prerequisites, versions
from livekit_conformance.doctor.bus import ask_bus
from livekit_conformance.doctor.findings import (
    LinkFinding,
    in_order,
    judged,
    not_checked,
    ok,
    problem,
)
from livekit_conformance.doctor.hosts import Host
from livekit_conformance.doctor.probe_runner import ProbeStep, Strand, walk_all
from livekit_conformance.doctor.server import greet, list_rooms, list_telephony
from livekit_conformance.doctor.sip import ask_options, endpoint_of
from livekit_conformance.doctor.trunks_and_rules import judge_line
from livekit_conformance.drivers.api.livekit_api import ApiRefused, LiveKitClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.api.trunks_and_rules import Telephony
from livekit_conformance.drivers.bus import Bus
from livekit_conformance.drivers.daemon_threads import resolve_in_daemon_threads
from livekit_conformance.drivers.reachability import HostAndPort, Transport
from livekit_conformance.drivers.sip.source_address import Source
from livekit_conformance.environments.addresses import is_loopback
from livekit_conformance.environments.needs import LINES, unset_for
from livekit_conformance.environments.profile import Profile
from livekit_conformance.environments.variables import LeftOut
from livekit_conformance.judges.secrecy import judge_secret
from livekit_conformance.judges.server import judge_encryption
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.logline import LogLine
from livekit_conformance.provisioners.local.binaries import SERVER
from livekit_conformance.wording import Phrase, phrase

# Seconds for one probe. Drivers get a little less, so that their own error text is reported.
EACH_S = 3.0
_DRIVER_S = 2.8
_REDIS_PORT = 6379


@dataclass(slots=True)
class Seen:
    """
    Results of probes that other probes or the conclusions need.
    """

    source: Source = field(default_factory=Source)
    telephony: Telephony | None = None
    redis_version: str | None = None


@dataclass(slots=True)
class Examination:
    """
    Examination of the deployment of a live profile. It sends requests and changes nothing.
    """

    profile: Profile
    client: LiveKitClient
    recorder: Recorder
    left_out: Mapping[str, LeftOut]
    seen: Seen = field(default_factory=Seen)

    def strands(self) -> list[Strand]:
        """
        Return the strands of probes that can run at the same time.
        """
        transport = Transport(self.recorder, timeout=_DRIVER_S, lookup=_DRIVER_S)
        found = [Strand([*self._to_livekit(transport)])]
        if self.profile.sip.server:
            found.append(Strand([*self._to_sip(transport)]))
        if self.profile.webhook.url:
            found.append(Strand([*self._to_webhook(transport)]))
        if self.profile.redis:
            found.append(Strand([*self._to_redis(self.profile.redis, transport)]))
        if self.profile.sip.outbound.listen:
            found.append(Strand([_free("sip.outbound.listen", self.profile.sip.outbound.listen)]))
        return found

    def _to_livekit(self, transport: Transport) -> Iterator[ProbeStep]:
        profile, client = self.profile, self.client
        host = Host(
            "livekit.url",
            HostAndPort.of(profile.livekit.url),
            phrase("service.livekit-server"),
            Link.DNS,
            Link.TCP,
            Link.TLS,
        )
        yield from hosts.steps(host, transport)
        yield ProbeStep(
            Link.SERVER,
            phrase("service.livekit-server"),
            lambda: greet(client),
        )
        yield ProbeStep(
            Link.API_KEY,
            phrase("subject.api-key"),
            lambda: list_rooms(client, profile.livekit.api_key),
        )
        if profile.sip.outbound.trunk_id:
            yield ProbeStep(
                Link.OUTBOUND,
                phrase("subject.outbound-trunk"),
                self._outbound_trunk,
                stops_nothing=True,
            )
        yield ProbeStep(Link.LINE, phrase("subject.lists"), self._line)

    async def _line(self) -> Sequence[LinkFinding]:
        self.seen.telephony, findings = await list_telephony(self.client)
        return findings

    async def _outbound_trunk(self) -> Sequence[LinkFinding]:
        wanted = self.profile.sip.outbound.trunk_id
        try:
            trunks = await self.client.list_outbound_trunks()
        except ApiRefused:
            return []  # Refused for the same reason as the inbound lists, which is reported.
        ids = [trunk.sip_trunk_id for trunk in trunks]
        return [judge_outbound(str(wanted), ids)]

    def _to_sip(self, transport: Transport) -> Iterator[ProbeStep]:
        sip = self.profile.sip
        service = phrase("service.livekit-sip")
        host = Host(
            "sip.server",
            endpoint_of(sip),
            service,
            Link.SIP_SOCKET,
            Link.SIP_SOCKET,
            Link.SIP_SOCKET,
        )
        if sip.transport == "udp":
            yield hosts.name_step(host, transport)
        else:
            yield from hosts.steps(host, transport)
        yield ProbeStep(
            Link.SIP_SOCKET,
            phrase("subject.sip", server=sip.server),
            self._options,
        )

    async def _options(self) -> Sequence[LinkFinding]:
        self.seen.source, findings = await ask_options(self.profile.sip, self.recorder)
        return findings

    def _to_webhook(self, transport: Transport) -> Iterator[ProbeStep]:
        webhook = self.profile.webhook
        host = Host(
            "webhook.url",
            HostAndPort.of(webhook.url),
            phrase("service.application"),
            Link.ENDPOINT_DNS,
            Link.ENDPOINT_SOCKET,
            Link.ENDPOINT_TLS,
        )
        if webhook.listen is None:
            yield from hosts.steps(host, transport)
            return
        yield hosts.name_step(host, transport)
        yield _free("webhook.listen", webhook.listen)

    def _to_redis(self, url: str, transport: Transport) -> Iterator[ProbeStep]:
        parts = urlsplit(url)
        endpoint = HostAndPort(
            parts.hostname or "", parts.port or _REDIS_PORT, parts.scheme == "rediss"
        )
        host = Host("redis", endpoint, phrase("service.redis"), Link.BUS, Link.BUS, Link.BUS)
        yield from hosts.steps(host, transport)
        yield ProbeStep(Link.BUS, phrase("subject.bus"), self._bus)

    async def _bus(self) -> Sequence[LinkFinding]:
        bus = Bus(str(self.profile.redis), self.recorder, timeout=_DRIVER_S)
        self.seen.redis_version, findings = await ask_bus(bus, self.profile.deployment)
        return findings

    def conclusions(self) -> Iterator[LinkFinding]:
        """
        Yield the findings that follow from all answers together.
        """
        profile, seen = self.profile, self.seen
        if not profile.sip.number:
            fix = to_add(Need.SIP, profile, self.left_out, also="number: ...")
            yield not_checked(Link.LINE, phrase("line.no-number", fix=fix))
        elif seen.telephony is not None:
            lists = seen.telephony
            yield from judge_line(lists.trunks, lists.rules, profile, seen.source)
        yield from versions.judge_versions(
            in_log=versions.server_version_in(self._lines("livekit-server")),
            in_redis=seen.redis_version,
            sip_in_log=versions.sip_version_in(self._lines("livekit-sip")),
            oldest=SERVER.versions[-1],
        )

    def _lines(self, service: str) -> list[LogLine]:
        paths = (s.path for s in self.profile.logs if s.service == service and s.path)
        return [line for path in paths for line in files.lines_of_log(path)]


async def examine(
    profile: Profile,
    recorder: Recorder,
    *,
    environ: Mapping[str, str],
    whole: float,
    left_out: Mapping[str, LeftOut] = MappingProxyType({}),
) -> list[LinkFinding]:
    """
    Return all findings that `whole` seconds allow, in the order of the chain.

    `left_out` are the keys of the profile whose variables are not set.
    """
    if profile.kind != "live":
        strands = local_prerequisites.strands_of_own(profile, environ)
        found = await walk_all(strands, each=EACH_S, whole=whole)
        return in_order([local_prerequisites.judge_kind(profile), *found])
    resolve_in_daemon_threads()
    secret = profile.livekit.api_secret.get_secret_value()
    async with AsyncExitStack() as opened:
        client = await opened.enter_async_context(
            LiveKitClient(
                profile.livekit.url,
                api_key=profile.livekit.api_key,
                api_secret=secret,
                # Regardless of what the profile allows: this command only reads.
                permit=Permit(profile.allow & {Effect.READ}),
                recorder=recorder,
                timeout=_DRIVER_S,
            )
        )
        look = Examination(profile, client, recorder, left_out)
        found = await walk_all(look.strands(), each=EACH_S, whole=whole)
        found += look.conclusions()
        return in_order(
            [
                *files.look_at_configs(profile, found),
                *judged("1.1-secret-is-strong", judge_secret(secret)),
                *look_at_encryption(profile),
                *judge_gaps(profile, left_out),
                *found,
                *files.look_at_logs(profile),
            ]
        )


# -- judgement


def look_at_encryption(profile: Profile) -> Iterator[LinkFinding]:
    """
    Check that tokens are not sent over a network unencrypted.
    """
    endpoint = HostAndPort.of(profile.livekit.url)
    if endpoint.is_secure:
        return  # The certificate has a probe of its own.
    if is_loopback(endpoint.host):
        yield ok(Link.TLS, phrase("connection.within-machine"))
        return
    found = judge_encryption(endpoint.host, is_secure=endpoint.is_secure)
    yield from judged("1.1-transport-is-encrypted", found)


def judge_gaps(profile: Profile, left_out: Mapping[str, LeftOut]) -> Iterator[LinkFinding]:
    """
    Yield a finding for each link that the profile does not configure.
    """
    for need, link, given, code in (
        (Need.SIP, Link.SIP_SOCKET, profile.sip.server, "profile.no-sip-server"),
        (Need.REDIS, Link.BUS, profile.redis, "profile.no-redis"),
        (Need.ENDPOINT, Link.ENDPOINT, profile.webhook.url, "profile.no-endpoint"),
    ):
        if not given:
            yield not_checked(link, phrase(code, fix=to_add(need, profile, left_out)))


def to_add(
    need: Need, profile: Profile, left_out: Mapping[str, LeftOut], *, also: str = ""
) -> Phrase:
    """
    Return the instruction to set or write what `need` is missing, and another profile line `also`.
    """
    if names := unset_for(need, profile, left_out):
        return phrase("fix.set-variables", names=names)
    if also:
        return phrase("fix.add-two-lines", line=LINES[need], other=also)
    return phrase("fix.add-line", line=LINES[need])


def judge_outbound(wanted: str, ids: Sequence[str]) -> LinkFinding:
    """
    Check that the outbound trunk of the profile exists.
    """
    if wanted in ids:
        return ok(Link.OUTBOUND, phrase("outbound-trunk.exists", trunk=wanted))
    if not ids:
        return problem(Link.OUTBOUND, phrase("outbound-trunk.none", trunk=wanted))
    what = phrase("outbound-trunk.unknown", trunk=wanted, others=tuple(ids[:3]))
    return problem(Link.OUTBOUND, what)


def _free(key: str, listen: str) -> ProbeStep:
    """
    Return the probe for an address that the suite itself listens on during a run: is it free?
    """
    is_webhook = key == "webhook.listen"
    link = Link.ENDPOINT_SOCKET if is_webhook else Link.OUTBOUND
    of = {"address": listen, "key": key}

    async def probe() -> Sequence[LinkFinding]:
        host, _, port = listen.rpartition(":")
        kind = socket.SOCK_STREAM if is_webhook else socket.SOCK_DGRAM
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, kind) as bound:
            if is_webhook:
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                bound.bind((host.strip("[]"), int(port)))
            except OSError as error:
                taken = phrase("address.taken", **of, reason=str(error.strerror))
                return [problem(link, taken)]
        return [ok(link, phrase("address.free", **of))]

    return ProbeStep(link, phrase("subject.address", **of), probe)
