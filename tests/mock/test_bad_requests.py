"""
The mock refuses the requests that livekit-server refuses; a server that accepts one is detected.
"""

from __future__ import annotations

import pytest

from livekit_conformance.mock import Faults
from tests.mock import replay
from tests.vectors.attempts import METHODS, try_requests, try_tokens
from tests.vectors.bad_requests import BAD_REQUESTS
from tests.vectors.bad_tokens import BAD_TOKENS

# Requests that the mock's libraries treat differently from those of livekit-server.
_NOT_CLAIMED = {
    # aiohttp refuses a method that it does not know with 400.
    *(request.id for request in BAD_REQUESTS if request.id.startswith(("BREW-", "post-"))),
    # protobuf's Python runtime skips characters that are not base64, and accepts a string as an
    # object without known fields.
    "field-data-not-base64",
    "field-egress-string",
}
CLAIMED = [r for r in BAD_REQUESTS if r.by_twirp and r.id not in _NOT_CLAIMED]


async def test_every_bad_token_is_refused_by_every_method(mock):
    tried = await try_tokens(mock.url, replay.API_KEY, replay.API_SECRET)

    assert tried.wrong == []
    assert tried.requests == len(BAD_TOKENS) * len(METHODS)


async def test_every_bad_request_gets_the_right_answer(mock):
    tried = await try_requests(mock.url, replay.API_KEY, replay.API_SECRET, CLAIMED)

    assert tried.wrong == []
    assert tried.requests > 240


@pytest.mark.parametrize(
    ("fault", "shape"),
    [
        ("no_token_accepted", "no-token"),
        ("malformed_accepted", "three-dots"),
        ("any_scheme_accepted", "token-alone"),
        ("wrong_secret_accepted", "secret-wrong"),
        ("unknown_key_accepted", "issuer-unknown"),
        ("expired_accepted", "expired-61-s-ago"),
        ("nbf_ignored", "starts-in-two-minutes"),
        ("alg_none_accepted", "unsigned-none"),
        ("other_algorithm_accepted", "hs512"),
        ("signature_cut", "bit-255-flipped"),
        ("signature_cached", "altered-subject"),
        ("grants_ignored", "no-grants"),
    ],
)
async def test_a_faulty_server_is_found_out(start_mock, fault, shape):
    mock = await start_mock(faults=Faults(**{fault: True}))
    (token,) = [token for token in BAD_TOKENS if token.id == shape]

    tried = await try_tokens(mock.url, replay.API_KEY, replay.API_SECRET, [token])

    assert any(f" with {shape}: " in wrong for wrong in tried.wrong)


async def test_a_wrong_code_is_found_out(start_mock):
    mock = await start_mock(faults=Faults(long_names_accepted=True))

    tried = await try_requests(mock.url, replay.API_KEY, replay.API_SECRET, CLAIMED)

    assert {wrong.partition(":")[0] for wrong in tried.wrong} >= {"argument-name-257-bytes"}
    assert all("argument-name-" in wrong or "argument-room" in wrong for wrong in tried.wrong)
