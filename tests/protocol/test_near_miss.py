"""
Mismatches of the closest trunk and the closest rule for a call, and of no others.
"""

from __future__ import annotations

import pytest

from livekit_conformance.protocol.dispatch import IncomingCall, Rule, Trunk
from livekit_conformance.protocol.near_miss import rule_obstacles, same_number, trunk_obstacles

NUMBER, CALLER, SOURCE = "+15550123", "+15550100", "192.0.2.7"
CALL = IncomingCall(CALLER, NUMBER, source_ip=SOURCE)
TAKES = Trunk("ST_takes", numbers=(NUMBER,))


def rule(**fields: tuple[str, ...]) -> Rule:
    return Rule("SDR_1", "individual", "voice", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("trunks", "obstacles"),
    [
        pytest.param((), ("absent",), id="none"),
        pytest.param((TAKES,), (), id="takes it"),
        pytest.param((Trunk("ST", numbers=("+1 (555) 01-23",)),), (), id="signs do not matter"),
        pytest.param((Trunk("ST", numbers=("+15550199",)),), ("number",), id="other number"),
        pytest.param((Trunk("ST", numbers=("5550123",)),), ("number-form",), id="national form"),
        pytest.param(
            (Trunk("ST", numbers=("0015550123",)),), ("number-form",), id="international prefix"
        ),
        pytest.param(
            (Trunk("ST", numbers=(NUMBER,), allowed_numbers=("+15550198",)),),
            ("caller",),
            id="other caller",
        ),
        pytest.param(
            (Trunk("ST", numbers=(NUMBER,), allowed_numbers=("5550100",)),),
            ("caller-form",),
            id="caller in another form",
        ),
        pytest.param(
            (Trunk("ST", numbers=(NUMBER,), allowed_addresses=("192.0.2.1",)),),
            ("source",),
            id="other source",
        ),
        pytest.param(
            (Trunk("ST", allowed_numbers=("+15550198",), allowed_addresses=("192.0.2.1",)),),
            ("caller", "source"),
            id="two at once",
        ),
        pytest.param(
            (Trunk("ST_far", numbers=("+15550199",)), Trunk("ST_near", numbers=("5550123",))),
            ("number-form",),
            id="the nearer one counts",
        ),
    ],
)
def test_of_the_nearest_trunk(trunks: tuple[Trunk, ...], obstacles: tuple[str, ...]) -> None:
    assert trunk_obstacles(trunks, CALL) == obstacles


@pytest.mark.parametrize(
    ("rules", "obstacles"),
    [
        pytest.param((), ("absent",), id="none"),
        pytest.param((rule(),), (), id="for all calls"),
        pytest.param((rule(trunk_ids=("ST_old",)),), ("trunk",), id="other trunk"),
        pytest.param((rule(numbers=("+15550199",)),), ("number",), id="other number"),
        pytest.param((rule(numbers=("15550123",)),), ("number-form",), id="without the plus sign"),
        pytest.param((rule(inbound_numbers=("+15550198",)),), ("caller",), id="other caller"),
        pytest.param((rule(inbound_numbers=("15550100",)),), ("caller-form",), id="caller's form"),
        pytest.param(
            (rule(trunk_ids=("ST_other",), numbers=("+15550199",)),),
            ("absent",),
            id="that of another line is none",
        ),
    ],
)
def test_of_the_nearest_rule(rules: tuple[Rule, ...], obstacles: tuple[str, ...]) -> None:
    assert rule_obstacles(rules, TAKES, CALL) == obstacles


def test_without_a_trunk_the_trunks_of_rules_do_not_matter():
    assert rule_obstacles([rule(trunk_ids=("ST_1",))], None, CALL) == ()


@pytest.mark.parametrize(
    "listed", ["15550123", "5550123", "tel:+15550123", "sip:+15550123@carrier.example"]
)
def test_the_same_number_in_another_form(listed: str) -> None:
    assert same_number(NUMBER, ["+15550199", listed]) == listed


@pytest.mark.parametrize("listed", ["+15550199", "", "0123"])
def test_another_number_or_too_few_digits_to_tell(listed: str) -> None:
    assert same_number(NUMBER, [listed]) is None
