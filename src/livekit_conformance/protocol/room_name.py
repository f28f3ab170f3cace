"""
Name of a call's room: a pattern with one `{call_id}` in it.
"""

from __future__ import annotations

import re

_PLACE = "{call_id}"


def room_name(pattern: str, call_id: str) -> str:
    """
    Return `pattern` with `{call_id}` replaced by `call_id`.
    """
    return pattern.replace(_PLACE, call_id)


def call_id_in(name: str, pattern: str) -> str | None:
    """
    Return the part of `name` in the place of `{call_id}`; None if `name` does not fit `pattern`.
    """
    before, _, after = pattern.partition(_PLACE)
    match = re.fullmatch(f"{re.escape(before)}(.+){re.escape(after)}", name, re.DOTALL)
    return match[1] if match else None


def expected_call_id(rule: str, *, sip_call_id: str, caller: str, dialled: str) -> re.Pattern[str]:
    """
    Return the pattern that a call id must match in full, by `rooms.call_id` of the profile.

    `rule` is any, sip-call-id, caller, dialled or regex:PATTERN.
    """
    if rule.startswith("regex:"):
        return re.compile(rule.removeprefix("regex:"))
    literal = {"sip-call-id": sip_call_id, "caller": caller, "dialled": dialled}.get(rule)
    return re.compile(".+", re.DOTALL) if literal is None else re.compile(re.escape(literal))


def is_named(
    name: str, pattern: str, *, call_id: str, sip_call_id: str, caller: str, dialled: str
) -> bool:
    """
    Return True if `name` fits `pattern` and its call id satisfies the rule `call_id`.
    """
    found = call_id_in(name, pattern)
    wanted = expected_call_id(call_id, sip_call_id=sip_call_id, caller=caller, dialled=dialled)
    return found is not None and wanted.fullmatch(found) is not None
