"""
Docstrings read as the field writes them: Ruff's D401 has the verbs, this has the questions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.docs.documents import ROOT

FOLDERS = ("src/livekit_conformance", "suites", "fixtures", "tests", "bench")
_QUESTION = re.compile(r"(what|who|whom|whose|which|where|when|why|how|whether)\b", re.IGNORECASE)
_MOST = 0.02
# At the beginning of a module, or below the colon of a class or function. Parsing takes seconds.
_DOCSTRING = re.compile(r'(?:\A|:(?: +#.*)?\n)\s*r?"""\s*(.*)')


def first_lines() -> Iterator[tuple[Path, str]]:
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            for docstring in _DOCSTRING.finditer(path.read_text(encoding="utf-8")):
                yield path, docstring[1]


def test_few_docstrings_begin_with_a_question_word():
    every = [*first_lines()]
    asking = [(path, text) for path, text in every if _QUESTION.match(text)]

    assert len(every) > 3000
    assert len(asking) / len(every) < _MOST, "\n".join(f"{path}: {text}" for path, text in asking)
