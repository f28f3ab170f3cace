"""
Judge the account of a call; codes of what is wrong with calls (drivers/calls/call_problems.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from livekit_conformance.findings import Code, Finding, Json
from livekit_conformance.protocol.dispatch import Trunk

# The INVITE was refused, or led nowhere. Data: outcome, statuses.
NOT_TAKEN: Final = Code("call.not-taken")
# The caller got no answer in time. Data of both: within_s, statuses.
NOT_ANSWERED: Final = Code("call.not-answered")
NOBODY_SPOKE: Final = Code("call.nobody-spoke")
# The room has no caller, or one without sound. Data of both: statuses.
NOT_LISTED: Final = Code("call.caller-not-listed")
NO_TRACK: Final = Code("call.no-track")
# Data: after_s.
HUNG_UP_EARLY: Final = Code("call.hung-up-early")
NO_RTP: Final = Code("call.no-rtp")
# Data: caller and agent (levels of what they heard), least.
TOO_QUIET: Final = Code("call.too-quiet")
# No agent in the room may subscribe. Data: room.
UNHEARD: Final = Code("call.caller-is-not-heard")
# The account of the profile is not that of the trunk. Data of all three: trunk.
OTHER_USERNAME: Final = Code("trunk.other-username")
OTHER_PASSWORD: Final = Code("trunk.other-password")
NO_USERNAME: Final = Code("trunk.no-username")
# A user name without a password, or the other way round. Data: trunk, has, lacks.
HALF_AN_ACCOUNT: Final = Code("trunk.half-an-account")
NO_CHALLENGE: Final = Code("trunk.no-challenge")
# Two calls are in one room, or in none.
ROOM_SHARED: Final = Code("room.shared")
SHARED_BY_A_DIRECT_RULE: Final = Code("room.shared-by-a-direct-rule")


def judge_account(trunk: Trunk, username: str, password: str) -> Iterator[Finding]:
    """
    Yield the differences between the account of the profile and that of the trunk.
    """
    if not trunk.asks_for_credentials:
        return
    data: dict[str, Json] = {"trunk": trunk.id}
    if not username:
        seen = f"sip.username is empty, and trunk {trunk.id} asks for an account"
        yield Finding(NO_USERNAME, seen, "trunk-credentials", data=data)
        return
    fields = (
        (OTHER_USERNAME, "username", username, trunk.auth_username),
        (OTHER_PASSWORD, "password", password, trunk.auth_password),
    )
    for code, name, ours, theirs in fields:
        if ours != theirs:
            seen = f"sip.{name} is not auth_{name} of trunk {trunk.id}"
            yield Finding(code, seen, "trunk-credentials", data=data)


def judge_half_an_account(trunk: Trunk) -> Iterator[Finding]:
    """
    Yield a violation if the trunk has a user name or a password alone, not both or none.
    """
    if bool(trunk.auth_username) == bool(trunk.auth_password):
        return
    has, lacks = ("auth_username", "auth_password")[:: 1 if trunk.auth_username else -1]
    yield Finding(
        HALF_AN_ACCOUNT,
        f"trunk {trunk.id} has {has} and no {lacks}, so livekit-sip challenges nobody",
        "strangers",
        data={"trunk": trunk.id, "has": has, "lacks": lacks},
    )
