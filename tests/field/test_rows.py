"""
Each row of the table names tests that exist.
"""

from __future__ import annotations

import ast

import pytest

from livekit_conformance.catalogue.causes import CAUSES
from tests.field.rows import FILE, ROWS, text
from tests.scenarios.failures import SCENARIOS
from tests.scenarios.harness import ROOT

_EACH = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.kind)


@_EACH
def test_its_tests_exist(row):
    assert row.proofs
    for proof in row.proofs:
        path, _, name = proof.partition("::")
        defined = {
            node.name
            for node in ast.parse((ROOT / path).read_text()).body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert name.partition("[")[0] in defined, proof


@_EACH
def test_its_failures_are_played_and_their_causes_named(row):
    causes = {SCENARIOS[name].cause for name in row.failures}

    assert causes <= {cause.id for cause in CAUSES}
    assert {cause for cause in causes if cause not in row.said} == set()


def test_the_table_is_up_to_date():
    assert FILE.read_text() == text(), "run: make generated"
