"""
Record failures that the real services report below warning level, or in their last words:

   python -m tests.log_diagnosis.record_ordinary

Two callers in one room answer each other, so no agent is needed. Recordings are never edited by
hand; each file has the lines about one failure.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from livekit import api

from livekit_conformance.log_diagnosis.telling import without_secrets
from livekit_conformance.protocol.sip.address import NameAddr
from livekit_conformance.protocol.sip.dialog import new_request, response_to
from livekit_conformance.protocol.sip.message import Request, Response, parse
from livekit_conformance.provisioners.local.process import Process
from tests.scenarios.operator_api import operator_api
from tests.scenarios.raw_caller import Attempt, RawCaller, raw_caller
from tests.scenarios.real_stack import Scene, scene

RECORDINGS = Path(__file__).parent / "recordings" / "ordinary"
NUMBER, WITHOUT_RULE, OF_NOBODY, CALLER = "+15550100", "+15550101", "+15550199", "+15550142"
ROOM = "voice-ai-call-15550100"


def new_id() -> str:
    return f"{secrets.token_hex(6)}@127.0.0.1"


class Phone:
    """
    One side of an answered call.
    """

    def __init__(self, caller: RawCaller, user: str) -> None:
        self.caller = caller
        self.attempt = Attempt(NUMBER, user, call_id=new_id())
        self.answer: Response | None = None

    async def dial(self) -> None:
        request, ringing = await self.caller.invite(self.attempt)
        assert ringing is not None, "no answer to the INVITE"
        self.answer = ringing
        if ringing.is_provisional:
            self.answer = await self.caller.answer(request, first=200, within=10.0)
            assert self.answer is not None, "the call was not answered"
            self.caller.send(self.caller.ack(request, self.answer))

    def request(self, method: str) -> Request:
        assert self.answer is not None
        self.attempt.cseq += 1
        host, port = self.caller.address
        own = NameAddr(f"sip:{self.attempt.caller}@{host}:{port}")
        return new_request(
            method,
            self.caller.uri(NUMBER),
            via=self.caller.via(),
            caller=own.with_tag(self.attempt.tag),
            callee=self.answer.to,
            call_id=self.attempt.call_id,
            cseq=self.attempt.cseq,
            contact=own,
        )

    async def hold(self) -> None:
        assert self.answer is not None
        offer = self.request("INVITE")
        body = self.answer.body.replace(b"a=sendrecv\r\n", b"a=sendonly\r\n")
        headers = offer.headers.adding(("Content-Type", "application/sdp"))
        request = Request("INVITE", offer.uri, headers.without("Content-Length"), body)
        self.caller.send(request)
        answer = await self.caller.answer(request, first=200)
        assert answer is not None, "no answer to the re-INVITE"
        self.caller.send(self.caller.ack(request, answer))

    def hang_up(self, *lines: tuple[str, bytes]) -> None:
        self.caller.send(self.request("BYE"), lines)


def refuse_transfers(caller: RawCaller) -> None:
    """
    Let a caller answer REFER with 405, as many carriers do.
    """
    received = caller.datagram_received

    def datagram_received(data: bytes, address: tuple[str, int]) -> None:
        message = parse(data) if data[:5] == b"REFER" else None
        if isinstance(message, Request):
            answer = response_to(message, 405, "Method Not Allowed")
            caller.transport.sendto(answer.to_bytes(), address)
        else:
            received(data, address)

    caller.datagram_received = datagram_received  # type: ignore[assignment]


@asynccontextmanager
async def two_in_a_room(server: tuple[str, int]) -> AsyncIterator[tuple[Phone, Phone]]:
    async with raw_caller(server, "127.0.0.1") as one, raw_caller(server, "127.0.0.1") as two:
        phones = Phone(one, CALLER), Phone(two, "+15550143")
        refuse_transfers(one)
        await asyncio.gather(*(phone.dial() for phone in phones))
        yield phones
        for phone in phones:
            phone.hang_up()
        await asyncio.sleep(1.0)


async def line_of(stage: Scene) -> None:
    """
    Create a trunk with a rule for one room, and a trunk without a rule.
    """
    async with operator_api(stage.profile.livekit) as livekit:
        trunks = [
            await livekit.sip.create_inbound_trunk(
                api.CreateSIPInboundTrunkRequest(
                    trunk=api.SIPInboundTrunkInfo(name=number, numbers=[number])
                )
            )
            for number in (NUMBER, WITHOUT_RULE)
        ]
        await livekit.sip.create_dispatch_rule(
            api.CreateSIPDispatchRuleRequest(
                dispatch_rule=api.SIPDispatchRuleInfo(
                    trunk_ids=[trunks[0].sip_trunk_id],
                    rule=api.SIPDispatchRule(
                        dispatch_rule_direct=api.SIPDispatchRuleDirect(room_name=ROOM)
                    ),
                )
            )
        )


async def transfer(stage: Scene) -> None:
    async with operator_api(stage.profile.livekit) as livekit:
        with suppress(api.TwirpError):
            await livekit.sip.transfer_sip_participant(
                api.TransferSIPParticipantRequest(
                    room_name=ROOM,
                    participant_identity=f"sip_{CALLER}",
                    transfer_to="tel:+15550144",
                )
            )


def written(log: Path, after: int = 0) -> list[str]:
    return log.read_text(encoding="utf-8").splitlines()[after:]


def keep(name: str, lines: Iterable[str]) -> None:
    """
    Write a recording without secrets.
    """
    RECORDINGS.mkdir(exist_ok=True)
    texts = []
    for raw in lines:
        text = raw
        if raw.startswith("{"):
            fields = json.loads(raw)
            fields.pop("stacktrace", None)
            text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
        texts.append(f"{without_secrets(text) if raw.startswith('{') else text}\n")
    (RECORDINGS / f"{name}.log").write_text("".join(texts), encoding="utf-8")


async def record_calls(stage: Scene) -> None:
    stack = stage.stack
    log = stack.folder / "livekit-sip.log"
    server = stage.profile.sip.address
    await line_of(stage)

    async def recording(name: str, since: int) -> None:
        await asyncio.sleep(1.0)
        keep(name, written(log, since))

    for name, number in (("no-rule", WITHOUT_RULE), ("no-trunk", OF_NOBODY)):
        since = len(written(log))
        async with raw_caller(server, "127.0.0.1") as caller:
            await caller.invite(Attempt(number, CALLER, call_id=new_id()))
        await recording(name, since)

    since = len(written(log))
    async with raw_caller(server, "127.0.0.1") as caller:
        caller.transport.sendto(
            b"INVITE sip:+15550100 SIP/2.0\r\nVia: SIP/2.0\r\nFrom\r\n\r\n", server
        )
    await recording("not-sip", since)

    since = len(written(log))
    async with two_in_a_room(server) as (one, _):
        await one.hold()
        await asyncio.sleep(0.06)
    await recording("hold-then-bye", since)

    since = len(written(log))
    async with two_in_a_room(server) as (one, two):
        one.hang_up(("Reason", b'Q.850;cause=127;text="Interworking, unspecified"'))
        two.hang_up(("Reason", b'Q.850;cause=16;text="Normal call clearing"'))
    await recording("bye-for-a-reason", since)

    since = len(written(log))
    async with two_in_a_room(server):
        await transfer(stage)
    await recording("no-transfer", since)


async def record_last_words(stage: Scene, process: Process, name: str, **settings: object) -> None:
    log = stage.stack.folder / f"{process.name}.log"
    since = len(written(log))
    await stage.restart(process, **settings)
    lines = written(log, since)
    # What the process before it wrote while it ended comes first.
    keep(name, lines[-40:])


async def main() -> None:
    """
    Write all recordings.
    """
    with tempfile.TemporaryDirectory() as folder:
        async with scene(Path(folder)) as stage:
            await record_calls(stage)
            stack = stage.stack
            await record_last_words(stage, stack.server, "no-keys", keys={}, webhook={})
            await record_last_words(
                stage,
                stack.server,
                "server-port-taken",
                keys={stack.keys.key: stack.keys.secret},
                port=6379,
            )
            await record_last_words(
                stage, stack.sip, "no-certificate", tls={"port": 5061, "certs": []}
            )


if __name__ == "__main__":
    asyncio.run(main())
