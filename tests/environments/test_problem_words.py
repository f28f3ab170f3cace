"""
Each problem of the operator's input has words, and no words are left over.
"""

from __future__ import annotations

from pathlib import Path

from livekit_conformance import environments, init
from livekit_conformance.environments.problem_words import WORDS
from livekit_conformance.reporting.plugin import options
from tests.codes import first_arguments, strings

_SOURCES = [
    *(path for path in Path(environments.__file__).parent.glob("*.py") if "words" not in path.stem),
    *Path(init.__file__).parent.glob("*.py"),
    Path(options.__file__),
]


def test_each_code_has_words():
    assert first_arguments(_SOURCES, "phrase", "Unfit") <= set(WORDS)


def test_no_words_are_left_over():
    origins = {code for code in WORDS if code.startswith("origin.")}

    assert set(WORDS) - origins <= strings(_SOURCES)
