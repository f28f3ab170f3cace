"""
The recipes as files: each is valid for its system, and has every required part.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from livekit_conformance import __version__
from tests.recipes import jenkinsfile
from tests.recipes.recipes import (
    CHECKS,
    DOCKERFILE,
    FOLDER,
    GITLAB,
    SECRETS,
    TARGETS,
    VARIABLES,
    all_recipes,
    github_job,
    github_path,
    gitlab_job,
    jenkins_path,
    job_spec,
    objects,
)

BIN = Path(sys.executable).parent
KUBERNETES = Draft202012Validator(
    json.loads(Path(__file__).with_name("kubernetes.schema.json").read_text())
)
each_check = pytest.mark.parametrize("kind", CHECKS)


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


# -- the form ---------------------------------------------------------------------------------


def check_schema(schema: str, *files: Path) -> subprocess.CompletedProcess[str]:
    return run(BIN / "check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files)


def test_the_workflows_of_github_and_the_pipeline_of_gitlab_fit_their_schemas():
    github = check_schema("github-workflows", *map(github_path, CHECKS))
    gitlab = check_schema("gitlab-ci", GITLAB)

    assert github.returncode == 0, github.stdout
    assert gitlab.returncode == 0, gitlab.stdout


@pytest.mark.parametrize(
    ("schema", "source", "right", "wrong"),
    [
        ("github-workflows", github_path("nightly"), "runs-on:", "runs_on:"),
        ("gitlab-ci", GITLAB, "resource_group:", "resource-group:"),
    ],
    ids=["github", "gitlab"],
)
def test_the_schemas_notice_a_misspelt_key(tmp_path, schema, source, right, wrong):
    path = tmp_path / source.name
    path.write_text(source.read_text().replace(right, wrong))

    assert check_schema(schema, path).returncode == 1


@each_check
def test_the_objects_of_kubernetes_fit_our_schema(kind):
    for content in objects(kind):
        assert list(KUBERNETES.iter_errors(content)) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("backoffLimit", "backofLimit"),
        ("activeDeadlineSeconds: 900", "activeDeadlineSeconds: 15m"),
        (f"image: livekit-conformance:{__version__}", "image: livekit-conformance"),
    ],
    ids=["key", "type", "tag"],
)
def test_our_schema_notices_what_kubernetes_refuses_or_we_do(right, wrong):
    text = (FOLDER / "kubernetes" / "nightly.yaml").read_text()
    assert right in text

    errors = [
        error
        for content in yaml.safe_load_all(text.replace(right, wrong))
        for error in KUBERNETES.iter_errors(content)
    ]

    assert errors


@each_check
def test_a_jenkinsfile_has_the_sections_of_a_declarative_pipeline(kind):
    pipeline = jenkinsfile.parse(jenkins_path(kind).read_text())

    names = [block.name for block in pipeline.blocks]
    assert set(names) <= {"agent", "triggers", "options", "environment", "stages", "post"}
    assert len(set(names)) == len(names)
    for stage in pipeline["stages"].blocks:
        assert stage.name == "stage"
        assert stage["steps"].tokens
    # `cleanup` comes after `always`, and runs also when a step of that fails.
    assert [block.name for block in pipeline["post"].blocks] == ["always", "cleanup"]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("post {", "post "), ("'linux'", "'linux"), ("disableConcurrentBuilds()", "disable(")],
    ids=["block", "text", "bracket"],
)
def test_a_broken_jenkinsfile_is_noticed(right, wrong):
    text = jenkins_path("nightly").read_text()
    assert right in text

    with pytest.raises(jenkinsfile.BrokenJenkinsfile):
        jenkinsfile.parse(text.replace(right, wrong, 1))


def test_the_shell_script_is_without_findings():
    parsed = run("bash", "-n", FOLDER / "check.sh")
    linted = run(BIN / "shellcheck", FOLDER / "check.sh")

    assert parsed.returncode == 0, parsed.stderr
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize("recipe", all_recipes(), ids=str)
def test_the_steps_of_a_recipe_do_nothing_but_call_the_script(recipe):
    call = rf"(exec )?recipes/check\.sh {recipe.kind}"
    finish = rf"(exec )?recipes/check\.sh finish {recipe.kind}"

    assert re.fullmatch(call, recipe.check)
    assert all(re.fullmatch(finish, step) for step in recipe.always)
    assert recipe.always or recipe.system == "kubernetes"


# -- what each must have ----------------------------------------------------------------------


@each_check
def test_github_takes_the_variables_from_its_store(kind):
    job = github_job(kind)

    store = {name: job["env"][name] for name in VARIABLES}
    assert store == {
        name: f"${{{{ {'secrets' if name in SECRETS else 'vars'}.{name} }}}}" for name in VARIABLES
    }
    assert job["environment"] == TARGETS[kind]


@each_check
def test_jenkins_takes_the_variables_from_its_store(kind):
    settings = jenkinsfile.parse(jenkins_path(kind).read_text())["environment"].settings()

    assert settings.keys() == VARIABLES
    target = TARGETS[kind]
    assert all(
        re.fullmatch(rf"credentials\('livekit-{target}-[a-z-]+'\)", value)
        for value in settings.values()
    )
    assert len(set(settings.values())) == len(VARIABLES)


@each_check
def test_gitlab_and_kubernetes_take_the_variables_of_one_target_from_their_stores(kind):
    job = gitlab_job(kind)
    (container,) = job_spec(kind)["template"]["spec"]["containers"]

    assert job["environment"] == {"name": TARGETS[kind], "action": "verify"}
    assert VARIABLES.isdisjoint(job["variables"])
    name = f"livekit-conformance-{TARGETS[kind]}"
    assert container["envFrom"] == [{"secretRef": {"name": name}}]
    assert VARIABLES.isdisjoint(pair["name"] for pair in container["env"])


@each_check
def test_one_run_at_a_time_for_a_deployment(kind):
    name = f"livekit-conformance-{TARGETS[kind]}"
    workflow = yaml.safe_load(github_path(kind).read_text())
    job = objects(kind)[-1]
    options = jenkinsfile.parse(jenkins_path(kind).read_text())["options"]

    assert workflow["concurrency"] == {"group": name, "cancel-in-progress": False}
    assert gitlab_job(kind)["resource_group"] == name
    assert "disableConcurrentBuilds" in options.tokens
    # Only one job of a given name can exist.
    assert job["kind"] == "Job" or job["spec"]["concurrencyPolicy"] == "Forbid"


@each_check
def test_the_time_is_limited_and_leaves_room_for_the_last_step(kind):
    github = github_job(kind)
    limits = [step["timeout-minutes"] for step in github["steps"] if "run" in step]
    gitlab = gitlab_job(kind)
    own = gitlab["variables"]
    pipeline = jenkinsfile.parse(jenkins_path(kind).read_text())
    (stage,) = [block for block in pipeline["stages"].blocks if "Check" in block.argument]
    pods = job_spec(kind)

    assert sum(limits) < github["timeout-minutes"]
    assert minutes(own["RUNNER_SCRIPT_TIMEOUT"]) + minutes(
        own["RUNNER_AFTER_SCRIPT_TIMEOUT"]
    ) < minutes(gitlab["timeout"])
    assert timeout(stage["options"]) < timeout(pipeline["options"])
    assert pods["activeDeadlineSeconds"] <= 900
    assert pods["template"]["spec"]["terminationGracePeriodSeconds"] >= 30
    assert pods["backoffLimit"] == 0


@each_check
def test_reports_are_kept_and_the_history_is_carried_over(kind):
    always = [step for step in github_job(kind)["steps"] if "always()" in step.get("if", "")]
    gitlab = gitlab_job(kind)
    cleanup = "".join(jenkinsfile.parse(jenkins_path(kind).read_text())["post"]["cleanup"].tokens)
    brings_back = jenkinsfile.parse(jenkins_path(kind).read_text())["stages"].blocks[0].tokens
    pod = job_spec(kind)["template"]["spec"]
    restore, save = (
        step["with"] for step in github_job(kind)["steps"] if "cache" in step.get("uses", "")
    )

    assert [step["with"]["path"] for step in always if "uses" in step] == [
        "job-reports/",
        "reports",
    ]
    assert (restore["path"], restore["key"]) == (save["path"], save["key"])
    assert save["key"].startswith(restore["restore-keys"])
    assert "job-reports/" in gitlab["artifacts"]["paths"]
    assert gitlab["artifacts"]["when"] == gitlab["cache"]["when"] == "always"
    assert gitlab["cache"]["paths"] == ["reports/"]
    assert gitlab["cache"]["key"] == f"livekit-conformance-{TARGETS[kind]}"
    assert gitlab["artifacts"]["reports"]["junit"] == "job-reports/junit.xml"
    assert "junit(testResults:'job-reports/junit.xml'" in cleanup
    assert "archiveArtifacts(artifacts:'job-reports/**, '+'reports/*/results.json" in cleanup
    assert "copyArtifacts" in brings_back
    assert {volume["name"]: volume for volume in pod["volumes"]}["data"] == {
        "name": "data",
        "persistentVolumeClaim": {"claimName": objects(kind)[0]["metadata"]["name"]},
    }
    (mount,) = [m for m in pod["containers"][0]["volumeMounts"] if m["name"] == "data"]
    environ = {pair["name"]: pair["value"] for pair in pod["containers"][0]["env"]}
    assert set(environ) == {"LIVEKIT_CONFORMANCE_REPORTS", "LIVEKIT_CONFORMANCE_JOB_REPORTS"}
    assert all(value.startswith(f"{mount['mountPath']}/") for value in environ.values())


@each_check
def test_a_workflow_may_only_read_and_its_actions_are_pinned_by_commit(kind):
    text = github_path(kind).read_text()

    assert yaml.safe_load(text)["permissions"] == {"contents": "read"}
    used = re.findall(r"uses: (.*)", text)
    assert len(used) == 5
    assert all(re.fullmatch(r"actions/[a-z/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", u) for u in used)


@each_check
def test_a_pod_has_no_rights(kind):
    pod = job_spec(kind)["template"]["spec"]
    (container,) = pod["containers"]

    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert f"USER {pod['securityContext']['runAsUser']}:" in DOCKERFILE.read_text()


def test_what_the_image_copies_is_in_the_checkout():
    sources = [
        source
        for line in re.findall(r"^COPY (.*)$", DOCKERFILE.read_text(), re.MULTILINE)
        for source in line.split()[:-1]
    ]

    assert {"suites", "fixtures", "config", "src", "conftest.py"} <= set(sources)
    assert [source for source in sources if not (FOLDER.parent / source).exists()] == []
    # No file that may contain a secret or a report is included.
    assert "." not in sources
    ignored = (FOLDER.parent / ".dockerignore").read_text().splitlines()
    assert {line[1:] for line in ignored if line.startswith("!")} == set(sources)


def test_the_image_has_the_version_of_the_package():
    texts = [DOCKERFILE, *(FOLDER / "kubernetes").glob("*.yaml")]
    tags = {tag for path in texts for tag in re.findall(r"conformance:(\d\S*)", path.read_text())}

    assert tags == {__version__}


def minutes(text: str) -> int:
    return int(text.removesuffix("m"))


def timeout(options: jenkinsfile.Block) -> int:
    found = re.search(r"timeout\(time:(\d+),unit:'MINUTES'\)", "".join(options.tokens))
    assert found is not None
    return int(found[1])
