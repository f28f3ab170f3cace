"""
The list of all checks in the catalogue's folder equals that of the suites.
"""

from __future__ import annotations

import subprocess
import sys

from livekit_conformance.catalogue.checks import CHECKS, not_selected
from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.reporting.result.model import clause_of
from tests.all_checks import ROOT


def test_the_list_is_that_of_the_suites():
    # A separate process: pytest inside pytest has side effects.
    program = "from tests.all_checks import collected; print(*collected(), sep='\\n')"
    told = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )

    assert tuple(told.stdout.split()) == CHECKS, "run: make generated"


def test_every_clause_of_the_catalogue_has_a_check():
    assert {clause_of(check) for check in CHECKS} == set(BY_ID)


def test_what_is_not_selected_is_all_the_rest():
    first, *rest = CHECKS

    assert not_selected([first, "not-of-ours"]) == tuple(rest)
    assert not_selected(CHECKS) == ()
