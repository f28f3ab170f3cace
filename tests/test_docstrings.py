"""
Docstrings read as the field writes them: Ruff's D401 has the verbs, this has the questions.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.docs.documents import ROOT

FOLDERS = ("src/livekit_conformance", "suites", "fixtures", "tests", "bench")
_QUESTION = re.compile(r"(what|who|whom|whose|which|where|when|why|how|whether)\b", re.IGNORECASE)
_MOST = 0.02
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def docstrings() -> Iterator[tuple[Path, str]]:
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, _DOCUMENTED) and (text := ast.get_docstring(node)):
                    yield path, text


def test_few_docstrings_begin_with_a_question_word():
    every = [*docstrings()]
    asking = [(path, text.splitlines()[0]) for path, text in every if _QUESTION.match(text)]

    assert len(every) > 3000
    assert len(asking) / len(every) < _MOST, "\n".join(f"{path}: {text}" for path, text in asking)
