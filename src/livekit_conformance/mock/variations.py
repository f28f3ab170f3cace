"""
Harmless variations in the answers of the mock, which versions, proxies and providers introduce.

No check may fail because of them.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web
from google.protobuf.message import Message

from livekit_conformance.protocol.sip.sdp import Description

# Added to every message of the SIP side, as a provider in front does.
_SIP_HEADERS: Final = b"Server: another/2.0\r\nX-Conformance-Neutral: yes\r\n"
_COMPACT: Final = {b"Via": b"v", b"From": b"f", b"To": b"t", b"Call-ID": b"i", b"Contact": b"m"}
_DELAY_S: Final = 0.1
_LISTS: Final = frozenset({"rooms", "participants", "items"})
_OLDER_WORDS: Final = {
    "token signature is invalid: signature is invalid": (
        "go-jose/go-jose: error in cryptographic primitive"
    ),
    "token has invalid claims: token is expired": (
        "go-jose/go-jose/jwt: validation failed, token is expired (exp)"
    ),
    "token has invalid claims: token is not valid yet": (
        "go-jose/go-jose/jwt: validation failed, token not valid yet (nbf)"
    ),
}
_SET_LATER: Final = frozenset({"sip.callIDFull", "sip.callTag", "sip.callStatus"})
# protobuf field 1999, of type varint, with the value 1: a field that no client knows yet.
_UNKNOWN_FIELD: Final = b"\xf8\x7c\x01"


@dataclass(frozen=True, slots=True)
class Variations:
    """
    Harmless differences; a mock without any acts as livekit-server 1.13.5 and livekit-sip 1.8.0.

    HTTP:
        http_headers: unsolicited headers, as a proxy adds them.
        http_slow: every answer comes 100 ms later.
        unknown_fields: answers hold a protobuf field, or a JSON key, of a newer version.
        rooms_reversed: lists come in the opposite order.
        older_wording: refusals of tokens are worded as livekit-server 1.9.12 does.
    SIP:
        sip_headers: unsolicited headers.
        sip_compact: compact header names (RFC 3261 section 7.3.3).
        sip_phrases: other reason phrases; only the status counts (section 7.2).
        sip_slow: every message leaves 100 ms later.
    Media:
        keys_first: the answer lists telephone-event before the voice.
        rtp_uneven: every other RTP packet comes 10 ms later, and twice, as some networks do it.
    Webhooks:
        events_reordered: the fields of the JSON come in another order, with white space between.
        events_extended: every event has a field of a newer version.
        events_slow: every delivery leaves 100 ms later.
        events_early: participant_joined lacks attributes that servers up to 1.8 receive later.
    Logs:
        logs_console: the console dialect instead of JSON.
        logs_iso_time: times with a zone instead of Unix seconds.
        logs_chatty: more lines, among them meaningless warnings.
    """

    http_headers: bool = False
    http_slow: bool = False
    unknown_fields: bool = False
    rooms_reversed: bool = False
    older_wording: bool = False
    sip_headers: bool = False
    sip_compact: bool = False
    sip_phrases: bool = False
    sip_slow: bool = False
    keys_first: bool = False
    rtp_uneven: bool = False
    events_reordered: bool = False
    events_extended: bool = False
    events_slow: bool = False
    events_early: bool = False
    logs_console: bool = False
    logs_iso_time: bool = False
    logs_chatty: bool = False

    async def before_http(self) -> None:
        """
        Delay an HTTP answer.
        """
        if self.http_slow:
            await asyncio.sleep(_DELAY_S)

    def http_response(self, response: web.StreamResponse) -> None:
        """
        Add headers to an HTTP answer.
        """
        if self.http_headers:
            response.headers["X-Conformance-Neutral"] = "yes"
            response.headers["Via"] = "1.1 proxy"

    def message(self, body: bytes, *, as_json: bool) -> bytes:
        """
        Return the body of a Twirp answer with a field of a newer version.
        """
        if not self.unknown_fields:
            return body
        return (
            json.dumps(json.loads(body) | {"newer": 1}).encode()
            if as_json
            else (body + _UNKNOWN_FIELD)
        )

    def order(self, answer: Message) -> None:
        """
        Reverse the lists of an answer in place.
        """
        if self.rooms_reversed:
            for field, value in answer.ListFields():
                if field.name in _LISTS:
                    items = list(value)[::-1]
                    answer.ClearField(field.name)
                    getattr(answer, field.name).extend(items)

    def refusal(self, text: str) -> str:
        """
        Return the text of a token refusal in the wording of another version.
        """
        if self.older_wording:
            for newer, older in _OLDER_WORDS.items():
                text = text.replace(newer, older)
        return text

    @property
    def sip_delay_s(self) -> float:
        """
        Delay of a SIP message in seconds.
        """
        return _DELAY_S if self.sip_slow else 0.0

    def sip(self, datagram: bytes) -> bytes:
        """
        Return a SIP message in an equivalent form.
        """
        start, end, rest = datagram.partition(b"\r\n")
        if self.sip_phrases and start.startswith(b"SIP/2.0 "):
            start = b" ".join([*start.split(b" ", 2)[:2], b"In Other Words"])
        if self.sip_headers:
            rest = _SIP_HEADERS + rest
        if self.sip_compact:
            for name, compact in _COMPACT.items():
                rest = re.sub(rb"(?m)^" + name + rb":", compact + b":", rest)
        return start + end + rest

    def answer(self, described: Description) -> Description:
        """
        Return the media of an answer in another order.
        """
        if self.keys_first:
            return replace(described, codecs=described.codecs[::-1])
        return described

    @property
    def event_delay_s(self) -> float:
        """
        Delay of a webhook in seconds.
        """
        return _DELAY_S if self.events_slow else 0.0

    def event(self, event: dict[str, Any]) -> bytes:
        """
        Return the body of a webhook.
        """
        if self.events_extended:
            event = event | {"newer": {"field": 1}}
        if self.events_early and event["event"] == "participant_joined":
            caller = event["participant"]
            early = {k: v for k, v in caller.get("attributes", {}).items() if k not in _SET_LATER}
            event = event | {"participant": caller | {"attributes": early}}
        if self.events_reordered:
            return json.dumps(dict(reversed(event.items())), indent=2).encode()
        return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()

    def log(self, line: dict[str, Any]) -> str:
        """
        Return a log line, followed by a meaningless one if `logs_chatty`.
        """
        if self.logs_iso_time:
            line = line | {"ts": datetime.fromtimestamp(line["ts"], UTC).isoformat()}
        lines = [_console(line) if self.logs_console else _json(line)]
        if self.logs_chatty:
            ping = "Failed to ping without candidate pairs. Connection is not possible yet."
            chat = line | {"level": "warn", "msg": ping}
            lines.append(_json({k: chat[k] for k in ("level", "ts", "logger", "msg")}))
        return "\n".join(lines)


def _json(line: dict[str, Any]) -> str:
    return json.dumps(line, separators=(",", ":"), ensure_ascii=False)


def _console(line: dict[str, Any]) -> str:
    at = line["ts"]
    if isinstance(at, float):
        at = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    known = ("level", "ts", "logger", "msg")
    fields = {key: value for key, value in line.items() if key not in known}
    head = (at, line["level"].upper(), line["logger"], "mock/mock.go:1", line["msg"])
    return "\t".join([*head, _json(fields)])
