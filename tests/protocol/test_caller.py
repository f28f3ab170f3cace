"""
Identification of our caller among the participants.
"""

from __future__ import annotations

import pytest

from livekit_conformance.protocol.caller import DialledCall, UnclearError, caller_of

DIRECT = DialledCall("our-call", "+15550100", "+15550123", tag="SCL_ours")
BEHIND = DialledCall("our-call", "+15550100", "+15550123", tag="SCL_ours", through_provider=True)
OWN = ("+15550100", "+15550101")


def participant(
    caller: str | None = "+15550100", called: str | None = "+15550123", **more: str
) -> dict[str, str]:
    numbers = {"sip.phoneNumber": caller, "sip.trunkPhoneNumber": called}
    others = {f"sip.{name}": value for name, value in more.items()}
    return {name: value for name, value in numbers.items() if value is not None} | others


def stranger(number: int = 1) -> dict[str, str]:
    return participant(f"+1555017{number}", callIDFull="somebody-else's")


@pytest.mark.parametrize("call", [DIRECT, BEHIND], ids=["direct", "behind a provider"])
@pytest.mark.parametrize("told", [{"callIDFull": "our-call"}, {"callID": "SCL_ours"}], ids=str)
def test_the_call_id_or_the_tag_decides_whoever_else_is_there(call, told):
    newcomers = {"a": participant(), "b": participant("+15550199", None, **told), "c": stranger()}

    assert caller_of(call, newcomers) == "b"


def test_without_a_provider_nothing_else_counts():
    assert caller_of(DIRECT, {"a": participant(), "b": stranger()}) is None


def test_a_call_without_a_tag_is_not_that_of_a_participant_without_one():
    call = DialledCall("our-call", "+15550100", "+15550123")

    assert caller_of(call, {"a": participant(callID="")}) is None


@pytest.mark.parametrize("written", ["+15550100", "15550100", "1 (555) 01-00"])
def test_behind_a_provider_the_caller_is_told_by_its_number_however_it_is_written(written):
    newcomers = {"a": stranger(), "b": participant(written, "100", callIDFull="the provider's")}

    assert caller_of(BEHIND, newcomers) == "b"


def test_where_the_provider_puts_another_caller_in_the_only_call_of_the_number_is_ours():
    rewritten = participant("+15550142", "15550123", callIDFull="the provider's")

    assert caller_of(BEHIND, {"a": participant("+15550177", "+15550166"), "b": rewritten}) == "b"


def test_a_call_of_the_number_by_another_caller_of_ours_is_that_callers():
    newcomers = {"a": participant("+15550101")}

    assert caller_of(BEHIND, newcomers, own_callers=OWN) is None
    assert caller_of(BEHIND, newcomers) == "a"


@pytest.mark.parametrize(
    "newcomers",
    [
        {"a": participant(), "b": participant("15550100")},
        {"a": stranger(1), "b": stranger(2)},
    ],
    ids=["two of the caller", "two of the number"],
)
def test_of_two_that_fit_none_is_guessed(newcomers):
    with pytest.raises(UnclearError, match="2 SIP participants with"):
        caller_of(BEHIND, newcomers)


@pytest.mark.parametrize(
    ("newcomer", "shown"),
    [
        (participant("+15550142", "100"), r"\+15550142 to 100"),
        (participant(None, None), "unknown to unknown"),
    ],
    ids=["both numbers changed", "both numbers hidden"],
)
def test_a_newcomer_that_may_be_ours_is_no_proof_that_nobody_came(newcomer, shown):
    with pytest.raises(UnclearError, match=shown):
        caller_of(BEHIND, {"a": newcomer})


def test_hidden_numbers_do_not_fit_a_caller_without_one():
    anonymous = DialledCall("our-call", "", "+15550123", through_provider=True)

    with pytest.raises(UnclearError):
        caller_of(anonymous, {"a": participant(None, None)})


def test_where_nobody_came_there_is_no_caller():
    assert caller_of(BEHIND, {}) is None


def test_of_as_many_as_there_are_calls_of_ours_that_look_alike_it_is_the_first():
    newcomers = {"a": stranger(1), "b": stranger(1)}

    assert caller_of(BEHIND, newcomers, alike=2) == "a"
    with pytest.raises(UnclearError, match="3 SIP participants with"):
        caller_of(BEHIND, newcomers | {"c": stranger(1)}, alike=2)
