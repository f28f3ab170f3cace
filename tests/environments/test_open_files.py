"""
A limit of open files that is too low for a run is refused before the run.
"""

from __future__ import annotations

import resource

import pytest

from livekit_conformance.cli.main import main
from livekit_conformance.environments.open_files import FEWEST, problem_with_open_files


def allow(monkeypatch, files):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))


@pytest.mark.parametrize("files", [FEWEST, 1024, resource.RLIM_INFINITY])
def test_enough_files_are_no_problem(monkeypatch, files):
    allow(monkeypatch, files)

    assert problem_with_open_files() is None


def test_too_few_files_are_named_with_the_remedy(monkeypatch, capsys):
    allow(monkeypatch, 32)

    assert main(["doctor", "--env=mock"]) == 4
    assert capsys.readouterr().err == (
        "this process may open 32 files, and the suite needs 64. Allow more: ulimit -n 1024\n"
    )
