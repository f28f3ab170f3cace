"""
Failures that keep a call from matching its trunk and dispatch rule.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis.asyncio
from livekit import api
from pydantic import SecretStr

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.environments.profile import Profile
from livekit_conformance.provisioners.telephony import PhoneLine
from tests.scenarios import sip_alg
from tests.scenarios.failures.scenario import Scenario
from tests.scenarios.operator_api import operator_api
from tests.scenarios.real_stack import Scene

Act = Callable[[Scene], Awaitable[None]]

_NUMBER = PhoneLine().number
_OTHER_NUMBER = "+15550199"
_OTHER_CALLER = "+15550198"
_ANSWER_WITHIN_S = 5.0
_OTHER_SOURCE = "192.0.2.1"
# livekit-server keeps its dispatch rules in this hash (pkg/service/redisstore_sip.go).
_RULES = "sip_dispatch_rule"
_PROXY_AUTHORIZATION = re.compile(rb"(?mi)^Proxy-Authorization:[^\r\n]*\r\n")


@asynccontextmanager
async def _sip(broken: Scene) -> AsyncIterator[Any]:
    async with operator_api(broken.profile.livekit) as server:
        yield server.sip


def _change_trunk(**changes: Any) -> Act:
    """
    Return an act that changes fields of the inbound trunk.
    """

    async def act(broken: Scene) -> None:
        async with _sip(broken) as sip:
            (trunk,) = (await sip.list_inbound_trunk(api.ListSIPInboundTrunkRequest())).items
            for name, value in changes.items():
                trunk.ClearField(name)
                field = getattr(trunk, name)
                field.extend(value) if isinstance(value, list) else setattr(trunk, name, value)
            await sip.update_inbound_trunk(trunk.sip_trunk_id, trunk)

    return act


def _change_rule(**changes: Any) -> Act:
    """
    Return an act that changes fields of the dispatch rule.
    """

    async def act(broken: Scene) -> None:
        async with _sip(broken) as sip:
            (rule,) = (await sip.list_dispatch_rule(api.ListSIPDispatchRuleRequest())).items
            for name, value in changes.items():
                rule.ClearField(name)
                rule.MergeFrom(api.SIPDispatchRuleInfo(**{name: value}))
            await sip.update_dispatch_rule(rule.sip_dispatch_rule_id, rule)

    return act


async def _delete_trunk(broken: Scene) -> None:
    async with _sip(broken) as sip:
        for trunk in (await sip.list_inbound_trunk(api.ListSIPInboundTrunkRequest())).items:
            await sip.delete_trunk(api.DeleteSIPTrunkRequest(sip_trunk_id=trunk.sip_trunk_id))


async def _delete_rule(broken: Scene) -> None:
    async with _sip(broken) as sip:
        for rule in (await sip.list_dispatch_rule(api.ListSIPDispatchRuleRequest())).items:
            await sip.delete_dispatch_rule(
                api.DeleteSIPDispatchRuleRequest(sip_dispatch_rule_id=rule.sip_dispatch_rule_id)
            )


async def _create_trunk_anew(broken: Scene) -> None:
    async with _sip(broken) as sip:
        (trunk,) = (await sip.list_inbound_trunk(api.ListSIPInboundTrunkRequest())).items
        await sip.delete_trunk(api.DeleteSIPTrunkRequest(sip_trunk_id=trunk.sip_trunk_id))
        trunk.ClearField("sip_trunk_id")
        await sip.create_inbound_trunk(api.CreateSIPInboundTrunkRequest(trunk=trunk))


async def _second_trunk(broken: Scene) -> None:
    # The API accepts a trunk for one caller beside one for all, and that caller cannot call.
    async with _sip(broken) as sip:
        trunk = api.SIPInboundTrunkInfo(
            name="second", numbers=[_NUMBER], allowed_numbers=[broken.profile.sip.caller]
        )
        await sip.create_inbound_trunk(api.CreateSIPInboundTrunkRequest(trunk=trunk))


def _refused_trunk(**fields: Any) -> Act:
    """
    Return an act in which an operator tries to create a trunk, and the server refuses it.
    """

    async def act(broken: Scene) -> None:
        trunk = api.SIPInboundTrunkInfo(name="second", **fields)
        async with _sip(broken) as sip:
            with pytest.raises(api.TwirpError, match="invalid_argument"):
                await sip.create_inbound_trunk(api.CreateSIPInboundTrunkRequest(trunk=trunk))

    return act


async def _refused_rule(broken: Scene) -> None:
    async with _sip(broken) as sip:
        (rule,) = (await sip.list_dispatch_rule(api.ListSIPDispatchRuleRequest())).items
        rule.ClearField("sip_dispatch_rule_id")
        with pytest.raises(api.TwirpError, match="invalid_argument"):
            await sip.create_dispatch_rule(api.CreateSIPDispatchRuleRequest(dispatch_rule=rule))


async def _second_rule_past_the_api(broken: Scene) -> None:
    """
    Copy the rule under another id, straight into livekit-server's store.
    """
    async with redis.asyncio.Redis.from_url(broken.stack.redis_url, protocol=2) as client:
        ((_, kept),) = (await client.hgetall(_RULES)).items()
        assert isinstance(kept, bytes)
        rule = api.SIPDispatchRuleInfo.FromString(kept)
        rule.sip_dispatch_rule_id = "SDR_second"
        await client.hset(_RULES, rule.sip_dispatch_rule_id, rule.SerializeToString())


async def _firewall_that_drops_udp(broken: Scene) -> None:
    """
    Put an address in front of livekit-sip that forwards TCP, and takes UDP without an answer.
    """
    host, _, port = broken.profile.sip.server.rpartition(":")

    async def passed_on(near: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        far, requests = await asyncio.open_connection(host, int(port))
        try:
            await asyncio.gather(_copied(near, requests), _copied(far, answers))
        finally:
            requests.close()
            answers.close()

    front = await asyncio.start_server(passed_on, host, 0)
    broken.beside.callback(front.close)
    address = front.sockets[0].getsockname()
    loop = asyncio.get_running_loop()
    dropping, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=address)
    broken.beside.callback(dropping.close)
    broken.profile = _told(server=":".join(map(str, address)))(broken.profile)


async def _sbc_that_strips_credentials(broken: Scene) -> None:
    sbc = sip_alg.running(
        broken.profile, to_server=lambda datagram: _PROXY_AUTHORIZATION.sub(b"", datagram)
    )
    router = await broken.beside.enter_async_context(sbc)
    broken.profile = sip_alg.through(broken.profile, router)


async def _copied(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    while data := await source.read(4096):
        to.write(data)
        await to.drain()
    to.write_eof()


async def _register(broken: Scene) -> None:
    await _send(broken, "REGISTER", status=405)


async def _invite_without_sdp(broken: Scene) -> None:
    await _change_trunk(auth_username="", auth_password="")(broken)
    await _send(broken, "INVITE", status=400)


async def _send(broken: Scene, method: str, *, status: int) -> None:
    """
    Send a request without a body over UDP, and return when the final answer has arrived.
    """
    host, _, port = broken.profile.sip.server.rpartition(":")
    answers: asyncio.Queue[bytes] = asyncio.Queue()

    class Phone(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
            answers.put_nowait(data)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Phone, remote_addr=(host, int(port)))
    me = ":".join(map(str, transport.get_extra_info("sockname")))
    lines = (
        f"{method} sip:{_NUMBER}@{host}:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP {me};branch=z9hG4bK-{method}",
        "Max-Forwards: 70",
        f"From: <sip:{broken.profile.sip.caller}@{me}>;tag={method}",
        f"To: <sip:{_NUMBER}@{host}>",
        f"Call-ID: {method}@scenario",
        f"CSeq: 1 {method}",
        f"Contact: <sip:phone@{me}>",
        "Content-Length: 0",
    )
    try:
        transport.sendto("\r\n".join((*lines, "", "")).encode())
        async with asyncio.timeout(_ANSWER_WITHIN_S):
            while not (await answers.get()).startswith(f"SIP/2.0 {status}".encode()):
                pass
    finally:
        transport.close()


async def _ask_for_pin(broken: Scene) -> None:
    async with _sip(broken) as sip:
        (rule,) = (await sip.list_dispatch_rule(api.ListSIPDispatchRuleRequest())).items
        rule.rule.dispatch_rule_individual.pin = "0123"
        await sip.update_dispatch_rule(rule.sip_dispatch_rule_id, rule)


def _direct(room: str) -> api.SIPDispatchRule:
    return api.SIPDispatchRule(dispatch_rule_direct=api.SIPDispatchRuleDirect(room_name=room))


def _individual(prefix: str) -> api.SIPDispatchRule:
    individual = api.SIPDispatchRuleIndividual(room_prefix=prefix)
    return api.SIPDispatchRule(dispatch_rule_individual=individual)


def _told(**changes: Any) -> Callable[[Profile], Profile]:
    """
    Return a change after which the profile no longer matches the SIP side.
    """

    def told(profile: Profile) -> Profile:
        return profile.model_copy(update={"sip": profile.sip.model_copy(update=changes)})

    return told


def _other_port(profile: Profile) -> Profile:
    host = profile.sip.server.rpartition(":")[0]
    return _told(server=f"{host}:5061")(profile)


# More general causes of the same fault.
_UNREACHABLE = frozenset({"sip-unreachable"})
_REFUSED = frozenset({"trunk-refuses-credentials"})

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "sip-port-wrong",
        "The profile names another port of livekit-sip than it listens on.",
        "sip-listens-elsewhere",
        Link.SIP_SOCKET,
        profile=_other_port,
        also=_UNREACHABLE,
    ),
    Scenario(
        "sip-host-unknown",
        "The profile names a host that no resolver knows.",
        "sip-host-unknown",
        Link.SIP_SOCKET,
        profile=_told(server="livekit-sip.invalid:5060"),
        also=_UNREACHABLE,
    ),
    Scenario(
        "sip-without-tls",
        "The profile wants TLS at a port where livekit-sip speaks plain SIP.",
        "sip-speaks-no-tls",
        Link.SIP_SOCKET,
        profile=_told(transport="tls"),
        also=_UNREACHABLE,
    ),
    Scenario(
        "udp-blocked",
        "A firewall lets TCP through to livekit-sip, and drops UDP.",
        "udp-does-not-reach-sip",
        Link.SIP_SOCKET,
        act=_firewall_that_drops_udp,
        also=_UNREACHABLE,
    ),
    Scenario(
        "rule-with-an-unknown-preset",
        "The dispatch rule names a room configuration that livekit-server does not have.",
        "rule-names-an-unknown-preset",
        Link.JOIN,
        act=_change_rule(room_preset="of-another-deployment"),
    ),
    Scenario(
        "rule-with-an-unknown-codec",
        "The dispatch rule lists a codec that livekit-sip does not have.",
        "media-settings-are-refused",
        Link.OFFER,
        act=_change_rule(media=api.SIPMediaConfig(codecs=[api.SIPCodec(name="G729")])),
    ),
    Scenario(
        "trunk-wrong-password",
        "The PBX has another password than the trunk.",
        "profile-has-another-password",
        Link.CREDENTIALS,
        profile=_told(password=SecretStr("not-the-trunk's")),
        also=_REFUSED,
        row=7,
    ),
    Scenario(
        "trunk-wrong-user",
        "The PBX has another user name than the trunk.",
        "profile-has-another-user",
        Link.CREDENTIALS,
        profile=_told(username="somebody-else"),
        also=_REFUSED,
        row=7,
    ),
    Scenario(
        "sbc-strips-credentials",
        "An SBC in front of livekit-sip drops Proxy-Authorization, so 407 never ends.",
        "trunk-refuses-credentials",
        Link.CREDENTIALS,
        act=_sbc_that_strips_credentials,
        row=7,
    ),
    Scenario(
        "trunk-with-half-an-account",
        "The inbound trunk has a user name and no password, so it lets everybody in.",
        "trunk-account-is-incomplete",
        Link.STRANGERS,
        act=_change_trunk(auth_password=""),
        row=7,
    ),
    Scenario(
        "trunk-without-an-account",
        "The inbound trunk has neither user name nor password; the PBX has both.",
        "trunk-takes-anybody",
        Link.STRANGERS,
        act=_change_trunk(auth_username="", auth_password=""),
        row=7,
    ),
    Scenario(
        "no-account-in-the-pbx",
        "The PBX has no account; the trunk asks for one.",
        "profile-has-no-account",
        Link.CREDENTIALS,
        profile=_told(username="", password=SecretStr("")),
        also=_REFUSED,
        row=7,
    ),
    Scenario(
        "no-trunk",
        "The inbound trunk was deleted; its rule is still there.",
        "no-inbound-trunk",
        Link.TRUNK,
        act=_delete_trunk,
        row=4,
    ),
    Scenario(
        "number-in-no-trunk",
        "The number that is dialled is another one than the trunk has.",
        "number-is-in-no-trunk",
        Link.TRUNK,
        profile=_told(number=_OTHER_NUMBER),
        row=4,
    ),
    Scenario(
        "number-in-national-form",
        "The provider sends the number in its national form, the trunk has the international one.",
        "trunk-writes-the-number-differently",
        Link.TRUNK,
        profile=_told(number=_NUMBER.removeprefix("+1")),
        row=4,
    ),
    Scenario(
        "caller-not-allowed",
        "The trunk takes calls of another caller only.",
        "caller-is-not-allowed",
        Link.TRUNK,
        act=_change_trunk(allowed_numbers=[_OTHER_CALLER]),
        row=4,
    ),
    Scenario(
        "source-not-allowed",
        "The trunk takes calls from another address only.",
        "source-is-not-allowed",
        Link.TRUNK,
        act=_change_trunk(allowed_addresses=[_OTHER_SOURCE]),
        row=4,
    ),
    Scenario(
        "no-rule",
        "There is a trunk and no dispatch rule.",
        "no-dispatch-rule",
        Link.DISPATCH,
        act=_delete_rule,
        row=3,
    ),
    Scenario(
        "trunk-created-anew",
        "The trunk was deleted and created again; the rule still names the old one.",
        "rule-is-for-other-trunks",
        Link.DISPATCH,
        act=_create_trunk_anew,
        row=3,
    ),
    Scenario(
        "rule-number-without-plus",
        "The rule has the number without the plus sign, which the trunk does not mind.",
        "rule-writes-the-number-differently",
        Link.DISPATCH,
        act=_change_rule(numbers=[_NUMBER.removeprefix("+")]),
        row=3,
    ),
    Scenario(
        "rule-for-other-number",
        "The rule is for another number of the same trunk.",
        "rule-is-for-other-numbers",
        Link.DISPATCH,
        act=_change_rule(numbers=[_OTHER_NUMBER]),
        row=3,
    ),
    Scenario(
        "rule-for-other-caller",
        "The rule is for one caller only.",
        "rule-is-for-other-callers",
        Link.DISPATCH,
        act=_change_rule(inbound_numbers=[_OTHER_CALLER]),
        row=3,
    ),
    Scenario(
        "rule-with-pin",
        "The rule asks for a PIN that callers do not know.",
        "rule-asks-for-pin",
        Link.JOIN,
        act=_ask_for_pin,
    ),
    Scenario(
        "two-trunks-match",
        "A second trunk is for the same number and our caller.",
        "line-is-ambiguous",
        Link.TRUNK,
        act=_second_trunk,
        row=5,
    ),
    Scenario(
        "two-rules-match",
        "Two rules are for the same calls, left over from before the API refused that.",
        "rules-are-ambiguous",
        Link.DISPATCH,
        act=_second_rule_past_the_api,
        row=5,
    ),
    Scenario(
        "second-trunk-refused",
        "An operator creates a second trunk for the same number; the server refuses it.",
        "trunk-conflicts-with-another",
        Link.LINE,
        act=_refused_trunk(numbers=[_NUMBER]),
        by="diagnose",
        row=6,
    ),
    Scenario(
        "second-rule-refused",
        "An operator creates a second rule for the same calls; the server refuses it.",
        "rule-conflicts-with-another",
        Link.LINE,
        act=_refused_rule,
        by="diagnose",
        row=6,
    ),
    Scenario(
        "open-trunk-refused",
        "An operator creates a trunk without numbers, addresses and credentials.",
        "trunk-would-be-open",
        Link.LINE,
        act=_refused_trunk(),
        by="diagnose",
        row=6,
    ),
    Scenario(
        "phone-registers",
        "A phone is set up to register with livekit-sip.",
        "client-registers",
        Link.SIP_SOCKET,
        act=_register,
        by="diagnose",
        row=8,
    ),
    Scenario(
        "invite-without-sdp",
        "An SBC sends INVITE without SDP and offers late.",
        "invite-without-offer",
        Link.MEDIA,
        act=_invite_without_sdp,
        by="diagnose",
        row=13,
    ),
    Scenario(
        "room-prefix-differs",
        "The rule has another room prefix than the application expects.",
        "rule-names-the-room-differently",
        Link.ROOM_NAME,
        act=_change_rule(rule=_individual("call-")),
    ),
    Scenario(
        "one-room-for-all",
        "A Direct rule puts all calls into one room with a name of its own.",
        "rule-names-the-room-differently",
        Link.ROOM_NAME,
        act=_change_rule(rule=_direct("lobby")),
    ),
)
