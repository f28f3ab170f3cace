"""
Rights of the services' accounts in Redis (ACL), as Redis itself states them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import redis.asyncio
from pydantic import TypeAdapter
from redis.exceptions import ResponseError

from livekit_conformance import run_clock
from livekit_conformance.drivers.bus.channels import (
    CREATE_PARTICIPANT,
    HASHES,
    NODES,
    OF_SERVER,
    REQUEST,
    ROOM_LOCK,
    ROOMS,
    SERVICES,
    VERSION,
)
from livekit_conformance.drivers.bus.connection import read, read_if_allowed
from livekit_conformance.observations import RedisAccount

Command = tuple[str, ...]

_ANSWERS: Final = TypeAdapter(list[Any])
_REFUSALS: Final = TypeAdapter(list[dict[str, Any]])
# The newest entries of ACL LOG that are read; older ones may be settled by now.
_ENTRIES: Final = 32
_RECENT_S: Final = 60.0
# Client of psrpc, as in its channels.
_ASKS: Final = "IOInfo|CLI_x|{}"
_DIALS: Final = "SIPInternal|CLI_x|{}"
_TAKES: Final[Command] = ("SET", REQUEST, "1", "EX", "5", "NX")

# Commands that each service needs, with values that no deployment has.
NEEDED: Final[Mapping[str, tuple[Command, ...]]] = MappingProxyType(
    {
        "livekit-server": (
            *(("SUBSCRIBE", channel) for channel in OF_SERVER),
            *(("SUBSCRIBE", _DIALS.format(kind)) for kind in ("CLAIM", "RES")),
            *(("PUBLISH", _ASKS.format(kind), "x") for kind in ("CLAIM", "RES")),
            ("PUBLISH", CREATE_PARTICIPANT, "x"),
            _TAKES,
            *(("HGET", key, "x") for key in HASHES),
            *(("HSET", key, "x", "x") for key in HASHES),
            *(("HDEL", key, "x") for key in HASHES),
            *(("HVALS", NODES), ("HVALS", ROOMS), ("HMGET", ROOMS, "x")),
            # The hashes of a room are deleted with it.
            *(("DEL", key) for key in HASHES if key.endswith(":x")),
            ("GET", VERSION),
            ("SET", ROOM_LOCK, "x", "NX"),
            ("EVALSHA", "x", "1", ROOM_LOCK, "x"),
        ),
        "livekit-sip": (
            ("SUBSCRIBE", CREATE_PARTICIPANT),
            *(("SUBSCRIBE", _ASKS.format(kind)) for kind in ("CLAIM", "RES")),
            *(("PUBLISH", _DIALS.format(kind), "x") for kind in ("CLAIM", "RES")),
            *(("PUBLISH", channel, "x") for channel in OF_SERVER),
            _TAKES,
        ),
    }
)
# What Redis says to ACL DRYRUN: "... no permissions to access the 'rooms' key".
_REFUSED: Final = re.compile(r"'([^']*)' (command|key|channel)\.?$")
_ALL: Final = MappingProxyType({"key": "~*", "channel": "&*"})


async def rights_of(client: redis.asyncio.Redis, service: str, user: str) -> RedisAccount | None:
    """
    Return the rules that `user` is missing for `service` (ACL DRYRUN); None if that is not known.
    """
    needed = NEEDED[service]
    pipeline = client.pipeline(transaction=False)
    for command in needed:
        pipeline.execute_command("ACL DRYRUN", user, *command)
    answers = await read(pipeline.execute(raise_on_error=False), _ANSWERS)
    if any(isinstance(answer, ResponseError) for answer in answers):
        return None
    refusals = [
        (rule, " ".join(command).strip())
        for command, answer in zip(needed, answers, strict=True)
        if (rule := missing_rule(answer)) is not None
    ]
    rules = tuple(dict.fromkeys(rule for rule, _ in refusals))
    return _account(service, user, rules, refusals[0][1] if refusals else "")


def _account(service: str, user: str, missing: tuple[str, ...], refused: str) -> RedisAccount:
    text = f"user {user} of Redis ({service}) is missing {' '.join(missing) or 'no rule'}"
    return RedisAccount(
        run_clock.now(), text, service=service, user=user, missing=missing, refused=refused
    )


def missing_rule(answer: bytes | str) -> str | None:
    """
    Return the ACL rule that would allow what ACL DRYRUN refused; None if it was not refused.
    """
    text = answer.decode() if isinstance(answer, bytes) else answer
    if (found := _REFUSED.search(text)) is None:
        return None
    name, kind = found.groups()
    return _ALL.get(kind, f"+{name}")


async def refusals(client: redis.asyncio.Redis, besides: Iterable[str]) -> list[RedisAccount]:
    """
    Return other users whom Redis has just refused a channel or a key of LiveKit (ACL LOG).
    """
    entries = await read_if_allowed(client.acl_log(_ENTRIES), _REFUSALS) or []
    return [*_refused(entries, frozenset(besides))]


def _refused(entries: Iterable[Mapping[str, Any]], known: frozenset[str]) -> Iterator[RedisAccount]:
    users = set(known)
    for entry in entries:
        user, kind, name = entry["username"], entry["reason"], entry["object"]
        is_ours = name.partition("|")[0] in SERVICES if kind == "channel" else name in HASHES
        if user in users or kind not in _ALL or not is_ours:
            continue
        if float(entry["age-seconds"]) <= _RECENT_S:
            users.add(user)
            yield _account("a LiveKit service", user, (_ALL[kind],), name)
