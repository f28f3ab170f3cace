"""
A check that finds its proof in a log demands a line of its own; one of strangers does not do.
"""

from __future__ import annotations

import json
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

import suites.errors.test_failed_joins as failed_joins
import suites.errors.test_refusals as refusals
import suites.errors.test_webhook_logs as webhook_logs
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.refused_tokens import MISSING_GRANT, REFUSED_TOKENS
from livekit_conformance.drivers.api.livekit_api import LIST_ROOMS
from livekit_conformance.drivers.api.token_probe import NO_ROOM
from livekit_conformance.drivers.logs import LogTail
from livekit_conformance.drivers.own_rooms import RoomNames
from livekit_conformance.errors import Blocked
from livekit_conformance.protocol.sip.outcome import CallOutcome
from tests.observed import observed

KINDS = {kind.id: kind for kind in (*REFUSED_TOKENS, MISSING_GRANT)}
EARLIER_S = 60


class Log:
    """
    Log of a service, and the tail of it that a run reads.
    """

    def __init__(self, path: Path, service: str) -> None:
        path.touch()
        self._path = path
        self.tails = {service: LogTail(service, path)}

    def write(self, message: str, *, at: float | None = None, **fields: object) -> None:
        line = {"level": "warn", "ts": at or time.time(), "msg": message, **fields}
        with self._path.open("a") as log:
            log.write(json.dumps(line) + "\n")


@pytest.fixture(autouse=True)
def no_patience(monkeypatch):
    for suite in (failed_joins, refusals, webhook_logs):
        monkeypatch.setattr(suite, "_LOGGED_WITHIN_S", 0.2)


@pytest.fixture
def server_log(tmp_path):
    return Log(tmp_path / "server.log", "livekit-server")


@pytest.fixture
def application_log(tmp_path):
    return Log(tmp_path / "application.log", "application")


async def refuse(log, monkeypatch, kind, *, whose):
    """
    Run the check against a server that logs the refusal of our token, or of a stranger's.
    """

    async def attempt(_client, kind, *, path, room):
        if whose == "stranger":
            path, room = LIST_ROOMS, NO_ROOM
        call = {"service": "RoomService", "method": "ListRooms", "room": [room]}
        as_logged = call if kind.by_method else {"method": "POST", "path": path}
        level = "info" if kind.by_method else "warn"
        log.write("refused", level=level, status=401, error=kind.reasons[0], **as_logged)
        return SimpleNamespace(status=401)

    monkeypatch.setattr(refusals, "attempt", attempt)
    names = RoomNames("voice-ai-{call_id}", mark="lkc-1a2b3c4d")
    await refusals.test_a_refused_token_is_logged_with_its_reason(
        None, log.tails, names, KINDS[kind]
    )


@pytest.mark.parametrize("kind", KINDS)
async def test_the_refusal_of_our_token_is_a_proof(server_log, monkeypatch, kind):
    await refuse(server_log, monkeypatch, kind, whose="ours")


@pytest.mark.parametrize("kind", KINDS)
async def test_the_refusal_of_a_strangers_token_is_none(server_log, monkeypatch, kind):
    with pytest.raises(AssertionError, match="is not among the 1 lines"):
        await refuse(server_log, monkeypatch, kind, whose="stranger")


async def forge(log, recorder, *, names_the_event, is_logged=True):
    """
    Run the check against an application that refuses, and logs our event with or without its id.
    """

    class Endpoint:
        url = "http://127.0.0.1:1/hook"
        signer = SimpleNamespace(sign=lambda event: event)

        async def send(self, event):
            recorder.record(observed(time.time(), "http", "POST", {"url": self.url}))
            if is_logged:
                named = {"id": event["id"]} if names_the_event else {}
                log.write("webhook refused", error="bad signature", **named)
            return SimpleNamespace(status=401)

    forgeries = {"wrong-key": lambda signer, event: signer.sign(event)}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(webhook_logs, "FORGERIES", forgeries)
        patched.setattr(webhook_logs, "refused", lambda answer: answer.status == 401)
        await webhook_logs.test_the_application_logs_why_it_refuses(Endpoint(), log.tails, recorder)


@pytest.mark.parametrize("names_the_event", [True, False])
async def test_a_refused_event_of_ours_is_a_proof(application_log, recorder, names_the_event):
    await forge(application_log, recorder, names_the_event=names_the_event)


async def test_it_is_a_proof_beside_those_of_others_if_it_has_its_id(application_log, recorder):
    application_log.write("refused", at=time.time() - EARLIER_S, error="bad signature")

    await forge(application_log, recorder, names_the_event=True)


@pytest.mark.parametrize("is_logged", [True, False])
async def test_without_an_id_it_cannot_be_told_apart(
    application_log, recorder, is_logged, monkeypatch
):
    application_log.write("refused", at=time.time() - EARLIER_S, error="bad signature")
    read = application_log.tails["application"].read

    def read_later():
        lines = read()
        application_log.write("refused", error="bad signature")
        return lines

    monkeypatch.setattr(application_log.tails["application"], "read", read_later)

    with pytest.raises(Blocked, match="cannot be told apart from others'"):
        await forge(application_log, recorder, names_the_event=False, is_logged=is_logged)


TOKEN_REFUSED = "signature is invalid"


async def fail_to_join(folder, monkeypatch, *others):
    """
    Run the check where our call fails to join, and so do calls of others with these errors.
    """
    sip, server = (
        Log(folder / "sip.log", "livekit-sip"),
        Log(folder / "server.log", "livekit-server"),
    )

    async def attempt(_account, *, purpose, fails_at):
        for number, error in enumerate((TOKEN_REFUSED, *others)):
            call = {"sipCallID": f"call-{number}", "room": f"room-{number}"}
            sip.write("failed to join", level="error", error=f"401 {error}", **call)
        server.write("error handling request", status=401, path="/rtc", error=TOKEN_REFUSED)
        call = SimpleNamespace(call_id="call-0")
        assert fails_at == Link.JOIN
        return SimpleNamespace(outcome=CallOutcome.REFUSED, story=purpose, call=call)

    monkeypatch.setattr(failed_joins, "credentials", lambda _profile: None)
    failures = SimpleNamespace(during=lambda _failure: nullcontext())
    await failed_joins.test_a_failed_join_is_logged_on_both_sides(
        failures, SimpleNamespace(attempt=attempt), {**sip.tails, **server.tails}, None
    )


async def test_a_failed_join_of_ours_is_a_proof_beside_other_failures(tmp_path, monkeypatch):
    await fail_to_join(tmp_path, monkeypatch, "room is full")


async def test_a_failed_join_of_others_may_be_theirs(tmp_path, monkeypatch):
    with pytest.raises(Blocked, match="cannot be told apart from others'"):
        await fail_to_join(tmp_path, monkeypatch, TOKEN_REFUSED)
