"""
Errors of the client for applications: they contain all that is needed to find the cause.
"""

import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from secrets import token_urlsafe

import pytest

from livekit_conformance.client import (
    Client,
    LiveKitAuthenticationError,
    LiveKitConnectionError,
    LiveKitError,
    LiveKitServerError,
    LiveKitTimeoutError,
)
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.api.session import open_session
from livekit_conformance.drivers.scripted_server import ScriptedServer
from livekit_conformance.environments.policies import Policies
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import not_applicable
from livekit_conformance.judges.preconditions import SECRET_ACCEPTED
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.patterns import masked

_TIMEOUT_S = 0.3
_LIST = "twirp/livekit.RoomService/ListRooms"


@dataclass(frozen=True, slots=True)
class Failure:
    """
    URL for a client, the error that it must raise, and patterns that the message must match.

    The message must contain the URL and the key as well.
    """

    url: str
    error: type[LiveKitError]
    words: tuple[str, ...]
    timeout: float = 5.0


@asynccontextmanager
async def authentication(profile: Profile) -> AsyncIterator[Failure]:
    """
    Yield the deployment itself, with a wrong secret.
    """
    yield Failure(profile.livekit.url, LiveKitAuthenticationError, ("answered 401", "invalid"))


@asynccontextmanager
async def server(_profile: Profile) -> AsyncIterator[Failure]:
    """
    Yield a server of our own that answers 503.
    """
    async with ScriptedServer([503]) as failing:
        yield Failure(failing.url, LiveKitServerError, ("answered 503 unavailable", "as scripted"))


@asynccontextmanager
async def time_out(_profile: Profile) -> AsyncIterator[Failure]:
    """
    Yield a port of our own that accepts connections and never answers.
    """
    with socket.create_server(("127.0.0.1", 0)) as silent:
        # A busy machine wakes up late, never early.
        words = ("no answer in time", r"after (0\.[3-9]|1\.\d) s")
        yield Failure(_url_of(silent), LiveKitTimeoutError, words, _TIMEOUT_S)


@asynccontextmanager
async def connection(_profile: Profile) -> AsyncIterator[Failure]:
    """
    Yield a port of our own that refuses connections.
    """
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        yield Failure(_url_of(closed), LiveKitConnectionError, ("Connection refused", "after"))


def _url_of(bound: socket.socket) -> str:
    host, port = bound.getsockname()
    return f"http://{host}:{port}"


_FAILURES = {
    "authentication": authentication,
    "server": server,
    "time-out": time_out,
    "connection": connection,
}


@pytest.mark.clause("1.4-client-errors-are-detailed")
@pytest.mark.parametrize("kind", _FAILURES)
async def test_the_error_of_our_client_names_the_cause(
    profile: Profile,
    permit: Permit,
    recorder: Recorder,
    retry_policies: Policies,
    kind: str,
) -> None:
    """
    The error has the right class, and holds URL, status, Twirp code, reason, masked key and remedy.
    """
    key = profile.livekit.api_key
    async with _FAILURES[kind](profile) as failure:
        once = retry_policies.livekit.once(failure.timeout)
        async with (
            # Failures on purpose are no observations of the deployment.
            open_session(permit, Recorder(recorder.redact)) as session,
            Client(
                failure.url,
                key,
                token_urlsafe(32),
                policies=retry_policies.model_copy(update={"livekit": once}),
                session=session,
            ) as client,
        ):
            try:
                await client.list_rooms()
            except LiveKitError as raised:
                error, text = raised, str(raised)
            else:
                raise not_applicable(
                    SECRET_ACCEPTED,
                    "the server accepted a wrong secret, so there is no error to examine: see "
                    "1.1-wrong-secret-is-refused",
                )
        url = client.url

    parts = {
        "URL": (re.escape(f"{url}/{_LIST}"),),
        "key": (re.escape(masked(key)),),
        "hint": (re.escape(error.hint),),
        "cause": failure.words,
    }
    missing = [
        name
        for name, part in parts.items()
        if not all(words and re.search(words, text) for words in part)
    ]
    assert not missing and isinstance(error, failure.error), (
        f"raised {type(error).__name__}, expected {failure.error.__name__}; missing from its text: "
        f"{', '.join(missing) or 'nothing'}; the text: {text}"
    )
