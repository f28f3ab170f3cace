"""
The LiveKit server API: livekit-api for what should work, raw requests for what should not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from livekit import api

from livekit_conformance.drivers.http import HttpAnswer, exchange, open_session
from livekit_conformance.drivers.permit import Permit
from livekit_conformance.errors import Violation
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol import token

T = TypeVar("T")

# Long enough for a proof, short enough to be worthless when it leaks.
_TOKEN_VALID_S = 60

LIST_ROOMS = "/twirp/livekit.RoomService/ListRooms"


class ApiRefused(Violation):
    """
    livekit-server answered with an error where the request was right.

    Keeps the HTTP `status`, the Twirp `code` and the server's own `text`.
    """

    def __init__(self, method: str, *, status: int, code: str, text: str) -> None:
        super().__init__(f"{method} answered {status} {code}: {text.strip() or '(empty body)'}")
        self.status = status
        self.code = code
        self.text = text


class LiveKitClient:
    """
    An authenticated client of one livekit-server. Use it as an asynchronous context manager.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str,
        api_secret: str,
        permit: Permit,
        recorder: Recorder,
        timeout: float = 5.0,
    ) -> None:
        self.url = url
        # ws -> http, wss -> https
        self.http_url = url.replace("ws", "http", 1).rstrip("/") if url.startswith("ws") else url
        self._api_key = api_key
        self._api_secret = api_secret
        self._permit = permit
        self._recorder = recorder
        self._timeout = timeout

    async def __aenter__(self) -> Self:
        self.session = open_session(self._permit, self._recorder, timeout=self._timeout)
        self._sdk = api.LiveKitAPI(
            self.http_url,
            self._api_key,
            self._api_secret,
            session=self.session,
            failover=False,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self.session.close()

    # -- rooms

    async def create_room(self, name: str, **settings: Any) -> api.Room:
        """
        CreateRoom; settings are fields of CreateRoomRequest (time-outs in seconds).
        """
        request = api.CreateRoomRequest(name=name, **settings)
        return await self._ask("CreateRoom", self._sdk.room.create_room(request))

    async def list_rooms(self, *names: str) -> list[api.Room]:
        """
        ListRooms: all of them, or those of exactly these names.
        """
        request = api.ListRoomsRequest(names=names)
        answer = await self._ask("ListRooms", self._sdk.room.list_rooms(request))
        return list(answer.rooms)

    async def delete_room(self, name: str) -> None:
        """
        DeleteRoom; ApiRefused with code not_found when there is none.
        """
        await self._ask("DeleteRoom", self._sdk.room.delete_room(api.DeleteRoomRequest(room=name)))

    async def list_participants(self, room: str) -> list[api.ParticipantInfo]:
        """
        ListParticipants of a room.
        """
        request = api.ListParticipantsRequest(room=room)
        answer = await self._ask("ListParticipants", self._sdk.room.list_participants(request))
        return list(answer.participants)

    # -- telephony

    async def create_inbound_trunk(self, trunk: api.SIPInboundTrunkInfo) -> api.SIPInboundTrunkInfo:
        """
        CreateSIPInboundTrunk.
        """
        request = api.CreateSIPInboundTrunkRequest(trunk=trunk)
        return await self._ask("CreateSIPInboundTrunk", self._sdk.sip.create_inbound_trunk(request))

    async def create_dispatch_rule(self, rule: api.SIPDispatchRuleInfo) -> api.SIPDispatchRuleInfo:
        """
        CreateSIPDispatchRule, in the message form of livekit-server 1.9 and later.
        """
        request = api.CreateSIPDispatchRuleRequest(dispatch_rule=rule)
        return await self._ask("CreateSIPDispatchRule", self._sdk.sip.create_dispatch_rule(request))

    async def list_inbound_trunks(self) -> list[api.SIPInboundTrunkInfo]:
        """
        ListSIPInboundTrunk.
        """
        request = api.ListSIPInboundTrunkRequest()
        answer = await self._ask("ListSIPInboundTrunk", self._sdk.sip.list_inbound_trunk(request))
        return list(answer.items)

    async def list_dispatch_rules(self) -> list[api.SIPDispatchRuleInfo]:
        """
        ListSIPDispatchRule.
        """
        request = api.ListSIPDispatchRuleRequest()
        answer = await self._ask("ListSIPDispatchRule", self._sdk.sip.list_dispatch_rule(request))
        return list(answer.items)

    # -- raw

    async def get(self, path: str) -> HttpAnswer:
        """
        GET a path of the server, without a token.
        """
        with exchange("GET", self.http_url + path) as answer:
            async with self.session.get(answer.url) as response:
                await response.read()
        return answer

    async def post(self, path: str, *, bearer: str | None) -> HttpAnswer:
        """
        POST an empty JSON request with any token, or none; the answer is given whole, never raised.
        """
        headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
        with exchange("POST", self.http_url + path) as answer:
            async with self.session.post(answer.url, json={}, headers=headers) as response:
                await response.read()
        return answer

    def claims(self, **changes: Any) -> dict[str, Any]:
        """
        The claims of a good token for ListRooms, with changes (None takes a claim away).
        """
        now = int(time.time())
        good = {
            "iss": self._api_key,
            "sub": "conformance",
            "nbf": now,
            "exp": now + _TOKEN_VALID_S,
            "video": {"roomList": True},
        }
        return {name: value for name, value in (good | changes).items() if value is not None}

    def sign(self, claims: Mapping[str, Any], *, secret: str | None = None) -> str:
        """
        A token with these claims, signed with the profile's secret or another one.
        """
        return token.sign(claims, self._api_secret if secret is None else secret)

    async def _ask(self, method: str, request: Awaitable[T]) -> T:
        with exchange("POST", self.http_url) as answer:
            try:
                # livekit-api 1.2 hands aiohttp `timeout=None`, which switches the session's off.
                async with asyncio.timeout(self._timeout):
                    return await request
            except api.ServerError as error:
                raise ApiRefused(
                    method,
                    status=error.status,
                    code=error.code,
                    text=self._recorder.redact(error.message or answer.text),
                ) from error
