"""
Try all vectors on a server, many at a time, and report the wrong answers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from livekit_conformance.protocol.token import Issuer
from tests.vectors.bad_requests import BAD_REQUESTS, BadRequest
from tests.vectors.bad_tokens import BAD_TOKENS, ROOM, BadToken, good
from tests.vectors.raw_http import exchange

_AT_ONCE = 16
# Bad tokens between two controls with a good one.
_CONTROL_EVERY = 20
_ROOMS, _SIP = "/twirp/livekit.RoomService/", "/twirp/livekit.SIP/"
_REFUSALS = frozenset({401, 403})
_NOBODY = {"room": ROOM, "identity": "nobody"}


@dataclass(frozen=True)
class Method:
    """
    A request to one method, and the statuses that answer it with a good token, in any version.
    """

    path: str
    body: Mapping[str, Any]
    statuses: frozenset[int]


METHODS = (
    Method(_ROOMS + "CreateRoom", {"name": ROOM}, frozenset({200})),
    Method(_ROOMS + "ListRooms", {}, frozenset({200})),
    Method(_ROOMS + "ListParticipants", {"room": ROOM}, frozenset({200})),
    Method(_ROOMS + "RemoveParticipant", _NOBODY, frozenset({404})),
    Method(_ROOMS + "SendData", {"room": ROOM}, frozenset({200})),
    Method(_SIP + "ListSIPInboundTrunk", {}, frozenset({200})),
    Method(_SIP + "CreateSIPDispatchRule", {}, frozenset({400})),
    Method(_SIP + "CreateSIPParticipant", {}, frozenset({400, 404})),
)


@dataclass(frozen=True)
class Tried:
    """
    Number of requests sent and of controls among them; `wrong` names each wrong answer.
    """

    requests: int
    controls: int
    wrong: Sequence[str]
    slowest_s: float


async def try_tokens(
    url: str, key: str, secret: str, tokens: Sequence[BadToken] = BAD_TOKENS
) -> Tried:
    """
    Send every token to every method; only 401 and 403 are right.
    """
    controls = [BadToken("a good token", lambda issuer: f"Bearer {good(issuer)}")]
    slots = asyncio.Semaphore(_AT_ONCE)
    async with aiohttp.ClientSession(url) as client:

        async def attempt(
            method: Method, shape: BadToken, right: frozenset[int]
        ) -> tuple[str, float]:
            async with slots:
                started = time.perf_counter()
                header = shape.header(Issuer(key, secret, int(time.time())))
                headers = {} if header is None else {"Authorization": header}
                async with client.post(
                    method.path, json=dict(method.body), headers=headers
                ) as answer:
                    seen = f"{method.path} with {shape.id}: {answer.status} {await answer.text()}"
                took = time.perf_counter() - started
                return "" if answer.status in right else seen[:300], took

        # The first control creates the room that the methods refer to.
        await attempt(METHODS[0], controls[0], METHODS[0].statuses)
        work: list[Awaitable[tuple[str, float]]] = []
        count = 0
        for method in METHODS:
            for index, shape in enumerate(tokens):
                if index % _CONTROL_EVERY == 0:
                    count += 1
                    work.append(attempt(method, controls[0], method.statuses))
                work.append(attempt(method, shape, _REFUSALS))
        answers = await asyncio.gather(*work)
        await attempt(
            Method(_ROOMS + "DeleteRoom", {"room": ROOM}, frozenset({200})),
            controls[0],
            METHODS[0].statuses,
        )
    return _tried(answers, controls=count)


async def try_requests(
    url: str, key: str, secret: str, requests: Sequence[BadRequest] = BAD_REQUESTS
) -> Tried:
    """
    Send every bad request on its own connection; the status and code it names are right.
    """
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 0)
    slots = asyncio.Semaphore(_AT_ONCE)

    async def attempt(request: BadRequest) -> tuple[str, float]:
        async with slots:
            started = time.perf_counter()
            try:
                answer = await exchange(
                    address, request.make(Issuer(key, secret, int(time.time())))
                )
            except TimeoutError:
                return f"{request.id}: no answer", time.perf_counter() - started
            took = time.perf_counter() - started
        if (answer.status, answer.code) == (request.status, request.code):
            return "", took
        return f"{request.id}: {answer}, not {request.status} {request.code}", took

    return _tried(await asyncio.gather(*map(attempt, requests)), controls=0)


def _tried(answers: Sequence[tuple[str, float]], *, controls: int) -> Tried:
    return Tried(
        requests=len(answers) - controls,
        controls=controls,
        wrong=[wrong for wrong, _ in answers if wrong],
        slowest_s=max(took for _, took in answers),
    )
