"""
Nodes that answered none of their calls, by the lines that both services log about them.
"""

from __future__ import annotations

import pytest

from livekit_conformance.nodes import has_several_nodes, nodes_of_calls, sick_nodes
from livekit_conformance.observations import Observation
from tests.observed import observed


def call(number: int, outcome: str, **details: object) -> Observation:
    given = {"call": f"c{number}", "purpose": "probe", "outcome": outcome, **details}
    return observed(float(number), "sip-call", outcome, given)


def taken(number: int, sip: str, server: str) -> list[Observation]:
    """
    Return what both nodes log about a call.
    """
    names = {"sipCallID": f"c{number}", "room": f"r{number}"}
    return [
        observed(
            float(number),
            "call-line",
            "",
            {"service": "livekit-sip", "level": "info", "nodeID": sip, **names},
        ),
        observed(
            float(number),
            "call-line",
            "",
            {"service": "livekit-server", "level": "info", "nodeID": server, "room": f"r{number}"},
        ),
    ]


def test_both_nodes_of_a_call_are_known():
    seen = [call(1, "answered"), *taken(1, "NE_a", "ND_a")]

    assert nodes_of_calls(seen) == {"c1": {"livekit-sip": "NE_a", "livekit-server": "ND_a"}}


@pytest.mark.parametrize(
    ("outcomes", "sick"),
    [
        ({"NE_a": ["answered", "answered"], "NE_b": ["refused", "refused"]}, ["NE_b"]),
        ({"NE_a": ["answered"], "NE_b": ["answered"]}, []),
        # All fail, or one node fails sometimes: that is not the node.
        ({"NE_a": ["refused"], "NE_b": ["refused"]}, []),
        ({"NE_a": ["answered"], "NE_b": ["refused", "answered"]}, []),
        ({"NE_a": ["answered", "refused"], "NE_b": ["refused"]}, []),
        ({"NE_a": ["answered"], "NE_b": ["refused"], "NE_c": ["refused", "answered"]}, []),
    ],
)
def test_a_node_is_sick_if_it_answers_none_and_all_others_answer_all(outcomes, sick):
    seen = []
    for node, ends in outcomes.items():
        for outcome in ends:
            number = len(seen)
            seen += [call(number, outcome), *taken(number, node, "ND_one")]

    assert [each.node for each in sick_nodes(seen)] == sick


@pytest.mark.parametrize("purpose", ["cancelled", "wrong password", "outbound"])
def test_calls_that_should_not_be_answered_do_not_count(purpose):
    seen = [
        *(call(1, "answered"), *taken(1, "NE_a", "ND_a")),
        *(call(2, "refused", purpose=purpose), *taken(2, "NE_b", "ND_a")),
    ]

    assert [*sick_nodes(seen)] == []


@pytest.mark.parametrize(("subscribers", "several"), [(1, False), (2, True), (None, False)])
def test_several_nodes_are_seen_on_the_bus(subscribers, several):
    on_bus = observed(1.0, "bus", "", {"channel": "x", "subscribers": subscribers})

    assert has_several_nodes([on_bus]) is several


@pytest.mark.parametrize(
    ("pairs", "clear"),
    [
        # Which of the two nodes took them is not to tell: all failed calls went through both.
        ("aa aa bb bb", {"NE_b": False, "ND_b": False}),
        # Each livekit-sip answered one, so that it is the livekit-server.
        ("aa ba ab bb", {"ND_b": True}),
        ("aa ab ba bb", {"ND_b": True}),
        # One failure may be chance.
        ("aa ba ab", {"ND_b": False}),
    ],
)
def test_it_is_clear_which_node_fails_if_others_took_its_calls(pairs, clear):
    seen = []
    for number, (sip, server) in enumerate(pairs.split()):
        seen.append(call(number, "refused" if server == "b" else "answered"))
        seen += taken(number, f"NE_{sip}", f"ND_{server}")

    assert {each.node: each.is_clear for each in sick_nodes(seen)} == clear
