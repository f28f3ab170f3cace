"""
Content of the logs: no secrets, no known errors, a readable format.
"""

from collections.abc import Mapping

import pytest

from livekit_conformance.catalogue.log_lines import (
    KNOWN_ERRORS,
    ON_PURPOSE,
    Means,
    messages,
    of_both,
)
from livekit_conformance.drivers.logs import LogTail
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import violated
from livekit_conformance.judges.logs import (
    KNOWN_ERROR,
    NOT_PARSEABLE,
    SECRETS_LOGGED,
    TOKENS_LOGGED,
)
from livekit_conformance.judges.preconditions import log_empty
from livekit_conformance.protocol.own_names import OwnNames, Whose
from livekit_conformance.secrets.patterns import Redactor, whole_tokens

# Maximum share of lines in no known dialect, such as the stack trace of a panic.
_UNREADABLE = 0.01
# At most about twice so many lines of a log are parsed, evenly spaced.
_LOOKED_AT = 10_000


@pytest.mark.clause("1.4-logs-hold-no-secrets")
async def test_the_logs_hold_no_secrets(logs: Mapping[str, LogTail], profile: Profile) -> None:
    """
    Neither the API secret nor the trunk password appears in a line of the run.
    """
    secrets = Redactor(profile.secrets())

    hits = {
        service: len([text for text in tail.lines.texts() if secrets.finds(text)])
        for service, tail in read_logs(logs).items()
    }

    if services := [service for service, count in hits.items() if count]:
        raise violated(SECRETS_LOGGED, f"lines with a secret: {hits}", services=[*services])
    require_whole(logs)


@pytest.mark.clause("1.4-logs-hold-no-tokens")
async def test_the_logs_hold_no_whole_tokens(logs: Mapping[str, LogTail]) -> None:
    """
    No line holds a complete token, which a reader of the log could use until it expires.
    """
    hits = {
        service: len([text for text in tail.lines.texts() if whole_tokens(text)])
        for service, tail in read_logs(logs).items()
    }

    if services := [service for service, count in hits.items() if count]:
        seen = (
            f"lines with a whole token: {hits}. livekit-server up to 1.13.5 logs the tokens that "
            "it refuses: keep its log private, or upgrade"
        )
        raise violated(TOKENS_LOGGED, seen, services=[*services])
    require_whole(logs)


@pytest.mark.clause("1.4-logs-are-parseable")
async def test_the_logs_can_be_parsed(logs: Mapping[str, LogTail]) -> None:
    """
    99 % of the lines of each service are in a known dialect and have a time.
    """
    looked_at = {
        service: tail.lines[:: max(1, len(tail.lines) // _LOOKED_AT)]
        for service, tail in read_logs(logs).items()
    }
    strange = {
        service: [line.raw for line in lines if line.dialect == "text" or line.at is None]
        for service, lines in looked_at.items()
    }

    worst = {
        service: f"{len(raw)} of {len(looked_at[service])}, first: {raw[0][:200]!r}"
        for service, raw in strange.items()
        if len(raw) > _UNREADABLE * len(looked_at[service])
    }
    if worst:
        seen = f"lines in no known dialect, or without a time: {worst}"
        raise violated(NOT_PARSEABLE, seen, services=[*worst])


@pytest.mark.clause("1.5-logs-are-clean")
async def test_the_logs_hold_no_known_error(
    logs: Mapping[str, LogTail], own_names: OwnNames
) -> None:
    """
    No line of the run contains "auth check failed", "no response from servers" or the like.

    A line about a call or a room of others is no error of the run, and the report counts it apart.
    """
    hits = [
        f"{service}: {line.message} {line.error}".strip()
        for service, tail in read_logs(logs).items()
        for _, line in tail.lines.holding(KNOWN_ERRORS)
        if ON_PURPOSE not in line.raw
        and line.message not in messages(Means.HARMLESS)
        and any(known in f"{line.message} {line.error}" for known in KNOWN_ERRORS)
        and (own_names.whose(line) is Whose.OURS or of_both.CRASH.is_in(line.message))
    ]

    if hits:
        seen = f"{len(hits)} such lines, first: {hits[0]}"
        raise violated(KNOWN_ERROR, seen, count=len(hits), first=hits[0])
    require_whole(logs)


def read_logs(logs: Mapping[str, LogTail]) -> Mapping[str, LogTail]:
    """
    Return the logs after the positive control: they must have a line, or silence proves nothing.
    """
    lines = sum(len(tail.read()) for tail in logs.values())
    if not lines:
        raise log_empty(
            "no log has a line from this run",
            *logs,
            remedy="Check that `logs` in the profile names the files that the services write to",
        )
    return logs


def require_whole(logs: Mapping[str, LogTail]) -> None:
    """
    Raise Blocked if lines of a log could not be read: one of them may be the line looked for.
    """
    for tail in logs.values():
        tail.require_whole()
