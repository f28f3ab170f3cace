"""
Outcome of an INVITE from its ladder alone; the ladders are those of the real livekit-sip 1.8.0.
"""

import ast
from pathlib import Path

import pytest

import livekit_conformance
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.protocol.sip.outcome import Answer, CallOutcome, broken_link, outcome


@pytest.mark.parametrize(
    ("ladder", "ended", "link"),
    [
        ([(100, 0.0), (180, 0.1), (200, 0.4)], CallOutcome.ANSWERED, None),
        ([(100, 0.0), (503, 1.0)], CallOutcome.REFUSED, Link.BUS),
        ([(401, 0.01)], CallOutcome.REFUSED, Link.CREDENTIALS),
        ([(100, 0.0), (180, 0.01), (486, 0.03)], CallOutcome.REFUSED, Link.JOIN),
        ([(100, 0.0), (180, 0.01), (400, 0.03)], CallOutcome.REFUSED, Link.OFFER),
        ([(100, 0.0), (180, 0.01), (404, 0.03)], CallOutcome.REFUSED, Link.DISPATCH),
        ([(100, 0.0), (180, 0.01)], CallOutcome.RINGING_STOPPED, Link.DISPATCH),
        ([(100, 0.0), (180, 0.1), (180, 1.1), (180, 2.1)], CallOutcome.KEPT_RINGING, Link.AGENT),
        ([(100, 0.0)], CallOutcome.TRYING_ONLY, Link.SIP_SOCKET),
        ([], CallOutcome.SILENCE, Link.SIP_SOCKET),
    ],
)
def test_a_ladder_tells_how_the_invite_ended_and_which_link_broke(ladder, ended, link):
    answers = [Answer(status, at_s) for status, at_s in ladder]

    assert outcome(answers) == ended
    assert broken_link(answers) == link


@pytest.mark.parametrize(
    ("reason", "link"),
    [
        ("Service temporarily unavailable", Link.TRUNK),
        ("Try again later", Link.BUS),
        ("", Link.BUS),
    ],
)
def test_a_quota_is_told_from_a_bus_that_does_not_answer(reason, link):
    assert broken_link([Answer(100, 0.0), Answer(503, 0.004, reason)]) == link


def test_nothing_else_knows_what_a_refusal_means():
    """
    Our own callers and callees answer with such statuses; a sign looks for one in a log line.
    """
    package = Path(livekit_conformance.__file__).parent
    others = [
        path
        for folder in ("catalogue", "diagnosis", "drivers/calls", "judges", "reporting", "timeline")
        for path in (package / folder).rglob("*.py")
    ]

    numbers = {
        str(path.relative_to(package)): node.value
        for path in others
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value in {486, 488}
    }

    assert numbers == {"catalogue/causes/logged.py": 486}
