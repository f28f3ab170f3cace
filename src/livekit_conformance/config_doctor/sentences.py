"""
Form of the words about one finding, and sentences that many of them share.
"""

from __future__ import annotations

from dataclasses import dataclass

from livekit_conformance.wording import Text


@dataclass(frozen=True, slots=True)
class Sentences:
    """
    Words of one kind of finding; braces take its data. The key stands before `problem`.
    """

    problem: Text
    consequence: Text
    remedy: Text


@dataclass(frozen=True, slots=True)
class Refusal(Text):
    """
    Consequence: the service does not start, unless the variable `unless` is in its environment.
    """

    unless: str = ""


@dataclass(frozen=True, slots=True)
class Presumption(Text):
    """
    Consequence, unless something outside the files makes up for it: a relay, a second name.
    """


@dataclass(frozen=True, slots=True)
class NoEffect(Text):
    """
    Consequence: the service ignores the setting.
    """


REFUSES = Refusal(en="{service} refuses to start", ru="{service} не запустится")
SERVER_REFUSES = Refusal(en="livekit-server refuses to start", ru="livekit-server не запустится")
SIP_REFUSES = Refusal(en="livekit-sip refuses to start", ru="livekit-sip не запустится")
MISSING = Text(en="is missing", ru="отсутствует")
NO_JOIN = Text(
    en="livekit-sip cannot join rooms: calls are rejected with 486",
    ru="livekit-sip не может войти в комнаты: вызовы отклоняются с 486",
)
WRITE_A_NETWORK = Text(
    en="Write an address and the length of the prefix: 192.0.2.0/24",
    ru="Укажите адрес и длину префикса: 192.0.2.0/24",
)
WRITE_WHAT_FITS = Text(en="Write one of: {choices}", ru="Укажите одно из значений: {choices}")
