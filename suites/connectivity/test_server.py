"""
livekit-server: it answers, it is ready, and its clock agrees with ours.
"""

import pytest

from fixtures.connectivity import Greeting
from livekit_conformance.errors import Blocked
from livekit_conformance.protocol.http_date import ClockOffset, clock_offset

# Leeway for `exp` and `nbf` of tokens, and the accepted clock difference.
_LEEWAY_S = 60.0
_EXACT_S = 5.0
_NOT_READY = 406


@pytest.mark.clause("1.1-server-answers")
async def test_server_answers_a_plain_get(greeting: Greeting) -> None:
    """
    GET / answers 200 OK, or 406 while the server is not ready.
    """
    answer = greeting.answer

    assert (answer.status, answer.text) == (200, "OK") or answer.status == _NOT_READY, (
        f"received {answer.status}: {answer.text[:200]!r}, expected 200: 'OK'. Another service "
        "answers at this URL"
    )


@pytest.mark.clause("1.1-server-is-ready")
async def test_the_server_is_ready(greeting: Greeting) -> None:
    """
    GET / does not answer 406, as it does when the server has not reached Redis for 4 s.
    """
    answer = greeting.answer

    assert answer.status != _NOT_READY, (
        f"received {answer.status} {answer.text[:200]!r}: livekit-server has lost Redis or is "
        "overloaded; see its log"
    )


@pytest.mark.clause("1.1-clock-agrees")
async def test_the_clocks_agree_within_the_leeway_of_tokens(greeting: Greeting) -> None:
    """
    With a larger difference, tokens are refused as expired or not yet valid.
    """
    offset = offset_of(greeting, within=_LEEWAY_S)

    assert offset.proven <= _LEEWAY_S, f"the server's clock is {offset}; synchronise both by NTP"


@pytest.mark.clause("1.1-clock-is-exact")
async def test_the_clocks_agree_within_seconds(greeting: Greeting) -> None:
    """
    A difference of more than a few seconds shows that one of the clocks is not set by NTP.
    """
    offset = offset_of(greeting, within=_EXACT_S)

    assert offset.proven <= _EXACT_S, f"the server's clock is {offset}; synchronise both by NTP"


def offset_of(greeting: Greeting, *, within: float) -> ClockOffset:
    """
    Return the difference of the clocks, exact enough to decide about `within` seconds.
    """
    try:
        offset = clock_offset(
            greeting.answer.headers["Date"], asked=greeting.asked, answered=greeting.answered
        )
    except (KeyError, ValueError) as error:
        raise Blocked(
            "the answer to GET / has no readable header Date",
            remedy="Configure the proxy in front of livekit-server to pass the header on",
        ) from error
    if offset.uncertainty > within:
        raise Blocked(
            f"the answer came too slowly to compare the clocks ({offset})",
            remedy="Run the check again over a faster network",
        )
    return offset
