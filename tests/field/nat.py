"""
A deployment behind NAT: its services in a private network, the suite outside or beside them.

    world 198.18.0.1 -- 198.18.0.9 router 10.0.0.1 -- 10.0.0.2 inside

Run in namespaces of its own, which end with the process:

    unshare -Urnm python -m tests.field.nat VARIANT FOLDER
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.environments.loader import load
from livekit_conformance.environments.profile import Profile
from livekit_conformance.observations import Recorder
from livekit_conformance.provisioners.deployment import fill_local
from livekit_conformance.provisioners.local.binaries import REDIS, SERVER, SIP, find
from livekit_conformance.provisioners.local.prerequisites import IP, NFT
from livekit_conformance.provisioners.local.process import Process
from livekit_conformance.provisioners.local.stack import (
    HTTP_PORT,
    OUTBOUND_PORT,
    REDIS_PORT,
    SIP_PORT,
    KeyPair,
    Stack,
    server_config,
    sip_config,
    write_private,
)
from livekit_conformance.secrets.patterns import Redactor
from tests.scenarios.harness import ROOT, start_suites, write_profile
from tests.scenarios.operator_api import operator_api

WORLD, PUBLIC = "198.18.0.1", "198.18.0.9"
GATEWAY, PRIVATE = "10.0.0.1", "10.0.0.2"
NOBODY = "198.18.0.77"
_RTP_PORTS, _RTC_PORTS = "20000-20099", "50000-50099"
_NAMESPACES = Path("/run/netns")


@dataclass(frozen=True, slots=True)
class Variant:
    """
    Addresses that livekit-sip advertises, and rules of nftables by which the router drops packets.

    The suite `is_inside`, beside the services, or in the world. Those inside cannot dial the public
    address.
    """

    sip: Mapping[str, Any] = field(default_factory=dict)
    drops: Sequence[str] = ()
    is_inside: bool = False

    @property
    def address(self) -> str:
        """
        Address of the services as the suite sees it.
        """
        return PRIVATE if self.is_inside else PUBLIC

    @property
    def suite(self) -> str:
        """
        Address of the suite as the services see it.
        """
        return PRIVATE if self.is_inside else WORLD


def _advertising(right: str, wrong: str, *, is_inside: bool) -> Iterator[tuple[str, Variant]]:
    """
    Yield the ways in which Contact, media address or both can be the wrong one.
    """
    yield (
        "both",
        Variant({"nat_1_to_1_ip": wrong}, is_inside=is_inside),
    )
    yield (
        "contact",
        Variant({"nat_1_to_1_ip": wrong, "media_nat_1_to_1_ip": right}, is_inside=is_inside),
    )
    yield (
        "media",
        Variant({"nat_1_to_1_ip": right, "media_nat_1_to_1_ip": wrong}, is_inside=is_inside),
    )


_FROM_CALLERS = f"ip saddr {WORLD} udp dport {_RTP_PORTS} drop"
_TO_CALLERS = f"ip saddr {PRIVATE} udp sport {_RTP_PORTS} drop"
WRONG_ADDRESSES: Mapping[str, Variant] = {
    f"{what}-{name}-from-{'inside' if is_inside else 'outside'}": variant
    for is_inside, right, others in (
        (False, PUBLIC, {"private": PRIVATE, "of-nobody": NOBODY}),
        (True, PRIVATE, {"public": PUBLIC, "of-nobody": NOBODY}),
    )
    for name, wrong in others.items()
    for what, variant in _advertising(right, wrong, is_inside=is_inside)
}
FIREWALLS: Mapping[str, Variant] = {
    "no-rtp": Variant(drops=(_FROM_CALLERS, _TO_CALLERS)),
    "no-rtp-from-callers": Variant(drops=(_FROM_CALLERS,)),
    "no-rtp-to-callers": Variant(drops=(_TO_CALLERS,)),
}
HEALTHY: Mapping[str, Variant] = {
    "outside": Variant(),
    "inside": Variant({"nat_1_to_1_ip": PRIVATE}, is_inside=True),
}
VARIANTS = {**HEALTHY, **WRONG_ADDRESSES, **FIREWALLS}


def build(variant: Variant) -> None:
    """
    Make the three networks and the router between them, in namespaces of this process.
    """
    ip, nft = IP.find(os.environ), NFT.find(os.environ)
    _run("mount", "-t", "tmpfs", "none", "/run")
    _NAMESPACES.mkdir()
    for name in ("router", "inside"):
        _run(ip, "netns", "add", name)
    _link(ip, "world", None, f"{WORLD}/24", "public", "router", f"{PUBLIC}/24")
    _link(ip, "private", "router", f"{GATEWAY}/24", "lan", "inside", f"{PRIVATE}/24")
    for each in (None, "router", "inside"):
        _run(*within(each), ip, "link", "set", "lo", "up")
    _run(*within("inside"), ip, "route", "add", "default", "via", GATEWAY)
    _run(*within("router"), "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
    _run(*within("router"), nft, "-f", "-", given="\n".join(_rules(variant)))


def within(namespace: str | None) -> tuple[str, ...]:
    """
    Return the beginning of a command that runs in a network; None is the world.
    """
    return () if namespace is None else ("nsenter", f"--net={_NAMESPACES / namespace}")


def _rules(variant: Variant) -> Iterator[str]:
    udp, tcp = f"{{ {SIP_PORT}, {_RTP_PORTS} }}", f"{{ {SIP_PORT}, {HTTP_PORT}, {REDIS_PORT} }}"
    yield "table ip nat {"
    yield "chain in { type nat hook prerouting priority -100;"
    yield f'iifname "public" udp dport {udp} dnat to {PRIVATE}'
    yield f'iifname "public" tcp dport {tcp} dnat to {PRIVATE}'
    # Participants inside use it too: livekit-server knows one address for all.
    yield f"ip daddr {PUBLIC} udp dport {_RTC_PORTS} dnat to {PRIVATE}"
    yield "}"
    yield "chain out { type nat hook postrouting priority 100;"
    yield f"ip saddr {PRIVATE} masquerade"
    yield "}"
    yield "chain passing { type filter hook forward priority 0;"
    yield from variant.drops
    yield "}"
    yield "}"


def _link(
    ip: str, name: str, near: str | None, address: str, peer: str, far: str, peer_address: str
) -> None:
    _run(*within(near), ip, "link", "add", name, "type", "veth", "peer", "name", peer)
    _run(*within(near), ip, "link", "set", peer, "netns", str(_NAMESPACES / far))
    for namespace, device, its in ((near, name, address), (far, peer, peer_address)):
        _run(*within(namespace), ip, "address", "add", its, "dev", device)
        _run(*within(namespace), ip, "link", "set", device, "up")


def _run(*command: str, given: str | None = None) -> None:
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr}")


@asynccontextmanager
async def deployment(variant: Variant, folder: Path) -> AsyncIterator[Profile]:
    """
    Run the services, and yield the profile for the suite.
    """
    recorder = Recorder(Redactor())
    loaded = load("local", environ={}, env_file=None, config_dir=ROOT / "config")
    async with AsyncExitStack() as cleanup:
        webhooks = cleanup.enter_context(socket.create_server((variant.suite, 0)))
        stack = _stack(variant, folder, webhooks, recorder)
        rtc = {"rtc": _rtc(stack.keys)}
        server = server_config(PRIVATE, stack.keys, stack.webhook_url) | rtc
        sip = sip_config(PRIVATE, stack.keys)
        sip |= {"nat_1_to_1_ip": PUBLIC, "rtp_port": _RTP_PORTS} | dict(variant.sip)
        write_private(stack.server_config_file, server)
        write_private(stack.sip_config_file, sip)
        for process in (stack.redis, stack.server, stack.sip):
            await stack.start(process)
            cleanup.push_async_callback(process.stop)
        profile = await fill_local(loaded.profile, stack, recorder)
        # The suites listen there.
        webhooks.close()
        yield await _with_callees(profile, variant)


def _rtc(keys: KeyPair) -> dict[str, Any]:
    start, _, end = _RTC_PORTS.partition("-")
    rtc: dict[str, Any] = server_config(PRIVATE, keys, "")["rtc"]
    ports = {"port_range_start": int(start), "port_range_end": int(end)}
    return rtc | {"node_ip": PUBLIC} | ports


async def _with_callees(profile: Profile, variant: Variant) -> Profile:
    """
    Return the profile with an outbound trunk that leads to the suite.
    """
    outbound = profile.sip.outbound
    listen = f"{variant.suite}:{OUTBOUND_PORT}"
    async with operator_api(profile.livekit) as client:
        await client.sip.update_outbound_trunk_fields(outbound.trunk_id or "", address=listen)
    outbound = outbound.model_copy(update={"listen": listen})
    sip = profile.sip.model_copy(update={"outbound": outbound})
    # The suite disrupts no target that is not on loopback.
    return profile.model_copy(update={"sip": sip, "allow": profile.allow - {Effect.DISRUPT}})


def _stack(variant: Variant, folder: Path, webhooks: socket.socket, recorder: Recorder) -> Stack:
    programs = {each.name: find(each, os.environ) for each in (REDIS, SERVER, SIP)}

    def process(name: str, *arguments: str) -> Process:
        command = (*within("inside"), str(programs[name].path), *arguments)
        return Process(name, command, folder / f"{name}.log", recorder)

    return Stack(
        address=variant.address,
        keys=KeyPair(),
        folder=folder,
        webhook_listener=webhooks,
        redis=process(
            "redis-server",
            *("--bind", PRIVATE, "--port", str(REDIS_PORT), "--save", ""),
            *("--protected-mode", "no", "--dir", str(folder)),
        ),
        server=process("livekit-server", "--config", str(folder / "livekit.yaml")),
        sip=process("livekit-sip", "--config", str(folder / "livekit-sip.yaml")),
        versions={},
    )


def stay(variant: str, folder: Path) -> NoReturn:
    """
    Become the process that keeps such a deployment up, in networks of its own.
    """
    python = (sys.executable, "-m", "tests.field.nat", variant, str(folder), "--stay")
    os.execvp("unshare", ("unshare", "-Urnm", *python))  # noqa: S606  the same in other networks


async def _stay(variant: Variant, folder: Path) -> None:
    async with deployment(variant, folder) as profile:
        env = write_profile(profile, folder / "profile.yaml")
        sys.stdout.write(
            f"logs and configurations: {folder}\n"
            "Check it from another terminal, and end it with Ctrl-C:\n"
            f"  nsenter --preserve-credentials -U -n -m -t {os.getpid()} --wd={ROOT} "
            f"{sys.executable} -m pytest suites/ --env={env}\n"
        )
        sys.stdout.flush()
        await asyncio.get_running_loop().create_future()


async def _run_suites(variant: Variant, folder: Path, arguments: Sequence[str]) -> None:
    async with deployment(variant, folder) as profile:
        env = write_profile(profile, folder / "profile.yaml")
        run = await start_suites(env, folder / "reports", *arguments)
        output, _ = await run.communicate()
    sys.stdout.write(json.dumps({"status": run.returncode, "output": output.decode()}))


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("variant", choices=VARIANTS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("arguments", nargs="*")
    parser.add_argument("--stay", action="store_true", help="run no suites")
    given = parser.parse_args()
    variant = VARIANTS[given.variant]
    if not (_NAMESPACES / "inside").exists():
        build(variant)
        if variant.is_inside:
            again = (*within("inside"), sys.executable, "-m", __spec__.name, *sys.argv[1:])
            os.execvp(again[0], again)  # noqa: S606  the same program in another network
    if not given.stay:
        asyncio.run(_run_suites(variant, given.folder, given.arguments))
        return
    with suppress(KeyboardInterrupt):
        asyncio.run(_stay(variant, given.folder))


if __name__ == "__main__":
    _main()
