"""
State of a run: its remaining time, and the link to the latest run.
"""

from __future__ import annotations

import resource
import tomllib
from pathlib import Path

import pytest

from livekit_conformance.environments.loader import Loaded
from livekit_conformance.environments.profile import Profile
from livekit_conformance.reporting.run.session import RunState, point_latest_at
from livekit_conformance.reporting.text import words


def make_run(reports, environment="mock", **fields):
    profile = Profile.model_validate({"kind": "mock", "allow": ["read"]})
    return RunState.start(environment, Loaded(profile, Path("mock.yaml")), reports, **fields)


def test_runs_have_ids_of_their_own(tmp_path):
    ids = {make_run(tmp_path).run.id for _ in range(20)}

    assert len(ids) == 20


def test_a_run_of_a_profile_file_is_named_after_the_file(tmp_path):
    run = make_run(tmp_path, "some where/my profile.yaml")

    assert run.directory.parent == tmp_path
    assert "-my-profile-" in run.run.id


def test_the_budget_is_the_profiles_unless_told_otherwise(tmp_path):
    assert make_run(tmp_path).time_left == pytest.approx(180.0, abs=5)
    assert make_run(tmp_path, budget=2.0).time_left < 2.0


def test_secrets_of_a_provisioned_profile_are_masked_from_then_on(tmp_path):
    run = make_run(tmp_path)
    secret = {"livekit": run.profile.livekit.model_copy(update={"api_secret": secret_text()})}

    run.use(run.profile.model_copy(update=secret))

    assert run.clean("made-up-by-the-provisioner") == "***"


def secret_text():
    livekit = {"api_secret": "made-up-by-the-provisioner"}
    profile = Profile.model_validate({"kind": "mock", "allow": [], "livekit": livekit})
    return profile.livekit.api_secret


def test_a_run_knows_where_each_variable_that_the_profile_asks_for_is_found(tmp_path):
    profile = Profile.model_validate({"kind": "live", "allow": ["read"]})
    loaded = Loaded(
        profile,
        Path("live.yaml"),
        origins={"DOMAIN": "environment", "LIVEKIT_URL": ".env", "PORT": "missing"},
    )

    run = RunState.start("live", loaded, tmp_path)

    assert words.variables(run.run.variables) == (
        "DOMAIN (environment), LIVEKIT_URL (.env), PORT (not set)"
    )
    assert "PORT (не задана)" in words.variables(run.run.variables, "ru")
    assert words.variables({}) == "none"


def test_a_real_folder_named_latest_is_not_replaced(tmp_path):
    (tmp_path / "latest").mkdir()
    (tmp_path / "run").mkdir()

    with pytest.raises(OSError, match="latest"):
        point_latest_at(tmp_path / "run")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest", "run"]


def test_reports_that_cannot_be_written_are_a_usage_error(project):
    project.checks(project.check("1.1-server-answers"))
    (project.pytester.path / "a-file").touch()

    ran = project.run("--reports", "a-file/reports")

    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines(
        ["ERROR: --reports *a-file/reports: Not a directory. Name a folder that *: --reports DIR"]
    )
    assert "INTERNALERROR" not in ran.stdout.str()


def test_a_checkout_that_may_only_be_read_is_checked_without_a_cache(pytester):
    config = Path(__file__).parents[3] / "pyproject.toml"
    filters = tomllib.loads(config.read_text())["tool"]["pytest"]["ini_options"]["filterwarnings"]
    pytester.makeini("[pytest]\nfilterwarnings =\n" + "".join(f"    {line}\n" for line in filters))
    # The cache's path is a file: a read-only folder would not stop root.
    (pytester.path / ".pytest_cache").touch()
    pytester.makepyfile("def test_passes(): pass")

    ran = pytester.runpytest_inprocess("-p", "no:asyncio")

    ran.assert_outcomes(passed=1)


def test_a_run_with_too_few_open_files_is_refused(project, monkeypatch):
    project.checks(project.check("1.1-server-answers"))
    former = resource.getrlimit(resource.RLIMIT_NOFILE)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (32, former[1]))

    ran = project.run()

    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines(["ERROR: this process may open 32 files, * ulimit -n 1024"])


def test_a_run_knows_where_the_services_run(tmp_path):
    cloud = {"livekit": {"url": "wss://project.livekit.cloud"}}
    profile = Profile.model_validate({"kind": "live", "allow": [], **cloud})

    run = RunState.start("live", Loaded(profile, Path("live.yaml")), tmp_path)

    assert (run.run.hosting, make_run(tmp_path).run.hosting) == ("cloud", "self")
