"""
Tokens: the good one is accepted, and every bad one is refused.
"""

from urllib.parse import urlsplit

import pytest

from livekit_conformance.catalogue.refused_tokens import REFUSED_TOKENS, RefusedToken
from livekit_conformance.drivers.api.http_answers import HttpAnswer
from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.api.token_probe import (
    attempt,
    good_token,
    list_no_rooms,
)
from livekit_conformance.environments.addresses import is_loopback
from livekit_conformance.environments.profile import Profile
from livekit_conformance.environments.variable_checks import judge_key_pair
from livekit_conformance.errors import not_applicable, require
from livekit_conformance.judges.answers import judge_answer
from livekit_conformance.judges.api_key import judge_key
from livekit_conformance.judges.preconditions import OWN_DEVELOPMENT_KEY
from livekit_conformance.protocol.token import Issuer

# Key pair of `livekit-server --dev`, known from every tutorial.
_DEVELOPMENT_KEY, _DEVELOPMENT_SECRET = "devkey", "secret"


@pytest.mark.clause("1.1-key-is-accepted")
async def test_a_good_token_is_accepted(client: LiveKitClient, profile: Profile) -> None:
    """
    ListRooms answers 200 to a token signed with the profile's key pair.
    """
    answer = await list_no_rooms(client, client.sign(client.claims()))

    livekit = profile.livekit
    refusals = judge_key(answer.status, answer.text, shown=str(answer))
    require([*refusals, *judge_key_pair(livekit.api_key, livekit.api_secret.get_secret_value())])


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, id=kind.id, marks=pytest.mark.clause(kind.clause))
        for kind in REFUSED_TOKENS
    ],
)
async def test_a_bad_token_is_refused(client: LiveKitClient, kind: RefusedToken) -> None:
    """
    ListRooms answers 401 to the token, at the same moment at which a good one works.
    """
    answer = await attempt(client, kind)

    require_refusal(answer, kind.id, kind.advice)


@pytest.mark.clause("1.1-default-credentials-are-refused")
async def test_the_key_pair_of_development_is_refused(
    client: LiveKitClient, profile: Profile
) -> None:
    """
    A token of `livekit-server --dev` gets 401.
    """
    on_this_machine = is_loopback(urlsplit(profile.livekit.url).hostname)
    if profile.livekit.api_key == _DEVELOPMENT_KEY and on_this_machine:
        raise not_applicable(
            OWN_DEVELOPMENT_KEY,
            f"the profile itself uses {_DEVELOPMENT_KEY}, and the server is on this machine",
            key=_DEVELOPMENT_KEY,
        )
    mine = await good_token(client)

    development = Issuer(_DEVELOPMENT_KEY, _DEVELOPMENT_SECRET, mine.issuer.now)
    claims = development.claims(video={"roomList": True})
    answer = await list_no_rooms(client, development.sign(claims))

    require_refusal(
        answer,
        _DEVELOPMENT_KEY,
        f"Every tutorial shows the key pair of {_DEVELOPMENT_KEY}: remove it from `keys`, and do "
        "not run the server with --dev",
    )


def require_refusal(answer: HttpAnswer, token: str, advice: str | None) -> None:
    """
    Raise Violation unless the answer to this kind of token is 401.
    """
    require(
        judge_answer(
            token,
            answer.status,
            answer.text,
            fits=answer.status == 401,
            expected="401",
            seen=". ".join(filter(None, [str(answer), advice])),
        )
    )
