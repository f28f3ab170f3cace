"""
A SIP provider in front of livekit-sip: a back-to-back user agent (RFC 3261 section 6).

It accepts calls with its own account and places a new call for each, with another Call-ID and the
trunk's account; answers go back. SDP passes unchanged, so the media does not go through it.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from livekit import api
from pydantic import SecretStr

from livekit_conformance.drivers.sip.credentials import Credentials
from livekit_conformance.drivers.sip.endpoint import SipEndpoint, fresh, ignore
from livekit_conformance.drivers.sip.wire import Address
from livekit_conformance.environments.profile import Profile
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.sip import digest, sdp
from livekit_conformance.protocol.sip.address import NameAddr
from livekit_conformance.protocol.sip.dialog import (
    Dialog,
    again_with,
    cancel,
    new_request,
    response_to,
)
from livekit_conformance.protocol.sip.message import NO_HEADERS, Headers, Request, Response
from livekit_conformance.protocol.sip.transaction import Transaction
from livekit_conformance.secrets.patterns import Redactor
from tests.mutants.mutant import Beside

ACCOUNT = Credentials("customer-of-the-provider", "not-the-password-of-the-trunk")
_REALM = "provider"
_CONNECT_WITHIN_S = 3.0
_SDP = Headers.of(("Content-Type", sdp.CONTENT_TYPE))


def behind_a_provider(*, caller: str | None = None) -> Beside:
    """
    Return the profile of a caller behind a provider, which puts `caller`, if given, into From.
    """

    @asynccontextmanager
    async def beside(profile: Profile) -> AsyncIterator[Profile]:
        host, _, port = profile.sip.server.partition(":")
        trunk = Credentials(profile.sip.username, profile.sip.password.get_secret_value())
        async with running_provider((host, int(port)), trunk, caller=caller) as own:
            account = {
                "server": ":".join(map(str, own)),
                "provider": True,
                "username": ACCOUNT.username,
                "password": SecretStr(ACCOUNT.password),
            }
            yield profile.model_copy(update={"sip": profile.sip.model_copy(update=account)})

    return beside


async def remade_line(
    server: api.LiveKitAPI,
    profile: Profile,
    *,
    random_rooms: bool = False,
    asks_for_credentials: bool = True,
) -> None:
    """
    Replace all trunks and rules by another trunk and rule for the profile's number.
    """
    rules = await server.sip.list_dispatch_rule(api.ListSIPDispatchRuleRequest())
    for old_rule in rules.items:
        await server.sip.delete_dispatch_rule(
            api.DeleteSIPDispatchRuleRequest(sip_dispatch_rule_id=old_rule.sip_dispatch_rule_id)
        )
    trunks = await server.sip.list_inbound_trunk(api.ListSIPInboundTrunkRequest())
    for old_trunk in trunks.items:
        await server.sip.delete_trunk(
            api.DeleteSIPTrunkRequest(sip_trunk_id=old_trunk.sip_trunk_id)
        )
    trunk = api.SIPInboundTrunkInfo(numbers=[profile.sip.number])
    if asks_for_credentials:
        trunk.auth_username = profile.sip.username
        trunk.auth_password = profile.sip.password.get_secret_value()
    made = await server.sip.create_inbound_trunk(api.CreateSIPInboundTrunkRequest(trunk=trunk))
    prefix = profile.rooms.name_pattern.partition("{call_id}")[0]
    kind = (
        api.SIPDispatchRule(
            dispatch_rule_callee=api.SIPDispatchRuleCallee(room_prefix=prefix, randomize=True)
        )
        if random_rooms
        else api.SIPDispatchRule(
            dispatch_rule_individual=api.SIPDispatchRuleIndividual(room_prefix=prefix)
        )
    )
    rule = api.SIPDispatchRuleInfo(
        trunk_ids=[made.sip_trunk_id], numbers=[profile.sip.number], rule=kind
    )
    await server.sip.create_dispatch_rule(api.CreateSIPDispatchRuleRequest(dispatch_rule=rule))


@asynccontextmanager
async def running_provider(
    server: Address, trunk: Credentials, *, caller: str | None = None
) -> AsyncIterator[Address]:
    """
    Run a provider that sends all calls to `server`; yield its address.
    """
    recorder = Recorder(Redactor())
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind((server[0], 0))
    front = SipEndpoint(None, "udp", recorder=recorder)
    back = SipEndpoint(server, "udp", recorder=recorder)
    provider = _Provider(front, back, trunk, caller)
    front.on_request, back.on_request = provider.asked_in_front, provider.asked_behind
    await front.listen(bound)
    try:
        await back.connect(within=_CONNECT_WITHIN_S)
        yield front.local
    finally:
        front.close()
        back.close()


@dataclass(eq=False)
class _Relayed:
    """
    Both sides of one call: the request received, and the request sent.
    """

    asked: Transaction
    tag: str
    invite: Request
    front: Dialog | None = None
    back: Dialog | None = None
    is_over: bool = False


class _Provider:
    def __init__(
        self, front: SipEndpoint, back: SipEndpoint, trunk: Credentials, caller: str | None
    ) -> None:
        self._front = front
        self._back = back
        self._trunk = trunk
        self._caller = caller
        self._challenges: dict[str, digest.Challenge] = {}
        # Keyed by the Call-ID of either side.
        self._calls: dict[str, _Relayed] = {}

    def asked_in_front(self, request: Request, transaction: Transaction | None) -> None:
        call = self._calls.get(request.call_id)
        match request.method, transaction, call:
            case _, None, _:
                pass  # an ACK: no packet is lost here
            case "INVITE", Transaction(), None:
                self._invited(request, transaction)
            case "CANCEL", Transaction(), _Relayed():
                self._answer(transaction, 200)
                if not call.is_over and call.back is None:
                    self._back.start(cancel(call.invite), ignore, ignore)
                    self._end(call, 487)
            case "BYE", Transaction(), _Relayed(back=Dialog() as dialog):
                self._calls.pop(request.call_id)
                _, bye = dialog.request("BYE", via=self._back.via())
                self._back.start(
                    bye, lambda answer: self._answer(transaction, answer.status), ignore
                )
            case _:
                self._answer(transaction, 481)

    def asked_behind(self, request: Request, transaction: Transaction | None) -> None:
        call = self._calls.get(request.call_id)
        if transaction is None:
            return
        self._back.respond(transaction, response_to(request, 200, "OK", to_tag=fresh()))
        if request.method == "BYE" and call is not None and call.front is not None:
            _, bye = call.front.request("BYE", via=self._front.via())
            self._front.start(bye, ignore, ignore, peer=call.asked.peer)

    def _invited(self, request: Request, transaction: Transaction) -> None:
        if not self._is_customer(request):
            challenge = digest.Challenge(_REALM, fresh(16))
            self._challenges[request.call_id] = challenge
            extra = Headers.of(("Proxy-Authenticate", challenge))
            self._answer(transaction, 407, extra=extra)
            return
        number = request.to.sip_uri.user or ""
        caller = self._caller or request.from_.sip_uri.user or ""
        invite = new_request(
            "INVITE",
            self._back.uri(number),
            via=self._back.via(),
            caller=self._back.address_of_record(caller).with_tag(fresh()),
            callee=NameAddr(self._back.uri(number)),
            call_id=f"provider-{fresh()}",
            cseq=1,
            contact=self._back.contact(caller),
            extra=_SDP,
            body=request.body,
        )
        call = _Relayed(transaction, fresh(), invite)
        self._calls[request.call_id] = self._calls[invite.call_id] = call
        self._answer(transaction, 100)
        self._send(call)

    def _is_customer(self, request: Request) -> bool:
        value, challenge = (
            request.headers.get("Proxy-Authorization"),
            self._challenges.get(request.call_id),
        )
        return (
            value is not None
            and challenge is not None
            and digest.verify(
                value,
                challenge=challenge,
                username=ACCOUNT.username,
                password=ACCOUNT.password,
                method=request.method,
            )
            is None
        )

    def _send(self, call: _Relayed) -> None:
        self._back.start(
            call.invite,
            lambda response: self._answered(call, response),
            lambda _problem: self._end(call, 503),
        )

    def _answered(self, call: _Relayed, response: Response) -> None:
        challenges = response.headers.all("Proxy-Authenticate")
        if response.is_success:
            self._accepted(call, response)
        elif call.is_over or response.status == 100:
            return
        elif response.is_provisional:
            self._answer(call.asked, response.status, tag=call.tag)
        elif challenges and "Proxy-Authorization" not in call.invite.headers:
            proof = digest.authorization(
                digest.choose(challenges),
                username=self._trunk.username,
                password=self._trunk.password,
                method="INVITE",
                uri=call.invite.uri,
                cnonce=fresh(),
            )
            header = ("Proxy-Authorization", proof)
            call.invite = again_with(call.invite, via=self._back.via(), header=header)
            self._send(call)
        else:
            self._end(call, response.status)

    def _accepted(self, call: _Relayed, response: Response) -> None:
        call.back = Dialog.of_caller(call.invite, response)
        self._back.send(call.back.ack(call.invite, via=self._back.via()))
        if call.is_over:
            self._back.start(call.back.request("BYE", via=self._back.via())[1], ignore, ignore)
            return
        call.front = Dialog.of_callee(call.asked.request, call.tag)
        answer = response_to(
            call.asked.request,
            200,
            "OK",
            to_tag=call.tag,
            contact=self._front.contact("provider"),
            extra=_SDP,
            body=response.body,
        )
        self._front.respond(call.asked, answer)

    def _end(self, call: _Relayed, status: int) -> None:
        if call.is_over:
            return
        call.is_over = True
        self._answer(call.asked, status, tag=call.tag)

    def _answer(
        self,
        transaction: Transaction,
        status: int,
        *,
        tag: str | None = None,
        extra: Headers = NO_HEADERS,
    ) -> None:
        response = response_to(
            transaction.request, status, "As it is", to_tag=tag or fresh(), extra=extra
        )
        self._front.respond(transaction, response)
