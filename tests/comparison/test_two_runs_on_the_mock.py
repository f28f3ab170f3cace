"""
End to end: the suites run on a healthy and on a broken deployment, and the runs are compared.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

from livekit_conformance.cli.main import main
from tests.mutants.mutant import Mutant, fault, run_mutant

_SOME = {"PYTEST_ADDOPTS": "-m smoke -k 'bus or server'"}


async def test_a_fault_is_a_regression_with_its_cause_and_its_repair_is_none(tmp_path, capsys):
    folders = [tmp_path / "healthy", tmp_path / "broken"]
    for folder in folders:
        folder.mkdir()
    mutants = (Mutant("none", frozenset()), fault("bus_down"))
    runs = (
        run_mutant(replace(mutant, environ=_SOME), folder)
        for mutant, folder in zip(mutants, folders, strict=True)
    )
    healthy, broken = await asyncio.gather(*runs)
    there, back = tmp_path / "there.json", tmp_path / "back.json"

    statuses = [
        main(["compare", str(healthy.folder), str(broken.folder), "--json", str(there)]),
        main(["compare", str(broken.folder), str(healthy.folder), "--json", str(back)]),
    ]

    told = capsys.readouterr()
    assert (statuses, told.err) == ([1, 0], ""), told.out
    regression, repair = (json.loads(file.read_text()) for file in (there, back))
    reds = {name for name, verdict in broken.verdicts.items() if verdict in ("FAIL", "BLOCKED")}
    assert reds
    assert {change["id"] for change in regression["changes"] if change["regression"]} == reds
    assert {c["id"] for c in repair["changes"] if c["kind"] == "fixed"} == reds
    assert [found["id"] for found in regression["causes"]["new"]] == broken.diagnoses
    assert regression["before"]["summary"] == healthy.results["summary"]
    assert regression["after"]["summary"] == broken.results["summary"]
