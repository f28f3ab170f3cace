"""
The table of README.md in this folder: clauses and their mutants. `python -m tests.mutants.table`
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from livekit_conformance.catalogue.clauses import CLAUSES
from tests.mutants.mutant import Mutant, killed_clauses

HERE = Path(__file__).parent
FILE = HERE / "README.md"

# One module of mutants for each subject.
MUTANTS: tuple[Mutant, ...] = tuple(
    mutant
    for path in sorted(HERE.glob("*.py"))
    if not path.name.startswith(("test_", "table", "conftest"))
    for mutant in getattr(import_module(f"tests.mutants.{path.stem}"), "MUTANTS", ())
)


def lines() -> Iterator[str]:
    yield "# Which mutant kills which clause"
    yield ""
    yield "Written by `python -m tests.mutants.table`; a test fails when it is out of date."
    yield f"{len(MUTANTS)} mutants, {len(CLAUSES)} clauses."
    yield ""
    yield "| clause | level | killed by |"
    yield "| --- | --- | --- |"
    killers = killed_clauses(MUTANTS)
    for clause in CLAUSES:
        named = ", ".join(killers.get(clause.id, ["**nobody**"]))
        yield f"| {clause.id} | {clause.level} | {named} |"


def text() -> str:
    return "\n".join(lines()) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
