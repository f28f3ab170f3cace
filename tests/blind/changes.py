"""
Make a change in a running stack, as an operator would, or as fate does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import redis.asyncio
import yaml
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from livekit import api

from livekit_conformance.errors import Blocked
from livekit_conformance.provisioners.local.process import Process
from livekit_conformance.provisioners.local.stack import HTTP_PORT, REDIS_PORT, SIP_PORT
from tests.blind.fault import ABSENT, Change, Fault, Thing, filled
from tests.blind.worker import Manner
from tests.faults.fault import Kind
from tests.faults.faults import FAULTS
from tests.faults.places import Place, stand_at
from tests.faults.proxy import FaultProxy
from tests.scenarios.operator_api import operator_api
from tests.scenarios.real_stack import Scene

# The way of a proxy that does no harm.
FORWARDED = "forwarded"
# A service that lives this long without listening where it did is taken for started.
_LIVES_S = 3.0


class Refused(Exception):
    """
    Raised for a change that the API does not accept: it cannot be in a deployment.
    """


@dataclass
class Broken:
    """
    A stack with its changes: how its application behaves, and what the services said at starting.
    """

    scene: Scene
    manner: Manner = field(default_factory=Manner)
    notes: list[str] = field(default_factory=list)

    def places(self) -> dict[str, str]:
        """
        Return the values of the placeholders in the texts of a change.
        """
        stack = self.scene.stack
        return {
            "address": stack.address,
            "key": stack.keys.key,
            "secret": stack.keys.secret,
            "webhooks": stack.webhook_url,
            "folder": str(stack.folder),
        }


async def apply(fault: Fault, scene: Scene) -> Broken:
    """
    Make all changes of a fault; raise Refused if the API does not accept one.
    """
    broken = Broken(scene)
    for change in fault.changes:
        await _APPLY[change.thing](broken, change)
    return broken


async def _server_key(broken: Broken, change: Change) -> None:
    await _edit(broken, broken.scene.stack.server, edits(change))


async def _sip_key(broken: Broken, change: Change) -> None:
    await _edit(broken, broken.scene.stack.sip, edits(change))


def edits(change: Change) -> dict[str, Any]:
    """
    Return the new values by path: a misspelt name takes the value of the right one.
    """
    if change.how == "misspelt":
        return {change.path: ABSENT, change.new["misspelt"]: change.new["value"]}
    return {change.path: change.new}


async def _edit(broken: Broken, process: Process, values: Mapping[str, Any]) -> None:
    """
    Set keys in the file of a service by their paths, and start it again.
    """
    stack = broken.scene.stack
    path = stack.server_config_file if process is stack.server else stack.sip_config_file
    rewrite(path, filled(values, broken.places()))
    await _restart(broken, process)


def rewrite(path: Path, values: Mapping[str, Any]) -> None:
    """
    Set keys of a YAML file by their dotted paths.
    """
    config = yaml.safe_load(path.read_text())
    for key, value in values.items():
        set_key(config, key, value)
    path.write_text(yaml.safe_dump(config, sort_keys=False))


def set_key(config: dict[str, Any], path: str, value: Any) -> None:
    """
    Set the key at a dotted path, or delete it if the value is ABSENT.
    """
    *sections, leaf = path.split(".")
    for section in sections:
        if not isinstance(config.get(section), dict):
            config[section] = {}
        config = config[section]
    if value is ABSENT:
        config.pop(leaf, None)
    else:
        config[leaf] = value


async def _restart(broken: Broken, process: Process) -> None:
    await process.stop()
    usual = HTTP_PORT if process is broken.scene.stack.server else SIP_PORT
    began = asyncio.get_running_loop().time()

    async def why_not_ready() -> str | None:
        if asyncio.get_running_loop().time() - began > _LIVES_S:
            return None
        try:
            _, writer = await asyncio.open_connection(broken.scene.stack.address, usual)
        except OSError as error:
            return str(error)
        writer.close()
        return None

    try:
        await process.start(why_not_ready)
    except Blocked:
        broken.notes.append(f"{process.name} does not start")


async def _inbound_trunk(broken: Broken, change: Change) -> None:
    async with operator_api(broken.scene.profile.livekit) as server:
        (trunk,) = (await server.sip.list_inbound_trunk(api.ListSIPInboundTrunkRequest())).items
        new = _changed(trunk, change, broken)
        await _accepted(server.sip.update_inbound_trunk(trunk.sip_trunk_id, new))


async def _outbound_trunk(broken: Broken, change: Change) -> None:
    async with operator_api(broken.scene.profile.livekit) as server:
        (trunk,) = (await server.sip.list_outbound_trunk(api.ListSIPOutboundTrunkRequest())).items
        new = _changed(trunk, change, broken)
        await _accepted(server.sip.update_outbound_trunk(trunk.sip_trunk_id, new))


async def _dispatch_rule(broken: Broken, change: Change) -> None:
    async with operator_api(broken.scene.profile.livekit) as server:
        (rule,) = (await server.sip.list_dispatch_rule(api.ListSIPDispatchRuleRequest())).items
        new = _changed(rule, change, broken)
        await _accepted(server.sip.update_dispatch_rule(rule.sip_dispatch_rule_id, new))


async def _accepted(asked: Awaitable[Any]) -> None:
    try:
        await asked
    except api.TwirpError as refused:
        raise Refused(refused.message) from refused


def _changed(message: Any, change: Change, broken: Broken) -> Any:
    of_this = {
        "password": getattr(message, "auth_password", ""),
        "trunk": next(iter(getattr(message, "trunk_ids", ())), ""),
    }
    return changed(message, change.path, filled(change.new, broken.places() | of_this))


def changed(message: Any, path: str, value: Any) -> Any:
    """
    Return a copy of a message with the field at a dotted path set, or cleared if it is ABSENT.
    """
    content = MessageToDict(message, preserving_proto_field_name=True)
    *above, _ = path.split(".")
    if above[:1] == ["rule"]:
        # The kinds of rules exclude each other.
        content["rule"] = {above[1]: content.get("rule", {}).get(above[1], {})}
    set_key(content, path, value)
    new: Message = ParseDict(content, type(message)())
    return new


async def _application(broken: Broken, change: Change) -> None:
    broken.manner = replace(broken.manner, **{change.path: change.new})


async def _redis(broken: Broken, change: Change) -> None:
    """
    Send commands to Redis under running services, and let the named services reconnect.
    """
    stack = broken.scene.stack
    commands = filled(change.new["commands"], broken.places())
    async with redis.asyncio.Redis.from_url(stack.redis_url, protocol=2) as client:
        for command in commands:
            await client.execute_command(*command)
    for name in change.new.get("restarts", ()):
        process = {"livekit-server": stack.server, "livekit-sip": stack.sip}[name]
        await _edit(broken, process, change.new["account"])


async def _network(broken: Broken, change: Change) -> None:
    """
    Put a proxy with one fault, or without one, between two parts.
    """
    scene, stack = broken.scene, broken.scene.stack
    is_known = change.path in [*Place]
    faults = FAULTS[Place(change.path) if is_known else Place.API]
    fault = None if change.how == FORWARDED else faults[Kind(change.how)]
    if is_known:
        proxy = await stand_at(Place(change.path), scene)
        await proxy.switch(fault)
        return
    (process, key, port, form) = {
        "server-to-redis": (stack.server, "redis.address", REDIS_PORT, "{}"),
        "sip-to-redis": (stack.sip, "redis.address", REDIS_PORT, "{}"),
        "sip-to-server": (stack.sip, "ws_url", HTTP_PORT, "ws://{}"),
    }[change.path]
    proxy = await scene.beside.enter_async_context(FaultProxy((stack.address, port)))
    await _edit(broken, process, {key: form.format(":".join(map(str, proxy.address)))})
    await proxy.switch(fault)


async def _harmless(broken: Broken, change: Change) -> None:
    """
    Make a change of several parts that fit each other.
    """
    stack = broken.scene.stack
    todo = change.new
    for process, key in ((stack.server, "server"), (stack.sip, "sip")):
        if key in todo:
            await _edit(broken, process, todo[key])
    if "manner" in todo:
        broken.manner = replace(broken.manner, **todo["manner"])
    for name, value in todo.get("profile", {}).items():
        _tell(broken, name, value)
    for thing in ("inbound_trunk", "outbound_trunk", "dispatch_rule"):
        for path, value in todo.get(thing, {}).items():
            of = Thing(thing.replace("_", "-"))
            await _APPLY[of](broken, Change(of, path, "", None, value))
    if "create" in todo:
        async with operator_api(broken.scene.profile.livekit) as server:
            for kind, content in todo["create"]:
                await _created(server, kind, filled(content, broken.places()))
    if "redis" in todo:
        await _redis(broken, replace(change, new=todo["redis"]))


def _tell(broken: Broken, name: str, value: Any) -> None:
    """
    Write a key of the profile, or keys of one of its sections.
    """
    profile = broken.scene.profile
    if isinstance(value, Mapping):
        told = filled(value, broken.places())
        value = getattr(profile, name).model_copy(update=told)
    broken.scene.profile = profile.model_copy(update={name: value})


async def _created(server: api.LiveKitAPI, kind: str, content: Any) -> None:
    match kind:
        case "inbound-trunk":
            trunk = ParseDict(content, api.SIPInboundTrunkInfo())
            await server.sip.create_inbound_trunk(api.CreateSIPInboundTrunkRequest(trunk=trunk))
        case "outbound-trunk":
            out = ParseDict(content, api.SIPOutboundTrunkInfo())
            await server.sip.create_outbound_trunk(api.CreateSIPOutboundTrunkRequest(trunk=out))
        case "dispatch-rule":
            rule = ParseDict(content, api.SIPDispatchRuleInfo())
            request = api.CreateSIPDispatchRuleRequest(dispatch_rule=rule)
            await server.sip.create_dispatch_rule(request)
        case "room":
            await server.room.create_room(ParseDict(content, api.CreateRoomRequest()))
        case _:
            raise ValueError(kind)


_APPLY: Mapping[Thing, Callable[[Broken, Change], Awaitable[None]]] = {
    Thing.SERVER: _server_key,
    Thing.SIP: _sip_key,
    Thing.INBOUND_TRUNK: _inbound_trunk,
    Thing.OUTBOUND_TRUNK: _outbound_trunk,
    Thing.DISPATCH_RULE: _dispatch_rule,
    Thing.APPLICATION: _application,
    Thing.REDIS: _redis,
    Thing.NETWORK: _network,
    Thing.HARMLESS: _harmless,
}
