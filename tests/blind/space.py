"""
The space of blind faults, generated from tables of keys, descriptors and fields; a seed chooses.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from livekit import api

from livekit_conformance.config_doctor.services import SERVER, SIP
from livekit_conformance.provisioners.local.stack import KeyPair, server_config, sip_config
from livekit_conformance.provisioners.telephony import NUMBER
from tests.blind import about, values
from tests.blind.changes import FORWARDED
from tests.blind.fault import ABSENT, Change, Deployment, Fault, Thing
from tests.blind.harmless import HARMLESS
from tests.blind.worker import Manner
from tests.faults.fault import Kind
from tests.faults.places import Place

# What a stack must not be told: it would speak to hosts beyond this machine, or take the ports of
# other stacks on it.
_NOT_HERE: Mapping[str, Sequence[str]] = {
    "rtc.use_external_ip": ("on",),
    "rtc.stun_servers": ("another", "empty"),
    "rtc.use_mdns": ("on",),
    "rtc.node_ip": ("absent",),
    "use_external_ip": ("on",),
    "media_use_external_ip": ("on",),
    "bind_addresses": ("absent", "none", "empty"),
    "listen_ip": ("absent", "empty"),
    "nat_1_to_1_ip": ("absent", "empty"),
    # The default refuses calls on a machine as busy as that of a test.
    "max_cpu_utilization": ("absent", "zero"),
}
# The server gives these itself.
_NOT_OURS = frozenset({"sip_trunk_id", "sip_dispatch_rule_id", "created_at", "updated_at"})
# Recording to somewhere is another service; it does not belong to a call.
_NOT_OF_A_CALL = frozenset({"egress"})

_LINE = {"numbers": [NUMBER], "auth_username": "livekit-conformance", "auth_password": "{password}"}
_RULE = {
    "name": "livekit-conformance",
    "trunk_ids": ["{trunk}"],
    "numbers": [NUMBER],
    "rule": {"dispatch_rule_individual": {"room_prefix": "voice-ai-call-"}},
}
_HEALTHY_OUT = {
    "address": "{address}:5070",
    "transport": "SIP_TRANSPORT_UDP",
    "numbers": ["+15550143"],
    "auth_username": "livekit-conformance",
    "auth_password": "{password}",
}
_MESSAGES: Mapping[Thing, tuple[Any, Mapping[str, Any]]] = {
    Thing.INBOUND_TRUNK: (
        api.SIPInboundTrunkInfo.DESCRIPTOR,
        {"name": "livekit-conformance", **_LINE},
    ),
    Thing.OUTBOUND_TRUNK: (api.SIPOutboundTrunkInfo.DESCRIPTOR, _HEALTHY_OUT),
    Thing.DISPATCH_RULE: (api.SIPDispatchRuleInfo.DESCRIPTOR, _RULE),
}

_CHANNELS = ("ACL", "SETUSER", "default", "resetchannels")
_USER = ("ACL", "SETUSER", "livekit", "on", ">the-password", "~*", "+@all")
_AS_USER = {"redis.username": "livekit", "redis.password": "the-password"}
_REDIS: Mapping[str, Mapping[str, Any]] = {
    "replica/of-nobody": {"commands": [("REPLICAOF", values.NOWHERE, "6379")]},
    "account/no-channels": {"commands": [_CHANNELS]},
    "account/no-keys": {"commands": [("ACL", "SETUSER", "default", "resetkeys")]},
    "account/no-writing": {"commands": [("ACL", "SETUSER", "default", "-@write")]},
    "account/no-publishing": {"commands": [("ACL", "SETUSER", "default", "-publish")]},
    "account/no-subscribing": {"commands": [("ACL", "SETUSER", "default", "-@pubsub")]},
    "account/no-reading": {"commands": [("ACL", "SETUSER", "default", "-@read")]},
    "password/set-under-them": {
        "commands": [
            ("CONFIG", "SET", "requirepass", "the-password"),
            ("CLIENT", "KILL", "TYPE", "normal"),
        ]
    },
    **{
        f"account/{service}-{how}": {
            "commands": [(*_USER, *channels)],
            "restarts": [service],
            "account": account,
        }
        for service in ("livekit-server", "livekit-sip")
        for how, channels, account in (
            ("without-channels", ("resetchannels",), _AS_USER),
            ("wrong-password", ("&*",), {**_AS_USER, "redis.password": "another-password"}),
            ("unknown-user", ("&*",), {**_AS_USER, "redis.username": "somebody-else"}),
        )
    },
    "settings/maxmemory": {"commands": [("CONFIG", "SET", "maxmemory", "1")]},
    "settings/min-replicas": {"commands": [("CONFIG", "SET", "min-replicas-to-write", "1")]},
    "settings/maxclients": {"commands": [("CONFIG", "SET", "maxclients", "1")]},
    "settings/port": {
        "commands": [
            ("CONFIG", "SET", "port", "6390"),
            ("CLIENT", "KILL", "TYPE", "pubsub"),
            ("CLIENT", "KILL", "TYPE", "normal"),
        ]
    },
    "data/flushed": {"commands": [("FLUSHALL",)]},
}
_PLACES = (*Place, "server-to-redis", "sip-to-redis", "sip-to-server")

# How often each thing is chosen.
_WEIGHTS: Mapping[Thing, int] = {
    Thing.SERVER: 5,
    Thing.SIP: 5,
    Thing.INBOUND_TRUNK: 4,
    Thing.OUTBOUND_TRUNK: 2,
    Thing.DISPATCH_RULE: 4,
    Thing.APPLICATION: 5,
    Thing.REDIS: 2,
    Thing.NETWORK: 2,
    Thing.HARMLESS: 4,
}
_PAIRS = 0.08
# Keys that the healthy files have are chosen this often; the other keys are hundreds.
_WRITTEN = 0.5
# Its trunks and rules are changed while the API still answers.
_ORDER = (
    *(Thing.INBOUND_TRUNK, Thing.OUTBOUND_TRUNK, Thing.DISPATCH_RULE, Thing.APPLICATION),
    *(Thing.SERVER, Thing.SIP, Thing.REDIS, Thing.NETWORK, Thing.HARMLESS),
)


@cache
def space() -> Mapping[Thing, tuple[Change, ...]]:
    """
    Return every change that can be made, by thing.
    """
    return {
        Thing.SERVER: (*_keys(Thing.SERVER, SERVER.keys, _healthy(Thing.SERVER)),),
        Thing.SIP: (*_keys(Thing.SIP, SIP.keys, _healthy(Thing.SIP)),),
        **{
            thing: (*_fields(thing, descriptor, healthy),)
            for thing, (descriptor, healthy) in _MESSAGES.items()
        },
        Thing.APPLICATION: (*_manners(),),
        Thing.REDIS: (*_of_redis(),),
        Thing.NETWORK: (*_of_networks(),),
        Thing.HARMLESS: (*_harmless(),),
    }


def chosen(seed: int, count: int) -> list[Fault]:
    """
    Return `count` different faults; the first ones of a longer choice are the same.
    """
    draw = random.Random(f"blind faults {seed}")
    faults: dict[str, Fault] = {}
    while len(faults) < count:
        fault = _one(draw)
        faults.setdefault(fault.id, fault)
    return list(faults.values())


def by_id(name: str) -> Fault:
    """
    Return the fault of an id; raise KeyError with the nearest part of it that is known.
    """
    ids, _, deployment = name.partition("@")
    known = {change.id: change for changes in space().values() for change in changes}
    changes = tuple(known[each] for each in ids.split("+"))
    return Fault(changes, Deployment(deployment))


def _one(draw: random.Random) -> Fault:
    how_many = 2 if draw.random() < _PAIRS else 1
    things = [thing for thing in _WEIGHTS if how_many == 1 or thing is not Thing.HARMLESS]
    picked: list[Change] = []
    while len(picked) < how_many:
        change = _change(draw, draw.choices(things, [_WEIGHTS[each] for each in things])[0])
        if change.thing not in {each.thing for each in picked}:
            picked.append(change)
    picked.sort(key=lambda change: _ORDER.index(change.thing))
    is_deployed = any(change.thing is Thing.APPLICATION for change in picked)
    deployment = Deployment.APPLICATION if is_deployed else draw.choice([*Deployment])
    return Fault(tuple(picked), deployment)


def _change(draw: random.Random, thing: Thing) -> Change:
    """
    Choose a change of a thing: section by section, so that a large one is chosen like a small one.
    """
    changes: Sequence[Change] = space()[thing]
    written = [change for change in changes if change.old is not ABSENT]
    if written and draw.random() < _WRITTEN:
        changes = written
    depth = 0
    while True:
        parts = sorted({_part(change, depth) for change in changes})
        if parts == [""]:
            return draw.choice(changes)
        part = draw.choice(parts)
        changes = [change for change in changes if _part(change, depth) == part]
        depth += 1


def _part(change: Change, depth: int) -> str:
    parts = change.path.split(".")
    return parts[depth] if depth < len(parts) else ""


def _healthy(thing: Thing) -> Mapping[str, Any]:
    keys = KeyPair("{key}", "{secret}")
    if thing is Thing.SERVER:
        return server_config("{address}", keys, "{webhooks}")
    return sip_config("{address}", keys)


def _keys(
    thing: Thing, kinds: Mapping[str, Any], healthy: Any, above: str = ""
) -> Iterator[Change]:
    """
    Yield wrong values and misspelt names of all keys of a service.
    """
    for name, kind in kinds.items():
        path = f"{above}{name}"
        old = healthy.get(name, ABSENT) if isinstance(healthy, Mapping) else ABSENT
        if isinstance(kind, Mapping) and kind and "*" not in kind:
            yield from _keys(thing, kind, old, f"{path}.")
            if old is ABSENT:
                continue
            wrong: Iterator[tuple[str, Any]] = iter((("absent", ABSENT),))
        else:
            wrong = values.wrong_values(kind, path, old)
        wrong = ((how, new) for how, new in wrong if how not in _NOT_HERE.get(path, ()))
        for how, new in wrong:
            yield _made(thing, path, how, old, new)
        yield _misspelt(thing, path, name, old)


def _misspelt(thing: Thing, path: str, name: str, old: Any) -> Change:
    """
    Return the change of a key's name; one that the file does not have gets a value.
    """
    section = path.removesuffix(name)
    wrong = values.misspelt(name)
    value = old if old is not ABSENT else 1
    return dataclasses.replace(
        _made(thing, path, "misspelt", old, {"misspelt": f"{section}{wrong}", "value": value}),
        about=about.about(thing, path, wrong),
    )


def _fields(
    thing: Thing, descriptor: Descriptor, healthy: Mapping[str, Any], above: str = ""
) -> Iterator[Change]:
    """
    Yield wrong values of all fields of a message.
    """
    for field in descriptor.fields:
        if field.name in _NOT_OURS | _NOT_OF_A_CALL:
            continue
        path = f"{above}{field.name}"
        old = healthy.get(field.name, ABSENT)
        inside = field.message_type
        if inside is not None and not field.is_repeated and inside.name != "Duration":
            yield from _fields(thing, inside, old if isinstance(old, Mapping) else {}, f"{path}.")
            continue
        for how, new in _wrong_of(field, old):
            yield _made(thing, path, how, old, new)


def _wrong_of(field: FieldDescriptor, old: Any) -> Iterator[tuple[str, Any]]:
    """
    Yield wrong values of one field, as its JSON.
    """
    if field.is_repeated:
        yield from _several_of(field, old)
        return
    if old is not ABSENT:
        yield "absent", ABSENT
    match field.type:
        case FieldDescriptor.TYPE_STRING:
            yield from values.wrong_texts(field.name, old)
        case FieldDescriptor.TYPE_BOOL:
            yield "on", True
        case FieldDescriptor.TYPE_ENUM:
            assert field.enum_type is not None
            names = [value.name for value in field.enum_type.values]
            picked = (names[1], names[len(names) // 2], names[-1])
            yield from ((name.lower(), name) for name in dict.fromkeys(picked) if name != old)
        case FieldDescriptor.TYPE_MESSAGE:
            yield from ((how, f"{seconds:g}s") for how, seconds in values.wrong_seconds())
        case _:
            yield from values.wrong_numbers(old if isinstance(old, int) else 0)


def _several_of(field: FieldDescriptor, old: Any) -> Iterator[tuple[str, Any]]:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        yield "another", {"X-Blind": "somebody-else"}
    elif field.message_type is not None:
        texts = (one for one in field.message_type.fields if one.type == one.TYPE_STRING)
        yield "another", [{next(texts).name: "somebody-else"}]
    elif isinstance(old, list):
        yield "none", []
        yield from ((how, [text]) for how, text in values.wrong_texts(field.name, old[0]))
        yield "and-another", [*old, values.other_text(field.name, old[0])]
    else:
        yield "another", [values.other_text(field.name, old)]


def _manners() -> Iterator[Change]:
    for field in dataclasses.fields(Manner):
        for how, new in field.metadata.get("wrong", {}).items():
            yield _made(Thing.APPLICATION, field.name, how, field.default, new)


def _of_redis() -> Iterator[Change]:
    for name, new in _REDIS.items():
        path, _, how = name.partition("/")
        yield _made(Thing.REDIS, path, how, "healthy", new)


def _of_networks() -> Iterator[Change]:
    for place in _PLACES:
        yield _made(Thing.NETWORK, place, FORWARDED, "healthy", "a proxy that forwards everything")
        for kind in Kind:
            yield _made(Thing.NETWORK, place, kind.value, "healthy", kind.value)


def _harmless() -> Iterator[Change]:
    for name, new in HARMLESS.items():
        yield _made(Thing.HARMLESS, name, "made", "healthy", new)


def _made(thing: Thing, path: str, how: str, old: Any, new: Any) -> Change:
    return Change(thing, path, how, old, new, about.about(thing, path), about.links(thing, path))
