"""
Render a new profile and its `.env.example`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from livekit_conformance.init.choice import Choice
from livekit_conformance.init.fields import FoundValue, variables_of

_HEAD = """\
# Written by `livekit-conformance init`. Each ${NAME} comes from the environment, else from .env.
# The profile has no key whose ${NAME:-} is unset or empty; checks that need the key are skipped.
kind: live
allow: [read, create-rooms]
may_raise: [send-webhooks, place-calls]   # effects that --allow may add for one run
"""
# Keys with fixed values that are not searched for, by section.
_REST = {
    "sip": (
        "provider: false   # true: sip.server and account belong to a provider in front",
        "transport: udp    # udp, tcp or tls",
        'caller: "+15550100"',
    ),
}
_TAIL = """\
agent: deployed   # answers calls: deployed (your application), stand-in (the suite) or none
"""
_ENV_HEAD = """\
# Copy this file to .env and fill it in. Keep .env out of git and private: chmod 600 .env
# Variables of the process environment take precedence.
"""
# Values that YAML reads as text without quotes.
_PLAIN = re.compile(r"[A-Za-z/$][^\s#'\"]*")


def profile_text(choices: Sequence[Choice], logs: Sequence[FoundValue]) -> str:
    """
    Return the text of the profile; it contains no secret.
    """
    return "".join([_HEAD, *_sections(choices), *_logs(logs), _TAIL])


def _sections(choices: Iterable[Choice]) -> Iterator[str]:
    section = ""
    for choice in choices:
        parent, _, key = choice.field.key.rpartition(".")
        if not choice.written:
            continue
        if parent and parent != section:
            yield f"{parent}:\n"
            yield from (f"  {line}\n" for line in _REST.get(parent, ()))
        section = parent
        place = choice.found.place if choice.found else ""
        comment = f"   # {place}" if place else ""
        yield f"{'  ' if parent else ''}{key}: {_scalar(choice.written)}{comment}\n"


def _logs(logs: Iterable[FoundValue]) -> Iterator[str]:
    if lines := [f"  - {log.written}   # {log.place}\n" for log in logs]:
        yield from ["logs:\n", *lines]


def _scalar(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def env_example_text(choices: Sequence[Choice]) -> str:
    """
    Return the lines of the variables that the profile refers to, without values.
    """
    lines = []
    for choice in choices:
        names = variables_of(choice.written)
        if names:
            need = "" if choice.field.required else " (optional)"
            lines.append(f"\n# {choice.field.key}: {choice.field.what.en}{need}\n")
            lines += (f"{name}=\n" for name in names)
    return "".join([_ENV_HEAD, *lines])
