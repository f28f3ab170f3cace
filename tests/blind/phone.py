"""
A telephone of our own tests: SIP and RTP over UDP by sockets, without any code of the product.

It routes as RFC 3261 section 12.2 says: ACK of a 200 and BYE go to the Contact of the other side.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.blind import g711

Address = tuple[str, int]

OUR_TONE = 440.0
_T1_S, _T2_S = 0.5, 4.0
_LISTENS_AGAIN_S = 0.25
_MOST = 65536
_ENOUGH_PACKETS = 25
_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))')
_URI = re.compile(r"sips?:(?:[^@>;]*@)?(\[[^\]]+\]|[^:;>?\s]+)(?::(\d+))?")
_OK = 200


@dataclass(frozen=True, slots=True)
class Message:
    """
    A SIP message: its first line, its headers with names in lower case, and its body.
    """

    start: str
    headers: tuple[tuple[str, str], ...]
    body: str = ""

    @classmethod
    def of(cls, data: bytes) -> Message:
        """
        Parse a datagram; raise ValueError if it is no SIP message.
        """
        head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
        start, *lines = head.split("\r\n")
        if "SIP/2.0" not in start:
            raise ValueError(f"no SIP message: {start[:40]!r}")
        pairs = (line.partition(":") for line in lines)
        return cls(
            start, tuple((name.strip().lower(), value.strip()) for name, _, value in pairs), body
        )

    def __bytes__(self) -> bytes:
        lines = (f"{name}: {value}" for name, value in self.headers)
        length = f"Content-Length: {len(self.body.encode())}"
        return "\r\n".join((self.start, *lines, length, "", self.body)).encode()

    @property
    def status(self) -> int:
        """
        Status of a response, 0 of a request.
        """
        return int(self.start.split()[1]) if self.start.startswith("SIP/2.0 ") else 0

    @property
    def method(self) -> str:
        """
        Method of a request, or of the request that a response answers.
        """
        return self.header("cseq").split()[1] if self.status else self.start.split()[0]

    def header(self, name: str) -> str:
        """
        Return the first value of a header, empty if there is none.
        """
        return next((value for key, value in self.headers if key == name), "")

    def values(self, *names: str) -> tuple[tuple[str, str], ...]:
        """
        Return all headers of these names, in order.
        """
        return tuple(pair for pair in self.headers if pair[0] in names)


def authorization(challenge: str, user: str, password: str, method: str, uri: str) -> str:
    """
    Return the credentials that answer a Digest challenge with MD5 (RFC 2617 section 3.2.2).
    """
    asked = {name: quoted or bare for name, quoted, bare in _PARAMETER.findall(challenge)}
    realm, nonce = asked["realm"], asked["nonce"]
    secret = _md5(f"{user}:{realm}:{password}")
    request = _md5(f"{method}:{uri}")
    fields = {"username": user, "realm": realm, "nonce": nonce, "uri": uri}
    if "auth" in asked.get("qop", ""):
        cnonce = secrets.token_hex(8)
        proof = _md5(f"{secret}:{nonce}:00000001:{cnonce}:auth:{request}")
        more = f', qop=auth, nc=00000001, cnonce="{cnonce}"'
    else:
        proof, more = _md5(f"{secret}:{nonce}:{request}"), ""
    if "opaque" in asked:
        fields["opaque"] = asked["opaque"]
    text = ", ".join(f'{name}="{value}"' for name, value in {**fields, "response": proof}.items())
    return f"Digest {text}, algorithm=MD5{more}"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def contact_address(value: str, default: Address) -> Address:
    """
    Return the address that a Contact leads to.
    """
    found = _URI.search(value)
    return (found[1].strip("[]"), int(found[2] or 5060)) if found else default


def media_of(body: str) -> tuple[Address, int] | None:
    """
    Return where a session description wants RTP, and the first payload type; None if nowhere.
    """
    host = re.search(r"^c=IN IP[46] (\S+)", body, re.MULTILINE)
    line = re.search(r"^m=audio (\d+) RTP/AVP (\d+)", body, re.MULTILINE)
    if host is None or line is None or line[1] == "0":
        return None
    return (host[1], int(line[1])), int(line[2])


def description(host: str, port: int, codecs: Iterable[int]) -> str:
    """
    Return a session description with these codecs and telephone events.
    """
    names = {g711.PCMU: "PCMU", g711.PCMA: "PCMA"}
    codecs = tuple(codecs)
    lines = (
        "v=0",
        f"o=- {secrets.randbelow(10**9)} 1 IN IP4 {host}",
        "s=-",
        f"c=IN IP4 {host}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {' '.join(map(str, codecs))} 101",
        *(f"a=rtpmap:{codec} {names[codec]}/8000" for codec in codecs),
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-16",
        "a=ptime:20",
        "a=sendrecv",
    )
    return "\r\n".join((*lines, ""))


@dataclass
class Heard:
    """
    The RTP that one side of a call received.
    """

    packets: int = 0
    loud: int = 0
    last: list[int] = field(default_factory=list)

    def take(self, packet: bytes) -> None:
        """
        Count a packet and keep its sound, up to a second of it.
        """
        if len(packet) <= 12 or packet[1] & 0x7F not in (g711.PCMU, g711.PCMA):
            return
        samples = g711.decode(packet[1] & 0x7F, packet[12:])
        self.packets += 1
        if g711.loudness(samples) > g711.LOUD:
            self.loud += 1
            self.last = [*self.last, *samples][-g711.RATE :]

    @property
    def sound(self) -> bool:
        """
        True if there was half a second of sound.
        """
        return self.loud >= _ENOUGH_PACKETS


@dataclass
class Outcome:
    """
    Experience of one telephone in a call.

    `status` is the last final answer to the INVITE, 0 without one; `heard_from` whether the other
    side said anything at all; `bye` the answer to our BYE, 0 without one. `lag_s` is by how much
    our own packets were late at most: on a machine that slow nothing is proven.
    """

    status: int = 0
    heard_from: bool = False
    cut_off: bool = False
    bye: int | None = None
    caller: str = ""
    answered_after_s: float = 0.0
    lag_s: float = 0.0
    heard: Heard = field(default_factory=Heard)


class Phone:
    """
    One SIP socket and one RTP socket on an address.

    It waits for sound, and until `enough` is true, so much longer than it would talk.
    """

    waits_for_sound_s = 0.0

    def __init__(self, host: str, sip: socket.socket, rtp: socket.socket) -> None:
        self.host = host
        self._sip, self._rtp = sip, rtp
        self._loop = asyncio.get_running_loop()
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._tag = secrets.token_hex(6)
        self.enough: Callable[[], bool] = lambda: True
        self.port: int = sip.getsockname()[1]

    async def read(self) -> None:
        """
        Read SIP messages for ever; an ICMP error of an earlier packet is none.
        """
        while True:
            try:
                data, peer = await self._loop.sock_recvfrom(self._sip, _MOST)
                message = Message.of(data)
            except (ConnectionError, ValueError):
                continue
            where = ("x-peer", f"{peer[0]}:{peer[1]}")
            await self._inbox.put(Message(message.start, (*message.headers, where), message.body))

    async def call(
        self,
        server: Address,
        number: str,
        caller: str,
        account: tuple[str, str],
        *,
        patience_s: float,
        talk_s: float,
    ) -> Outcome:
        """
        Call a number, talk, and hang up.
        """
        outcome = Outcome()
        uri = f"sip:{number}@{server[0]}:{server[1]}"
        caller_id = ("from", f"{self._contact(caller)};tag={self._tag}")
        ids = (caller_id, ("call-id", f"{secrets.token_hex(8)}@blind"))
        deadline = time.monotonic() + patience_s
        began = time.monotonic()
        answer = await self._invited(server, uri, caller, ids, account, deadline, outcome)
        if answer is None:
            return outcome
        outcome.answered_after_s = time.monotonic() - began
        target = contact_address(answer.header("contact"), server)
        remote, to = _uri_of(answer.header("contact")) or uri, answer.header("to")
        cseq = int(answer.header("cseq").split()[0])
        self._send(self._request("ACK", remote, to, ids, cseq), target)
        await self._talk(answer.body, talk_s, outcome)
        if not outcome.cut_off:
            bye = self._request("BYE", remote, to, ids, cseq + 1)
            ended = await self._final(bye, target, time.monotonic() + _T2_S, outcome)
            outcome.bye = ended.status if ended is not None else 0
        return outcome

    async def _invited(
        self,
        server: Address,
        uri: str,
        caller: str,
        ids: tuple[tuple[str, str], ...],
        account: tuple[str, str],
        deadline: float,
        outcome: Outcome,
    ) -> Message | None:
        """
        Send an INVITE, and once more with credentials if asked; return the answer that accepts it.
        """
        body = description(self.host, self._rtp.getsockname()[1], (g711.PCMU, g711.PCMA))
        offer = (("contact", self._contact(caller)), ("content-type", "application/sdp"))
        proof: tuple[tuple[str, str], ...] = ()
        for cseq in (1, 2):
            outcome.status = 0
            invite = self._request("INVITE", uri, f"<{uri}>", ids, cseq, (*proof, *offer), body)
            answer = await self._final(invite, server, deadline, outcome)
            if answer is None:
                if outcome.heard_from:
                    self._send(self._again("CANCEL", invite), server)
                return None
            outcome.status = answer.status
            if answer.status < 300:
                return answer
            self._send(self._again("ACK", invite, answer.header("to")), server)
            challenge = answer.header("proxy-authenticate") or answer.header("www-authenticate")
            if proof or not challenge:
                return None
            credentials = authorization(challenge, *account, "INVITE", uri)
            proof = (("proxy-authorization", credentials),)
        return None

    async def answer(
        self, account: tuple[str, str], *, patience_s: float, talk_s: float
    ) -> Outcome:
        """
        Wait for a call, ask for the account's credentials, answer, and wait for its end.
        """
        outcome = Outcome()
        deadline = time.monotonic() + patience_s
        nonce = secrets.token_hex(8)
        while True:
            invite = await self._next(deadline)
            if invite is None:
                return outcome
            if invite.method != "INVITE":
                continue
            outcome.heard_from = True
            outcome.caller = invite.header("from")
            if account[0] and not _proven(invite, account, nonce):
                asked = ("proxy-authenticate", f'Digest realm="blind", nonce="{nonce}", qop="auth"')
                outcome.status = 407
                self._respond(invite, 407, (asked,))
                continue
            break
        outcome.status = _OK
        media = media_of(invite.body)
        codecs = [media[1]] if media and media[1] in (g711.PCMU, g711.PCMA) else [g711.PCMU]
        body = description(self.host, self._rtp.getsockname()[1], codecs)
        own = (
            ("contact", self._contact("blind")),
            ("content-type", "application/sdp"),
        )
        self._respond(invite, _OK, own, body)
        await self._talk(invite.body, talk_s, outcome)
        return outcome

    async def hung_up(self, within_s: float) -> bool:
        """
        Wait for a BYE and answer it; return whether one came.
        """
        deadline = time.monotonic() + within_s
        while (message := await self._next(deadline)) is not None:
            if message.method == "BYE" and not message.status:
                self._respond(message, _OK)
                return True
        return False

    async def _final(
        self, request: Message, to: Address, deadline: float, outcome: Outcome
    ) -> Message | None:
        wait, resend, heard = _T1_S, time.monotonic(), False
        while True:
            if not heard and time.monotonic() >= resend:
                self._send(request, to)
                resend, wait = time.monotonic() + wait, min(2 * wait, _T2_S)
            message = await self._next(deadline if heard else min(deadline, resend))
            if message is None:
                if time.monotonic() >= deadline:
                    return None
                continue
            if not message.status and message.method == "BYE":
                self._respond(message, _OK)
            if not message.status or message.header("cseq") != request.header("cseq"):
                continue
            heard = outcome.heard_from = True
            if message.status >= 200:
                return message

    async def _talk(self, body: str, seconds: float, outcome: Outcome) -> None:
        """
        Send our tone and listen, longer if nothing is heard; end early if the other side hangs up.
        """
        media = media_of(body)
        listening = asyncio.create_task(self._listen(outcome.heard))
        speaking = asyncio.create_task(self._speak(media, outcome)) if media else None
        try:
            outcome.cut_off = await self.hung_up(seconds)
            until = time.monotonic() + self.waits_for_sound_s
            while not (outcome.cut_off or (outcome.heard.sound and self.enough())):
                if time.monotonic() > until:
                    break
                outcome.cut_off = await self.hung_up(_LISTENS_AGAIN_S)
        finally:
            listening.cancel()
            if speaking is not None:
                speaking.cancel()

    async def _listen(self, heard: Heard) -> None:
        while True:
            try:
                heard.take(await self._loop.sock_recv(self._rtp, _MOST))
            except ConnectionError:
                continue

    async def _speak(self, media: tuple[Address, int], outcome: Outcome) -> None:
        (to, codec), source = media, secrets.randbits(32)
        codec = codec if codec in (g711.PCMU, g711.PCMA) else g711.PCMU
        began = time.monotonic()
        number = 0
        while True:
            payload = g711.encode(codec, g711.tone(OUR_TONE, number * g711.FRAME))
            head = struct.pack("!BBHII", 0x80, codec, number & 0xFFFF, number * g711.FRAME, source)
            with suppress(OSError):  # nobody is there: then the other side hears nothing
                self._rtp.sendto(head + payload, to)
            number += 1
            due = began + number * 0.02
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            outcome.lag_s = max(outcome.lag_s, time.monotonic() - due)

    async def _next(self, deadline: float) -> Message | None:
        try:
            return await asyncio.wait_for(self._inbox.get(), max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            return None

    def _contact(self, user: str) -> str:
        return f"<sip:{user}@{self.host}:{self.port}>"

    def _request(
        self,
        method: str,
        uri: str,
        to: str,
        ids: tuple[tuple[str, str], ...],
        cseq: int,
        extra: tuple[tuple[str, str], ...] = (),
        body: str = "",
    ) -> Message:
        via = f"SIP/2.0/UDP {self.host}:{self.port};rport;branch=z9hG4bK{secrets.token_hex(8)}"
        headers = (
            ("via", via),
            ("max-forwards", "70"),
            *ids,
            ("to", to),
            ("cseq", f"{cseq} {method}"),
            *extra,
        )
        return Message(f"{method} {uri} SIP/2.0", headers, body)

    def _again(self, method: str, invite: Message, to: str = "") -> Message:
        """
        Return the ACK of a refusal, or the CANCEL: the INVITE's own transaction.
        """
        number = invite.header("cseq").split()[0]
        headers = (
            *invite.values("via", "max-forwards", "from", "call-id"),
            ("to", to or invite.header("to")),
            ("cseq", f"{number} {method}"),
        )
        return Message(f"{method} {invite.start.split()[1]} SIP/2.0", headers)

    def _respond(
        self,
        request: Message,
        status: int,
        extra: tuple[tuple[str, str], ...] = (),
        body: str = "",
    ) -> None:
        to = request.header("to")
        tagged = to if ";tag=" in to else f"{to};tag={self._tag}"
        headers = (*request.values("via", "from", "call-id", "cseq"), ("to", tagged), *extra)
        host, _, port = request.header("x-peer").rpartition(":")
        self._send(Message(f"SIP/2.0 {status} Blind", headers, body), (host, int(port)))

    def _send(self, message: Message, to: Address) -> None:
        with suppress(OSError):  # nobody is there: then no answer comes
            self._sip.sendto(bytes(message), to)


def _uri_of(contact: str) -> str:
    found = re.search(r"<([^>]+)>|(sips?:\S+)", contact)
    return (found[1] or found[2]) if found else ""


def _proven(invite: Message, account: tuple[str, str], nonce: str) -> bool:
    given = invite.header("proxy-authorization")
    said = {name: quoted or bare for name, quoted, bare in _PARAMETER.findall(given)}
    if said.get("nonce") != nonce or said.get("username") != account[0]:
        return False
    secret = _md5(f"{account[0]}:{said.get('realm')}:{account[1]}")
    request = _md5(f"INVITE:{said.get('uri')}")
    if "qop" in said:
        parts = (secret, nonce, said.get("nc"), said.get("cnonce"), said["qop"], request)
        return said.get("response") == _md5(":".join(map(str, parts)))
    return said.get("response") == _md5(f"{secret}:{nonce}:{request}")


@asynccontextmanager
async def phone(host: str, port: int = 0) -> AsyncIterator[Phone]:
    """
    Run a telephone on an address, at a SIP port of its own or at a given one.
    """
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sip,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtp,
    ):
        for each, at in ((sip, port), (rtp, 0)):
            each.bind((host, at))
            each.settimeout(0)
        made = Phone(host, sip, rtp)
        reading = asyncio.create_task(made.read())
        try:
            yield made
        finally:
            reading.cancel()
            await asyncio.wait([reading])
