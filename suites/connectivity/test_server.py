"""
livekit-server: it answers, it is ready, and its clock agrees with ours.
"""

import pytest

from fixtures.connectivity import Greeting
from livekit_conformance.errors import require
from livekit_conformance.judges.clock import EXACT_S, LEEWAY_S, judge_clock
from livekit_conformance.judges.server import judge_greeting, judge_readiness


@pytest.mark.clause("1.1-server-answers")
async def test_server_answers_a_plain_get(greeting: Greeting) -> None:
    """
    GET / answers 200 OK, or 406 while the server is not ready.
    """
    answer = greeting.answer

    require(judge_greeting(answer.status, answer.text))


@pytest.mark.clause("1.1-server-is-ready")
async def test_the_server_is_ready(greeting: Greeting) -> None:
    """
    GET / does not answer 406, as it does when the server has not reached Redis for 4 s.
    """
    answer = greeting.answer

    require(judge_readiness(answer.status, answer.text))


@pytest.mark.clause("1.1-clock-agrees")
async def test_the_clocks_agree_within_the_leeway_of_tokens(greeting: Greeting) -> None:
    """
    With a larger difference, tokens are refused as expired or not yet valid.
    """
    agree(greeting, within=LEEWAY_S)


@pytest.mark.clause("1.1-clock-is-exact")
async def test_the_clocks_agree_within_seconds(greeting: Greeting) -> None:
    """
    A difference of more than a few seconds shows that one of the clocks is not set by NTP.
    """
    agree(greeting, within=EXACT_S)


def agree(greeting: Greeting, *, within: float) -> None:
    """
    Raise Violation unless the clocks agree `within` seconds, Blocked if they cannot be compared.
    """
    headers = greeting.answer.headers
    require(
        judge_clock(headers, asked=greeting.asked, answered=greeting.answered, within=within),
        otherwise="Run the check again over a faster network; a proxy in front of livekit-server "
        "must pass the header Date on",
    )
