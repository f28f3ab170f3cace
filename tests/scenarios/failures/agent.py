"""
Failures that keep a call from being answered or heard.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Literal

from google.protobuf.duration_pb2 import Duration
from livekit import api

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.environments.profile import Profile
from tests.scenarios import failing_agent, failing_worker, sip_alg
from tests.scenarios.failing_agent import Manner
from tests.scenarios.failing_worker import Worker
from tests.scenarios.failures.application import application, verifies
from tests.scenarios.failures.scenario import Scenario
from tests.scenarios.operator_api import operator_api
from tests.scenarios.real_stack import Scene

_AGENT = "receptionist"
# Packets to it do not leave this machine.
_NOWHERE = "255.255.255.255"
# No stack has this address.
_NOBODY = "127.0.0.2"
# Ports outside the ranges of livekit-sip, livekit-server and the kernel.
_APART = range(21000, 22000, 2)
Act = Callable[[Scene], Awaitable[None]]


def _deployed(profile: Profile) -> Profile:
    return profile.model_copy(update={"agent": "deployed"})


async def _contact_of_nobody(scene: Scene) -> None:
    stack = scene.stack
    await scene.restart(stack.sip, nat_1_to_1_ip=_NOBODY, media_nat_1_to_1_ip=stack.address)


def _agent(manner: Manner) -> Act:
    async def act(broken: Scene) -> None:
        await broken.beside.enter_async_context(failing_agent.beside(broken, manner))

    return act


def _beside(worker: Worker) -> Act:
    """
    Return an act: `worker` is registered, and the dispatch rule requests no agent.
    """

    async def act(broken: Scene) -> None:
        await broken.beside.enter_async_context(failing_worker.beside(broken, worker))

    return act


def _sent_for(worker: Worker | None) -> Act:
    """
    Return an act: the dispatch rule requests an agent by name, and `worker`, if any, gets the job.
    """

    async def act(broken: Scene) -> None:
        dispatch = api.RoomAgentDispatch(agent_name=_AGENT)
        config = api.RoomConfiguration(agents=[dispatch])
        await _change_rule(broken, api.SIPDispatchRuleInfo(room_config=config))
        if worker is not None:
            await _beside(worker)(broken)

    return act


async def _change_rule(broken: Scene, change: api.SIPDispatchRuleInfo) -> None:
    async with operator_api(broken.profile.livekit) as server:
        [rule] = (await server.sip.list_dispatch_rule(api.ListSIPDispatchRuleRequest())).items
        rule.MergeFrom(change)
        await server.sip.update_dispatch_rule(rule.sip_dispatch_rule_id, rule)


def _trunk(change: api.SIPInboundTrunkInfo, then: Act | None = None) -> Act:
    async def act(broken: Scene) -> None:
        async with operator_api(broken.profile.livekit) as server:
            [trunk] = (await server.sip.list_inbound_trunk(api.ListSIPInboundTrunkRequest())).items
            trunk.MergeFrom(change)
            await server.sip.update_inbound_trunk(trunk.sip_trunk_id, trunk)
        if then is not None:
            await then(broken)

    return act


def _astray(way: Literal["to_server", "to_caller"]) -> Act:
    """
    Put a router in between that replaces the address in the SDP of that direction by a dead one.
    """

    async def act(broken: Scene) -> None:
        hole = broken.beside.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        hole.bind((broken.stack.address, 0))
        running = sip_alg.running(broken.profile, **{way: sip_alg.media_at(*hole.getsockname())})
        router = await broken.beside.enter_async_context(running)
        broken.profile = sip_alg.through(broken.profile, router)

    return act


async def _no_port(broken: Scene) -> None:
    taken = broken.beside.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    port = next(port for port in _APART if _takes(taken, port))
    await broken.restart(broken.stack.sip, rtp_port=f"{port}-{port + 1}")


def _takes(held: socket.socket, port: int) -> bool:
    with suppress(OSError):
        held.bind(("0.0.0.0", port))  # noqa: S104 - as livekit-sip does
        return True
    return False


def _media(**config: Any) -> api.SIPInboundTrunkInfo:
    return api.SIPInboundTrunkInfo(media=api.SIPMediaConfig(**config))


def _lasts(milliseconds: int) -> Duration:
    duration = Duration()
    duration.FromMilliseconds(milliseconds)
    return duration


def _of_agent(name: str, story: str, cause: str, act: Act | None) -> Scenario:
    return Scenario(name, story, cause, Link.AGENT, act=act, profile=_deployed, row=9)


_FROM_AGENTS = (
    _of_agent("no-agent", "Nobody comes into the room of the call.", "agent-does-not-come", None),
    _of_agent(
        "webhooks-ignored",
        "The application answers 200 to all webhooks and starts no agent.",
        "agent-does-not-come",
        application(verifies),
    ),
    _of_agent(
        "agent-no-worker",
        "The dispatch rule sends for an agent by name, and no worker runs.",
        "no-worker-for-the-agent",
        _sent_for(None),
    ),
    _of_agent(
        "agent-other-name",
        "The worker's agent_name is not the one that the dispatch rule names.",
        "no-worker-for-the-agent",
        _sent_for(Worker("reception", "takes-and-stays-away")),
    ),
    _of_agent(
        "agent-worker-refuses",
        "The only worker is full and refuses the job.",
        "worker-refuses-the-job",
        _sent_for(Worker(_AGENT, "refuses")),
    ),
    _of_agent(
        "agent-worker-full",
        "The only worker has reported that it is full: livekit-server does not ask it.",
        "worker-refuses-the-job",
        _sent_for(Worker(_AGENT, "is-full")),
    ),
    _of_agent(
        "agent-worker-refuses-for-good",
        "The worker ends the job by its answer, and livekit-server takes it for done.",
        "worker-refuses-the-job",
        _sent_for(Worker(_AGENT, "refuses-for-good")),
    ),
    _of_agent(
        "agent-stays-away",
        "The worker takes the job; the agent's process never joins the room.",
        "agent-took-the-job-and-stays-away",
        _sent_for(Worker(_AGENT, "takes-and-stays-away")),
    ),
    _of_agent(
        "agent-stays-away-unnamed",
        "The worker of an automatic dispatch takes the job; its agent never joins the room.",
        "agent-took-the-job-and-stays-away",
        _beside(Worker("", "takes-and-stays-away")),
    ),
    _of_agent(
        "agent-silent",
        "The agent joins the room and publishes no audio.",
        "agent-does-not-speak",
        _agent("silent"),
    ),
    _of_agent(
        "agent-forbidden",
        "The agent's token has canPublish false.",
        "agent-may-not-publish",
        _agent("forbidden"),
    ),
    Scenario(
        "agent-deaf",
        "The agent's token has canSubscribe false: it speaks and hears nothing.",
        "agent-may-not-subscribe",
        Link.AUDIO,
        act=_agent("deaf"),
        profile=_deployed,
    ),
    _of_agent(
        "agent-elsewhere",
        "The agent joins a room of another name than the call's.",
        "agent-in-another-room",
        _agent("elsewhere"),
    ),
    _of_agent(
        "agent-leaves",
        "The agent joins the room and leaves it again without a word.",
        "agent-leaves-before-it-speaks",
        _agent("leaves"),
    ),
    _of_agent(
        "agent-after-the-budget",
        "The agent joins 9 s after the caller.",
        "agent-comes-late",
        _agent("too-late"),
    ),
    _of_agent(
        "agent-too-late",
        "The trunk's ringing_timeout is over before the agent comes.",
        "ringing-timeout-too-short",
        _trunk(api.SIPInboundTrunkInfo(ringing_timeout=_lasts(1000)), _agent("late")),
    ),
)

SCENARIOS: tuple[Scenario, ...] = (
    *_FROM_AGENTS,
    Scenario(
        "no-time-to-ring",
        "The trunk's ringing_timeout is a millisecond: nobody sees the caller in a room.",
        "ringing-timeout-too-short",
        Link.JOIN,
        act=_trunk(api.SIPInboundTrunkInfo(ringing_timeout=_lasts(1)), _agent("good")),
        profile=_deployed,
    ),
    Scenario(
        "agent-with-the-callers-identity",
        "The agent joins with the identity of the caller.",
        "caller-is-put-out",
        Link.AGENT,
        act=_agent("namesake"),
        profile=_deployed,
    ),
    Scenario(
        "no-time-for-media",
        "livekit-sip waits for RTP for less time than there is between two packets.",
        "media-timeout-too-short",
        Link.HANG_UP,
        sip={"media_timeout": "10ms", "media_timeout_initial": "10ms"},
    ),
    Scenario(
        "agent-of-one-word",
        "The agent publishes audio, so that the call is answered, and leaves at once.",
        "agent-leaves-the-caller-alone",
        Link.AUDIO,
        act=_agent("one-word"),
        profile=_deployed,
    ),
    Scenario(
        "agent-zeros",
        "The agent publishes audio with no sound in it.",
        "agent-is-silent",
        Link.AUDIO,
        act=_agent("zeros"),
        profile=_deployed,
        warns=True,
    ),
    Scenario(
        "agent-echoes",
        "The agent publishes what it hears of the caller.",
        "caller-hears-itself",
        Link.AUDIO,
        act=_agent("echo"),
        profile=_deployed,
        warns=True,
    ),
    Scenario(
        "agents-two",
        "Two agents join and speak at once.",
        "several-agents-speak",
        Link.AUDIO,
        act=_agent("two"),
        profile=_deployed,
        warns=True,
    ),
    Scenario(
        "agent-muted",
        "The agent publishes its audio track muted.",
        "agent-is-muted",
        Link.AUDIO,
        act=_agent("muted"),
        profile=_deployed,
    ),
    Scenario(
        "agent-stays",
        "The agent stays in the room when the caller has hung up.",
        "agent-stays-after-the-call",
        Link.EVENTS,
        act=_agent("stays"),
        profile=_deployed,
    ),
    Scenario(
        "call-too-short",
        "The trunk's max_call_duration is over as soon as the call is answered.",
        "max-call-duration-too-short",
        Link.HANG_UP,
        act=_trunk(api.SIPInboundTrunkInfo(max_call_duration=_lasts(1150))),
    ),
    Scenario(
        "media-no-codec",
        "The trunk allows no codec that the caller offers.",
        "no-common-codec",
        Link.OFFER,
        act=_trunk(_media(only_listed_codecs=True, codecs=[api.SIPCodec(name="G722")])),
    ),
    Scenario(
        "media-srtp-required",
        "The trunk demands SRTP, and the caller offers plain RTP.",
        "media-encryption-required",
        Link.OFFER,
        act=_trunk(_media(encryption=api.SIPMediaEncryption.SIP_MEDIA_ENCRYPT_REQUIRE)),
    ),
    Scenario(
        "media-no-port",
        "Each port of rtp_port is in use.",
        "no-rtp-port-is-free",
        Link.OFFER,
        act=_no_port,
    ),
    Scenario(
        "media-wrong-address",
        "media_nat_1_to_1_ip of livekit-sip.yaml is an address of nobody.",
        "media-address-is-unreachable",
        Link.AUDIO,
        sip={"media_nat_1_to_1_ip": _NOWHERE},
        row=12,
    ),
    Scenario(
        "contact-of-nobody",
        "nat_1_to_1_ip of livekit-sip.yaml, the Contact of its answers, is an address of nobody.",
        "contact-leads-nowhere",
        Link.HANG_UP,
        act=_contact_of_nobody,
    ),
    Scenario(
        "media-timeout",
        "The same, and livekit-sip gives the call up for the lack of RTP.",
        "media-address-is-unreachable",
        Link.AUDIO,
        sip={
            "media_nat_1_to_1_ip": _NOWHERE,
            "media_timeout_initial": "1s",
            "media_timeout": "1s",
        },
        row=12,
    ),
    Scenario(
        "media-from-caller-lost",
        "A router changes the 200 OK, so that the caller's sound goes astray.",
        "no-rtp-from-the-caller",
        Link.AUDIO,
        act=_astray("to_caller"),
        row=12,
    ),
    Scenario(
        "media-to-caller-lost",
        "A router changes the INVITE, so that livekit-sip sends its sound to nobody.",
        "no-rtp-to-the-caller",
        Link.MEDIA,
        act=_astray("to_server"),
        row=12,
    ),
    Scenario(
        "webrtc-blocked",
        "livekit-server offers no address where its media can be reached.",
        "webrtc-cannot-connect",
        Link.JOIN,
        server={
            "rtc": {
                "node_ip": "127.0.0.1",
                "use_external_ip": False,
                "enable_loopback_candidate": True,
                "tcp_port": 0,
                "ips": {"includes": ["198.51.100.0/24"]},
            }
        },
    ),
)
