"""
LiveKit server API, guarded and recorded: the client for applications, with one try per request.

Only requests that a correct client never sends are raw: with a bad token, or to another path.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from types import MappingProxyType, TracebackType
from typing import Any, Self, TypeVar

from livekit import api
from livekit.protocol.agent_dispatch import AgentDispatch

from livekit_conformance.catalogue.log_lines import of_server
from livekit_conformance.client.client import Client
from livekit_conformance.client.error_advice import hint
from livekit_conformance.client.errors import LiveKitError
from livekit_conformance.drivers.api.http_answers import HttpAnswer
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.api.rate_limit import RateLimit
from livekit_conformance.drivers.api.session import open_session
from livekit_conformance.drivers.ownership.owner import Owner, refuse_wildcards
from livekit_conformance.environments.policies import (
    DEFAULT_HANDLING,
    DEFAULT_POLICIES,
    Errors,
    Handling,
    Policies,
)
from livekit_conformance.errors import Failure, NotPermitted, Unreachable, Violation
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol import token
from livekit_conformance.protocol.mark import Kind

T = TypeVar("T")

# A room that names no agent gets one of each worker without a name (automatic dispatch): it would
# take capacity from calls, and create the room anew if it joins after we have deleted it.
_NO_AGENT = api.RoomAgentDispatch(agent_name=of_server.NOBODY)
# Our rooms soon end by themselves if the run is killed; in seconds.
_OF_A_GUEST = MappingProxyType({"empty_timeout": 30, "departure_timeout": 5, "agents": [_NO_AGENT]})

# A check decides what an error means: the client neither logs it nor stops sending.
_SILENT = Handling(retry=False, trips=False, log="debug")
_NO_REACTION = DEFAULT_HANDLING.model_copy(
    update={"errors": Errors(**dict.fromkeys(Errors.model_fields, _SILENT))}
)

LIST_ROOMS = "/twirp/livekit.RoomService/ListRooms"


class ApiRefused(Violation):
    """
    livekit-server answered a correct request with an error.

    Keeps the `url`, the HTTP `status`, the Twirp `code`, the server's own `text`, the masked `key`
    of the client, a `hint`, and the `metadata` of the Twirp error: for a call `sip_status_code` and
    `sip_status`.
    """

    def __init__(
        self,
        method: str,
        *,
        status: int,
        code: str,
        text: str,
        url: str = "",
        key: str = "",
        metadata: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.hint = hint(status, text, metadata)
        message = f"{method} answered {status} {code}: {text.strip() or '(empty body)'}"
        super().__init__(f"{message} ({url}, API key {key}). {self.hint}" if url else message)
        self.url = url
        self.key = key
        self.status = status
        self.code = code
        self.text = text
        self.metadata = metadata


class LiveKitClient:
    """
    Authenticated client of one livekit-server. Use it as an asynchronous context manager.

    Objects that it creates belong to `owner`; without an owner it creates and deletes nothing.
    Without `keep_alive` every request opens its own connection, to each address of the host in
    turn.

    Each request is sent once, whatever the deployment's policies say: a check must see the first
    answer, and a retry would hide the failure.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str,
        api_secret: str,
        permit: Permit,
        recorder: Recorder,
        owner: Owner | None = None,
        rate_limit: RateLimit | None = None,
        timeout: float = 5.0,
        keep_alive: bool = True,
    ) -> None:
        self.url = url
        self._api_key = api_key
        self._api_secret = api_secret
        self._permit = permit
        self.recorder = recorder
        self._owner = owner
        self._rate_limit = rate_limit
        # Objects that may be deleted: rooms by name, the others by id.
        self._own: set[tuple[Kind, str]] = set()
        self._timeout = timeout
        self._keep_alive = keep_alive

    async def __aenter__(self) -> Self:
        # Collecting the checks imports this module too, and asks nobody.
        from livekit_conformance.drivers.api.http_client import HttpClient  # noqa: PLC0415

        self._running = AsyncExitStack()
        self.session = await self._running.enter_async_context(
            open_session(self._permit, self.recorder, keep_alive=self._keep_alive)
        )
        self._client = await self._running.enter_async_context(
            Client(
                self.url,
                self._api_key,
                self._api_secret,
                policies=_each_request_once(self._timeout),
                handling=_NO_REACTION,
                session=self.session,
                redact=self.recorder.redact,
            )
        )
        self.http = await self._running.enter_async_context(
            HttpClient(
                self._permit, self.recorder, timeout=self._timeout, keep_alive=self._keep_alive
            )
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._running.aclose()

    # -- rooms

    async def create_room(self, name: str, *, note: str = "", **settings: Any) -> api.Room:
        """
        Send CreateRoom; settings are fields of CreateRoomRequest (timeouts in seconds).

        Its metadata is our mark, which holds `note`.
        """
        mark = self._claim("room", name, note)
        # A request without an answer may have created a room too.
        self._own.add(("room", name))
        wanted = {**_OF_A_GUEST, **settings, "metadata": mark}
        try:
            room = await self._ask(lambda client: client.create_room(name, **wanted))
        except ApiRefused:
            self._release_room(name)
            raise
        self._owned("room", name, room.sid, key=room.name)
        return room

    async def list_rooms(self, *names: str) -> list[api.Room]:
        """
        Send ListRooms: return all rooms, or those of exactly these names.
        """
        return await self._ask(lambda client: client.list_rooms(*names))

    async def delete_room(self, name: str) -> None:
        """
        Send DeleteRoom for a room of ours; raises ApiRefused with code not_found if it is gone.
        """
        self._require_own("room", name)
        try:
            await self._ask(lambda client: client.delete_room(name))
        except ApiRefused as refused:
            if refused.code == "not_found":
                self._release_room(name)
            raise
        self._release_room(name)

    async def reopen_room(self, name: str) -> None:
        """
        Send CreateRoom for a room of ours that exists, and keeps its settings.
        """
        self._require_own("room", name)
        await self._ask(lambda client: client.create_room(name))

    async def list_participants(self, room: str) -> list[api.ParticipantInfo]:
        """
        Send ListParticipants for a room.
        """
        return await self._ask(lambda client: client.list_participants(room))

    async def list_agent_dispatches(self, room: str) -> list[AgentDispatch]:
        """
        Send ListDispatch for a room: return its agent dispatches, with the jobs that workers took.
        """
        return await self._ask(lambda client: client.list_agent_dispatches(room))

    async def remove_participant(self, room: str, identity: str) -> None:
        """
        Send RemoveParticipant, which hangs up the call of a SIP participant of ours.
        """
        self._require_own("participant", identity)
        await self._ask(lambda client: client.remove_participant(room, identity))

    # -- telephony

    async def create_inbound_trunk(self, trunk: api.SIPInboundTrunkInfo) -> api.SIPInboundTrunkInfo:
        """
        Send CreateSIPInboundTrunk for a trunk with our mark.

        Raises NotPermitted unless all its numbers are ours.
        """
        self.owner.refuse_foreign_numbers("an inbound trunk", trunk.numbers)
        trunk.metadata = self._claim("inbound-trunk", trunk.name)
        made = await self._ask(lambda client: client.create_inbound_trunk(trunk))
        self._owned("inbound-trunk", trunk.name, made.sip_trunk_id)
        return made

    async def create_dispatch_rule(self, rule: api.SIPDispatchRuleInfo) -> api.SIPDispatchRuleInfo:
        """
        Send CreateSIPDispatchRule for a rule with our mark.

        Raises NotPermitted unless all its trunks and numbers are ours.
        """
        trunks = (server_id for kind, server_id in self._own if kind == "inbound-trunk")
        refuse_wildcards(rule, trunks)
        self.owner.refuse_foreign_numbers("a dispatch rule", rule.numbers)
        rule.metadata = self._claim("dispatch-rule", rule.name)
        made = await self._ask(lambda client: client.create_dispatch_rule(rule))
        self._owned("dispatch-rule", rule.name, made.sip_dispatch_rule_id)
        return made

    async def list_inbound_trunks(self) -> list[api.SIPInboundTrunkInfo]:
        """
        Send ListSIPInboundTrunk.
        """
        return await self._ask(lambda client: client.list_inbound_trunks())

    async def list_dispatch_rules(self) -> list[api.SIPDispatchRuleInfo]:
        """
        Send ListSIPDispatchRule.
        """
        return await self._ask(lambda client: client.list_dispatch_rules())

    async def create_outbound_trunk(
        self, trunk: api.SIPOutboundTrunkInfo
    ) -> api.SIPOutboundTrunkInfo:
        """
        Send CreateSIPOutboundTrunk for a trunk with our mark.

        Raises NotPermitted unless all its numbers are ours.
        """
        self.owner.refuse_foreign_numbers("an outbound trunk", trunk.numbers)
        trunk.metadata = self._claim("outbound-trunk", trunk.name)
        made = await self._ask(lambda client: client.create_outbound_trunk(trunk))
        self._owned("outbound-trunk", trunk.name, made.sip_trunk_id)
        return made

    async def list_outbound_trunks(self) -> list[api.SIPOutboundTrunkInfo]:
        """
        Send ListSIPOutboundTrunk.
        """
        return await self._ask(lambda client: client.list_outbound_trunks())

    async def create_sip_participant(
        self, request: api.CreateSIPParticipantRequest
    ) -> api.SIPParticipantInfo:
        """
        Send CreateSIPParticipant, which may take as long as the phone may ring.

        Raises ApiRefused, whose metadata hold the SIP status of the call, Unreachable, and
        NotPermitted unless the number is ours and the call ends by itself.
        """
        self.owner.refuse_foreign_numbers("an outbound call", [request.sip_call_to])
        if not request.HasField("max_call_duration"):
            raise NotPermitted("an outbound call without max_call_duration may last for ever")
        identity = request.participant_identity
        request.participant_metadata = self._claim("participant", identity)
        self._own.add(("participant", identity))
        return await self._ask(lambda client: client.create_sip_participant(request))

    async def delete_trunk(self, trunk_id: str) -> None:
        """
        Send DeleteSIPTrunk for a trunk of ours, inbound or outbound.
        """
        is_inbound = ("inbound-trunk", trunk_id) in self._own
        self._require_own("inbound-trunk" if is_inbound else "outbound-trunk", trunk_id)
        await self._ask(lambda client: client.delete_trunk(trunk_id))

    async def delete_dispatch_rule(self, rule_id: str) -> None:
        """
        Send DeleteSIPDispatchRule for a rule of ours.
        """
        self._require_own("dispatch-rule", rule_id)
        await self._ask(lambda client: client.delete_dispatch_rule(rule_id))

    # -- ownership

    @property
    def owner(self) -> Owner:
        """
        Owner of created objects; raises NotPermitted when there is none.
        """
        if self._owner is None:
            raise NotPermitted("this client has no owner, so it creates nothing")
        return self._owner

    def adopt(self, kind: Kind, key: str) -> None:
        """
        Allow the deletion of an object whose mark has proven that it is ours.

        `key` is the name of a room, or the id of a trunk or rule.
        """
        self._own.add((kind, key))

    def _claim(self, kind: Kind, name: str, note: str = "") -> str:
        self._permit.require_creation(kind)
        return self.owner.claim(kind, name, note=note)

    def _owned(self, kind: Kind, name: str, server_id: str, *, key: str = "") -> None:
        self.owner.note_id(kind, name, server_id)
        self.adopt(kind, key or server_id)

    def _release_room(self, name: str) -> None:
        # A sweeper has no owner: it deletes rooms and opens none.
        if self._owner is not None:
            self._owner.release_room(name)

    def _require_own(self, kind: Kind, key: str) -> None:
        if (kind, key) not in self._own:
            raise NotPermitted(f"the {kind} {key} is not ours, so it is not deleted")

    # -- raw

    async def get(self, path: str, *, bearer: str | None = None) -> HttpAnswer:
        """
        Send GET with any token, or none; return the answer whatever its status.
        """
        headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
        await self._take_turn()
        return await self.http.request(
            "GET", self._client.url + path, headers=headers, redirects=False
        )

    async def post(
        self,
        path: str,
        *,
        bearer: str | None,
        scheme: str = "Bearer ",
        body: Mapping[str, Any] = MappingProxyType({}),
    ) -> HttpAnswer:
        """
        Send POST with a JSON body and any token, or none; return the answer whatever its status.

        `scheme` stands before the token in the Authorization header.
        """
        headers = {"Content-Type": "application/json"}
        if bearer is not None:
            headers["Authorization"] = f"{scheme}{bearer}"
        await self._take_turn()
        sent = json.dumps(dict(body)).encode()
        return await self.http.request(
            "POST", self._client.url + path, headers=headers, body=sent, redirects=False
        )

    def issuer(self) -> token.Issuer:
        """
        Return an issuer of tokens with the profile's key pair and the current time.
        """
        return token.Issuer(self._api_key, self._api_secret, int(time.time()))

    def claims(self, **changes: Any) -> dict[str, Any]:
        """
        Return the claims of a good token for ListRooms, with changes (None removes a claim).
        """
        return self.issuer().claims(**{"video": {"roomList": True}, **changes})

    def sign(self, claims: Mapping[str, Any], *, secret: str | None = None) -> str:
        """
        Return a token with these claims, signed with the profile's secret or another one.
        """
        return token.sign(claims, self._api_secret if secret is None else secret)

    async def reserve(self, requests: int) -> None:
        """
        Wait until so many requests can be made without a pause between them.
        """
        if self._rate_limit is not None:
            await self._rate_limit.reserve(requests)

    async def _take_turn(self) -> None:
        if self._rate_limit is not None:
            await self._rate_limit.take_turn()

    async def _ask(self, request: Callable[[Client], Awaitable[T]]) -> T:
        await self._take_turn()
        try:
            return await request(self._client)
        except LiveKitError as error:
            raise _judged(error) from error


def _each_request_once(timeout: float) -> Policies:
    """
    Return policies with one try of `timeout` seconds, and of the usual time for a call.
    """
    usual = DEFAULT_POLICIES
    return Policies(
        livekit=usual.livekit.once(timeout),
        sip=usual.sip.once(usual.sip.timeout),
        webhook=usual.webhook.once(timeout),
    )


def _judged(error: LiveKitError) -> ApiRefused | Unreachable:
    """
    Convert a client error: an answer counts against the target, a missing one is Unreachable.
    """
    if error.status is None:
        return Unreachable(
            error.url,
            phase=error.phase,
            detail=error.text,
            waited=error.waited,
            remedy=error.hint,
            failure=error.failure or Failure.OTHER,
            key=error.key,
        )
    return ApiRefused(
        error.method,
        status=error.status,
        code=error.code,
        text=error.text,
        url=error.url,
        key=error.key,
        metadata=error.metadata,
    )
