"""
The recipes as data: the shell steps of a CI system, their conditions, and their variables.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from tests.recipes import jenkinsfile

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "recipes"
DOCKERFILE = ROOT / "Dockerfile"
GITLAB = FOLDER / "gitlab" / "livekit-conformance.gitlab-ci.yml"

Check = Literal["nightly", "release"]
CHECKS: tuple[Check, ...] = ("nightly", "release")
TARGETS = {"nightly": "staging", "release": "prod"}
SECRETS = {"LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "SIP_USERNAME", "SIP_PASSWORD", "SIP_NUMBER"}
VARIABLES = SECRETS | {"LIVEKIT_URL", "SIP_SERVER", "DOMAIN", "PORT"}


@dataclass(frozen=True, slots=True)
class Recipe:
    """
    Shell scripts of a check: `check`, then `always`; `environ` has the variables that the file sets
    besides the nine.
    """

    system: str
    kind: Check
    path: Path
    check: str
    always: tuple[str, ...] = ()
    environ: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.system}-{self.kind}"


def all_recipes() -> tuple[Recipe, ...]:
    """
    Return each check of each system.
    """
    return tuple(
        read(kind) for kind in CHECKS for read in (_of_github, _of_gitlab, _of_jenkins, _of_pods)
    )


def github_path(kind: Check) -> Path:
    """
    Return the path of a check's workflow.
    """
    return FOLDER / "github" / f"{kind}.yml"


def jenkins_path(kind: Check) -> Path:
    """
    Return the path of a check's Jenkinsfile.
    """
    return FOLDER / "jenkins" / f"Jenkinsfile.{kind}"


def objects(kind: Check) -> list[dict[str, Any]]:
    """
    Return the Kubernetes objects of a check.
    """
    return list(yaml.safe_load_all((FOLDER / "kubernetes" / f"{kind}.yaml").read_text()))


def job_spec(kind: Check) -> dict[str, Any]:
    """
    Return the spec of the job, whether in a CronJob or by itself.
    """
    spec: dict[str, Any] = objects(kind)[-1]["spec"]
    if "jobTemplate" in spec:
        spec = spec["jobTemplate"]["spec"]
    return spec


def github_job(kind: Check) -> dict[str, Any]:
    """
    Return the only job of a workflow.
    """
    jobs: dict[str, dict[str, Any]] = yaml.safe_load(github_path(kind).read_text())["jobs"]
    (job,) = jobs.values()
    return job


def gitlab_job(kind: Check) -> dict[str, Any]:
    """
    Return a job merged with the one it extends.
    """
    content: dict[str, dict[str, Any]] = yaml.safe_load(GITLAB.read_text())
    job = content[f"livekit-conformance-{kind}"]
    return content[job["extends"]] | job


def _of_github(kind: Check) -> Recipe:
    job = github_job(kind)
    steps = [step for step in job["steps"] if "run" in step]
    check, *always = steps
    assert "if" not in check
    assert all(step["if"].startswith("always()") for step in always)
    own = {name: value for name, value in job["env"].items() if name not in VARIABLES}
    return Recipe(
        "github",
        kind,
        github_path(kind),
        check["run"],
        tuple(step["run"] for step in always),
        tuple(own.items()),
    )


def _of_gitlab(kind: Check) -> Recipe:
    job = gitlab_job(kind)
    return Recipe(
        "gitlab",
        kind,
        GITLAB,
        job["script"],
        ("\n".join(job["after_script"]),),
        tuple(job["variables"].items()),
    )


def _of_jenkins(kind: Check) -> Recipe:
    pipeline = jenkinsfile.parse(jenkins_path(kind).read_text())
    (check,) = pipeline["stages"].shell
    return Recipe(
        "jenkins", kind, jenkins_path(kind), check, tuple(pipeline["post"]["always"].shell)
    )


def _of_pods(kind: Check) -> Recipe:
    (container,) = job_spec(kind)["template"]["spec"]["containers"]
    # The checkout is in /suite in the image, and in the current folder in our tests.
    words: list[str] = [*container["command"], *container["args"]]
    program, *arguments = words
    command = [str(Path(program).relative_to("/suite")), *arguments]
    path = FOLDER / "kubernetes" / f"{kind}.yaml"
    return Recipe("kubernetes", kind, path, f"exec {shlex.join(command)}")


def documented_commands() -> Iterator[tuple[str, list[str]]]:
    """
    Yield the occasion and arguments of each pytest: table "when | command" of docs/reports.md.
    """
    for line in (ROOT / "docs" / "reports.md").read_text().splitlines():
        if found := re.match(r"\| ([^|]+) \| `pytest ([^`|]+)`", line):
            yield found[1], shlex.split(found[2])
