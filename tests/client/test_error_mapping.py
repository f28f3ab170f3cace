"""
Each way in which a request can fail has its own error, which names the side that failed.
"""

from __future__ import annotations

import socket
import traceback

import pytest
from aiohttp import web

from livekit_conformance.client import (
    LiveKitAuthenticationError,
    LiveKitConnectionError,
    LiveKitError,
    LiveKitRequestError,
    LiveKitServerError,
    LiveKitTimeoutError,
)
from tests.client.conftest import SECRET, Server, cut, hang, one_try, twirp
from tests.http_server import Handler
from tests.scenarios.wrong_peers import black_hole, closed_port

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJrZXkifQ.c2lnbmF0dXJlLW9mLWEtdG9rZW4"


async def error_of(server: Server, *answers: Handler | web.Response) -> LiveKitError:
    server.answers["ListRooms"] = list(answers)
    async with one_try(server.url) as client:
        with pytest.raises(LiveKitError) as failed:
            await client.list_rooms()
    assert SECRET not in f"{failed.value!r} {failed.value}"
    return failed.value


async def test_a_refusal_in_plain_text_is_told_in_the_servers_words(server):
    said = f"invalid token: {TOKEN}, error: token signature is invalid"

    error = await error_of(server, web.Response(status=401, text=said))

    assert isinstance(error, LiveKitAuthenticationError)
    assert "token signature is invalid" in error.text
    assert "compare the secret" in error.hint
    assert (error.status, error.key, error.attempts) == (401, "APIm...34", 1)
    assert error.url == f"{server.url}/twirp/livekit.RoomService/ListRooms"
    assert TOKEN not in repr(error) + "".join(traceback.format_exception(error))


@pytest.mark.parametrize(
    ("answer", "kind", "code", "text"),
    [
        (twirp(503, "unavailable", "no nodes"), LiveKitServerError, "unavailable", "no nodes"),
        (twirp(404, "not_found", "no such room"), LiveKitRequestError, "not_found", "no such room"),
        (web.Response(status=502, text="Bad Gateway"), LiveKitServerError, "unknown", "Bad Gatew"),
        (web.json_response(["odd"], status=500), LiveKitServerError, "unknown", "odd"),
        (web.json_response("odd", status=403), LiveKitAuthenticationError, "unknown", "odd"),
        (web.Response(text="<html>hello"), LiveKitServerError, "", "is of another type"),
    ],
    ids=["twirp", "not-found", "gateway", "json-list", "json-text", "web-page"],
)
async def test_an_answer_that_is_an_error_keeps_code_and_text(server, answer, kind, code, text):
    error = await error_of(server, answer)

    assert type(error) is kind
    assert error.code == code
    assert text in error.text
    assert error.hint
    assert error.may_have_arrived


async def test_a_time_to_come_back_is_kept(server):
    async def later(_request):
        return web.Response(status=429, headers={"Retry-After": "7"})

    assert (await error_of(server, later)).retry_after == 7.0


async def test_a_connection_that_is_cut_may_have_brought_the_request(server):
    error = await error_of(server, cut)

    assert type(error) is LiveKitConnectionError
    assert (error.phase, error.may_have_arrived) == ("answer", True)
    assert error.failure in {"ended", "reset"}


async def test_silence_is_a_time_out_and_may_have_brought_the_request(server):
    server.answers["ListRooms"] = [hang]
    async with one_try(server.url, within=0.5) as client:
        with pytest.raises(LiveKitTimeoutError) as failed:
            await client.list_rooms()

    error = failed.value
    assert (error.phase, error.failure) == ("answer", "timed-out")
    assert error.may_have_arrived
    assert "no answer in time" in str(error)
    assert 0.5 <= error.waited < 2


async def test_a_refused_connection_has_brought_nothing():
    with closed_port("127.0.0.1") as port:
        async with one_try(f"ws://127.0.0.1:{port}") as client:
            with pytest.raises(LiveKitConnectionError, match="Connection refused") as failed:
                await client.list_rooms()

    assert (failed.value.phase, failed.value.may_have_arrived) == ("connect", False)
    assert failed.value.failure == "refused"


async def test_a_port_that_takes_no_connection_has_brought_nothing():
    with black_hole("127.0.0.1") as port:
        async with one_try(f"http://127.0.0.1:{port}", within=0.2) as client:
            with pytest.raises(LiveKitTimeoutError, match="no connection in time") as failed:
                await client.list_rooms()

    assert (failed.value.phase, failed.value.may_have_arrived) == ("connect", False)
    assert failed.value.failure == "timed-out"


async def test_a_name_that_does_not_resolve_has_brought_nothing(monkeypatch):
    def no_such_name(*_arguments, **_options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
    async with one_try("http://livekit.invalid:7880") as client:
        with pytest.raises(LiveKitConnectionError) as failed:
            await client.list_rooms()

    assert (failed.value.phase, failed.value.may_have_arrived) == ("resolve", False)
    assert failed.value.failure == "no-such-name"
