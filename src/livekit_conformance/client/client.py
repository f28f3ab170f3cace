"""
Client for applications: livekit-api with deadlines, retries, a breaker and clear errors.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Final, Self, TypeVar, cast
from urllib.parse import urlsplit

import aiohttp
from livekit import api
from livekit.protocol.agent_dispatch import AgentDispatch

from livekit_conformance.client import health
from livekit_conformance.client.answers import LONGEST_ANSWER, BoundedSession
from livekit_conformance.client.breaker import CircuitBreaker, CircuitOpenError
from livekit_conformance.client.error_mapping import ErrorMapper
from livekit_conformance.client.errors import (
    LiveKitCircuitOpenError,
    LiveKitError,
    LiveKitRequestError,
)
from livekit_conformance.client.exchange import BODY_KEPT, trace
from livekit_conformance.client.health import Health, StateChange, logger
from livekit_conformance.client.idempotent import REPEATABLE
from livekit_conformance.client.resilience import Resilience
from livekit_conformance.client.tokens import ValidToken, validate_token
from livekit_conformance.environments.policies import (
    DEFAULT_HANDLING,
    DEFAULT_POLICIES,
    ErrorClass,
    ErrorHandling,
    Policies,
)
from livekit_conformance.protocol import webhook
from livekit_conformance.secrets.patterns import (
    Redactor,
    looks_like_key,
    looks_like_secret,
    masked,
)
from livekit_conformance.secrets.urls import url_secrets, without_user_info

T = TypeVar("T")

# Time limit for deleting a room after another error; an undeleted room ends by itself later.
_CLEAN_UP_S: Final = 10.0
# livekit-api's default for an unset ringing time-out, and the time the API needs beyond ringing.
_RINGS_S: Final = 30.0
_BESIDES_RINGING_S: Final = 5.0
_SCHEMES: Final = frozenset({"http", "https", "ws", "wss"})
_NO_ROOM: Final = "livekit-conformance-health"


class Client:
    """
    Client of one livekit-server, used as an asynchronous context manager.

    Every call has a deadline; a call that fails raises LiveKitError and no other error. `policies`
    and `handling` control retries (config/retry_policies.yaml, config/error_handling.yaml; the
    defaults are the values shipped in these files). A `session` passed in must have `trace()` among
    its trace configurations, and stays open. `redact` removes further secrets from the texts of
    errors. `clock` returns monotonic seconds. A message of more than `longest_answer` bytes is an
    error: raise the limit for tens of thousands of rooms.

    The SDK's own failover between the regions of LiveKit Cloud is off: it would multiply the
    attempts.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        api_secret: str,
        *,
        policies: Policies = DEFAULT_POLICIES,
        handling: ErrorHandling = DEFAULT_HANDLING,
        session: aiohttp.ClientSession | None = None,
        redact: Redactor | None = None,
        clock: Callable[[], float] = time.monotonic,
        longest_answer: int = LONGEST_ANSWER,
    ) -> None:
        if urlsplit(url).scheme not in _SCHEMES or not urlsplit(url).hostname:
            raise ValueError("url must be that of livekit-server: wss://host or https://host")
        if not (api_key and api_secret):
            raise ValueError("api_key and api_secret must not be empty")
        secrets = [api_secret, *url_secrets(url)]
        # Requests have a token: user and password of a URL would be a second authorization.
        url = without_user_info(url)
        # ws -> http, wss -> https
        self.url = (url.replace("ws", "http", 1) if url.startswith("ws") else url).rstrip("/")
        self._api_key = api_key
        self._api_secret = api_secret
        self._policies = policies
        self._handling = handling
        self._clock = clock
        self._longest_answer = longest_answer
        self._given_session = session
        if looks_like_secret(api_key) or looks_like_key(api_secret):
            # livekit-server quotes an unknown key in its error: the secret, if the two are swapped.
            secrets.append(api_key)
        redact = (redact or Redactor()).with_secrets(secrets)
        self._error_mapper = ErrorMapper(masked(api_key), redact)
        self.breaker = CircuitBreaker(handling.circuit_breaker)
        self._requests = self._resilience("livekit")
        self._calls = self._resilience("sip")
        self._endpoints: dict[str, Resilience] = {}
        self._deletions: set[asyncio.Task[None]] = set()

    def __repr__(self) -> str:
        return f"Client({self._error_mapper.redact(self.url)!r}, {masked(self._api_key)!r})"

    async def __aenter__(self) -> Self:
        self._session = self._given_session or aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(), trace_configs=[trace()]
        )
        self._bounded = BoundedSession(self._session, self._longest_answer)
        self.sdk = api.LiveKitAPI(
            self.url,
            self._api_key,
            self._api_secret,
            session=cast("aiohttp.ClientSession", self._bounded),
            failover=False,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        try:
            if self._deletions:
                await asyncio.wait(self._deletions)
        finally:
            if self._session is not self._given_session:
                await self._session.close()

    # -- any request

    async def ask(
        self,
        method: str,
        request: Callable[[api.LiveKitAPI], Awaitable[T]],
        *,
        repeatable: bool | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - of one try, not of all of them
    ) -> T:
        """
        Return the answer to any request of livekit-api, with the deadlines, retries and errors of
        this client.

        `await client.ask("ListEgress", lambda sdk: sdk.egress.list_egress(request))`. Methods in
        `REPEATABLE` may be sent twice; for others, `repeatable` decides. `timeout` bounds one try,
        in seconds. Raises LiveKitError.
        """
        may_repeat = method in REPEATABLE if repeatable is None else repeatable
        return await self._ask(
            self._requests, method, request, repeatable=may_repeat, timeout=timeout
        )

    # -- rooms

    async def create_room(self, name: str, **settings: Any) -> api.Room:
        """
        Send CreateRoom and return the room; settings are fields of CreateRoomRequest (time-outs in
        seconds).

        If a room of that name exists already, it is returned.
        """
        wanted = api.CreateRoomRequest(name=name, **settings)
        return await self.ask("CreateRoom", lambda sdk: sdk.room.create_room(wanted))

    async def list_rooms(self, *names: str) -> list[api.Room]:
        """
        Return all rooms, or those with exactly these names, by ListRooms.
        """
        wanted = api.ListRoomsRequest(names=names)
        return list((await self.ask("ListRooms", lambda sdk: sdk.room.list_rooms(wanted))).rooms)

    async def delete_room(self, name: str) -> None:
        """
        Send DeleteRoom, which ends the calls in the room.

        Raises LiveKitRequestError with the code `not_found` if there is no such room.
        """
        wanted = api.DeleteRoomRequest(room=name)
        await self._remove("DeleteRoom", lambda sdk: sdk.room.delete_room(wanted))

    @asynccontextmanager
    async def room(self, name: str, **settings: Any) -> AsyncIterator[api.Room]:
        """
        Create a room and delete it at the end, also after an error or when the task is cancelled.

        If the body fails, its error is raised, and a failure to delete the room is added to it as a
        note. Otherwise, a failure to delete the room is raised. Do not use the name of somebody
        else's room: it would be deleted too.
        """
        made: api.Room | None = None
        try:
            made = await self.create_room(name, **settings)
            yield made
        except BaseException as error:
            if made is not None or _may_have_been_done(error):
                await self._clean_up(name, error)
            raise
        await self._delete_if_there(name)

    async def list_participants(self, room: str) -> list[api.ParticipantInfo]:
        """
        Return the participants of a room, by ListParticipants.
        """
        wanted = api.ListParticipantsRequest(room=room)
        answer = await self.ask("ListParticipants", lambda sdk: sdk.room.list_participants(wanted))
        return list(answer.participants)

    async def remove_participant(self, room: str, identity: str) -> None:
        """
        Send RemoveParticipant, which hangs up if the participant is a phone.
        """
        wanted = api.RoomParticipantIdentity(room=room, identity=identity)
        await self._remove("RemoveParticipant", lambda sdk: sdk.room.remove_participant(wanted))

    async def list_agent_dispatches(self, room: str) -> list[AgentDispatch]:
        """
        Return the agent dispatches of a room with the jobs that workers took, by ListDispatch.
        """
        return list(
            await self.ask("ListDispatch", lambda sdk: sdk.agent_dispatch.list_dispatch(room))
        )

    # -- telephony

    async def create_inbound_trunk(self, trunk: api.SIPInboundTrunkInfo) -> api.SIPInboundTrunkInfo:
        """
        Send CreateSIPInboundTrunk; do not repeat it if it may have succeeded.
        """
        wanted = api.CreateSIPInboundTrunkRequest(trunk=trunk)
        return await self.ask(
            "CreateSIPInboundTrunk", lambda sdk: sdk.sip.create_inbound_trunk(wanted)
        )

    async def create_outbound_trunk(
        self, trunk: api.SIPOutboundTrunkInfo
    ) -> api.SIPOutboundTrunkInfo:
        """
        Send CreateSIPOutboundTrunk; do not repeat it if it may have succeeded.
        """
        wanted = api.CreateSIPOutboundTrunkRequest(trunk=trunk)
        return await self.ask(
            "CreateSIPOutboundTrunk", lambda sdk: sdk.sip.create_outbound_trunk(wanted)
        )

    async def create_dispatch_rule(self, rule: api.SIPDispatchRuleInfo) -> api.SIPDispatchRuleInfo:
        """
        Send CreateSIPDispatchRule; do not repeat it if it may have succeeded.

        The request holds the rule twice: nested, and flat for livekit-server 1.8, which does not
        read the nested message. Fields that 1.8 lacks are not in the flat form.
        """
        flat = {
            field.name: value
            for field, value in rule.ListFields()
            if field.name in api.CreateSIPDispatchRuleRequest.DESCRIPTOR.fields_by_name
        }
        wanted = api.CreateSIPDispatchRuleRequest(dispatch_rule=rule, **flat)
        return await self.ask(
            "CreateSIPDispatchRule", lambda sdk: sdk.sip.create_dispatch_rule(wanted)
        )

    async def list_inbound_trunks(self) -> list[api.SIPInboundTrunkInfo]:
        """
        Return the inbound trunks, by ListSIPInboundTrunk.
        """
        wanted = api.ListSIPInboundTrunkRequest()
        answer = await self.ask(
            "ListSIPInboundTrunk", lambda sdk: sdk.sip.list_inbound_trunk(wanted)
        )
        return list(answer.items)

    async def list_outbound_trunks(self) -> list[api.SIPOutboundTrunkInfo]:
        """
        Return the outbound trunks, by ListSIPOutboundTrunk.
        """
        wanted = api.ListSIPOutboundTrunkRequest()
        answer = await self.ask(
            "ListSIPOutboundTrunk", lambda sdk: sdk.sip.list_outbound_trunk(wanted)
        )
        return list(answer.items)

    async def list_dispatch_rules(self) -> list[api.SIPDispatchRuleInfo]:
        """
        Return the dispatch rules, by ListSIPDispatchRule.
        """
        wanted = api.ListSIPDispatchRuleRequest()
        answer = await self.ask(
            "ListSIPDispatchRule", lambda sdk: sdk.sip.list_dispatch_rule(wanted)
        )
        return list(answer.items)

    async def delete_trunk(self, trunk_id: str) -> None:
        """
        Send DeleteSIPTrunk for an inbound or outbound trunk.
        """
        wanted = api.DeleteSIPTrunkRequest(sip_trunk_id=trunk_id)
        await self._remove("DeleteSIPTrunk", lambda sdk: sdk.sip.delete_trunk(wanted))

    async def delete_dispatch_rule(self, rule_id: str) -> None:
        """
        Send DeleteSIPDispatchRule.
        """
        wanted = api.DeleteSIPDispatchRuleRequest(sip_dispatch_rule_id=rule_id)
        await self._remove(
            "DeleteSIPDispatchRule", lambda sdk: sdk.sip.delete_dispatch_rule(wanted)
        )

    async def create_sip_participant(
        self, request: api.CreateSIPParticipantRequest
    ) -> api.SIPParticipantInfo:
        """
        Send CreateSIPParticipant: place a call, with the policy `sip`.

        With `wait_until_answered`, it returns when the callee has answered, and a call that fails
        raises LiveKitCallError; one try may then last as long as the phone may ring. It is not
        repeated if it may have reached livekit-server, because the phone would ring twice; only a
        call that ended with a status listed in the policy is placed again.
        """
        within = None
        if request.wait_until_answered:
            has_own = request.HasField("ringing_timeout")
            rings = request.ringing_timeout.ToSeconds() if has_own else _RINGS_S
            within = max(self._policies.sip.timeout, rings + _BESIDES_RINGING_S)
        return await self._ask(
            self._calls,
            "CreateSIPParticipant",
            lambda sdk: sdk.sip.create_sip_participant(request, timeout=within),
            repeatable=False,
            timeout=within,
        )

    # -- webhooks

    async def deliver(self, url: str, event: Mapping[str, Any]) -> None:
        """
        Send a signed event to a webhook endpoint as livekit-server does, with the policy `webhook`.

        Use it to redeliver events that an endpoint has missed, and to forward events. The receiver
        recognises a repeated event by its `id`. Any answer but 2xx raises LiveKitError.
        """
        body = json.dumps(event, ensure_ascii=False).encode()
        endpoint_url = without_user_info(url)

        async def post(_sdk: api.LiveKitAPI) -> None:
            headers = webhook.signed(
                body, api_key=self._api_key, api_secret=self._api_secret, now=time.time()
            )
            async with self._bounded.post(endpoint_url, data=body, headers=headers) as answer:
                await answer.first_bytes(BODY_KEPT)
                if not 200 <= answer.status < 300:  # noqa: PLR2004 - the class 2xx
                    raise api.ServerError("", "", status=answer.status)

        endpoint = self._endpoints.get(url)
        if endpoint is None:
            # Each endpoint has its own circuit, so that one failing endpoint does not block others.
            endpoint = self._resilience("webhook", CircuitBreaker(self._handling.circuit_breaker))
            self._endpoints[url] = endpoint
        await self._ask(endpoint, "webhook", post, repeatable=True, timeout=None, url=url)

    # -- without a request

    def validate_token(self, token: str, **options: Any) -> ValidToken:
        """
        Validate a token as livekit-server would now; see `validate_token` for the options.
        """
        pair = {"api_key": self._api_key, "api_secret": self._api_secret}
        return validate_token(token, **{"now": time.time(), **pair, **options})

    # -- health

    async def health(self, *, within: float = 2.0, slow: float = 1.0) -> Health:
        """
        Send one authenticated request, without retries and past the circuit breaker, and return the
        health it shows.

        Never raises for a server that is down or refuses the request: the result reports it. If the
        answer takes more than `slow` seconds, the server is degraded.
        """
        wanted = api.ListRoomsRequest(names=[_NO_ROOM])
        request = self._attempt(
            "ListRooms", lambda sdk: sdk.room.list_rooms(wanted), within, self.url
        )
        return await health.check(request, clock=self._clock, slow=slow)

    def watch(
        self, *, every: float = 10.0, within: float = 2.0, slow: float = 1.0
    ) -> AsyncIterator[StateChange]:
        """
        Yield the state of the server at once and then each change of it; every change is also
        logged.

        `async for change in client.watch(): ...` in a task of its own; it ends when that task is
        cancelled.
        """
        return health.changes(
            lambda: self.health(within=within, slow=slow),
            url=self._error_mapper.redact(self.url),
            every=every,
            clock=self._clock,
        )

    # -- inside

    def _resilience(self, policy: str, breaker: CircuitBreaker | None = None) -> Resilience:
        return Resilience(
            getattr(self._policies, policy),
            self._handling,
            breaker=breaker or self.breaker,
            clock=self._clock,
        )

    async def _ask(
        self,
        resilience: Resilience,
        method: str,
        request: Callable[[api.LiveKitAPI], Awaitable[T]],
        *,
        repeatable: bool,
        timeout: float | None,  # noqa: ASYNC109 - of one try
        url: str = "",
    ) -> T:
        until = asyncio.get_running_loop().time() + resilience.longest(timeout)
        try:
            return await resilience.ask(
                lambda within: self._attempt(method, request, within, url or self.url, until),
                repeatable=repeatable,
                timeout=timeout,
            )
        except CircuitOpenError as circuit:
            raise LiveKitCircuitOpenError(
                method=method,
                url=self._error_mapper.redact(url or self.url),
                key=masked(self._api_key),
                text="not sent, because too many requests before it failed",
                hint="See the errors of those requests",
                attempts=circuit.attempts,
                may_have_arrived=circuit.may_have_arrived,
                retry_after=circuit.retry_after,
            ) from circuit.__cause__
        except LiveKitError as error:
            error.retry_after = resilience.retry_after() or error.retry_after
            self._log(error)
            raise

    async def _attempt(
        self,
        method: str,
        request: Callable[[api.LiveKitAPI], Awaitable[T]],
        within: float,
        url: str,
        until: float | None = None,
    ) -> T:
        return await self._error_mapper.attempt(
            method, url, request(self.sdk), within=within, until=until
        )

    def _log(self, error: LiveKitError) -> None:
        level = self._handling.errors.of(error.error_class).log
        logger.log(
            logging.getLevelNamesMapping()[level.upper()],
            "%s",
            error,
            extra={
                "livekit_method": error.method,
                "livekit_url": error.url,
                "livekit_error_class": error.error_class.value,
                "livekit_status": error.status,
                "livekit_code": error.code,
                "livekit_attempts": error.attempts,
            },
        )

    async def _remove(
        self, method: str, request: Callable[[api.LiveKitAPI], Awaitable[object]]
    ) -> None:
        try:
            await self.ask(method, request)
        except LiveKitRequestError as refused:
            # An earlier try has succeeded, but its answer was lost.
            if refused.code != "not_found" or refused.attempts == 1:
                raise

    async def _delete_if_there(self, name: str) -> None:
        try:
            await self.delete_room(name)
        except LiveKitRequestError as refused:
            # The room has ended by itself.
            if refused.code != "not_found":
                raise

    async def _clean_up(self, name: str, error: BaseException) -> None:
        deletion = asyncio.create_task(self._delete_after(name, error))
        self._deletions.add(deletion)
        deletion.add_done_callback(self._deletions.discard)
        # If we are cancelled here, we stop waiting, but the deletion continues.
        await asyncio.shield(deletion)

    async def _delete_after(self, name: str, error: BaseException) -> None:
        try:
            async with asyncio.timeout(_CLEAN_UP_S):
                await self._delete_if_there(name)
        except (LiveKitError, TimeoutError) as failed:
            error.add_note(f"the room {name} was not deleted: {failed or 'no answer in time'}")


def _may_have_been_done(error: BaseException) -> bool:
    """
    Return whether a request that ended with `error` may have succeeded: it was cancelled, or its
    answer is missing.
    """
    if not isinstance(error, LiveKitError):
        return True
    refused = error.error_class in {ErrorClass.AUTHENTICATION, ErrorClass.REQUEST}
    return error.may_have_arrived and not refused
