"""
CI build that a run belongs to, for the links in reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# Variables of each system, recognised by the variable that only it sets. The address of a run on
# GitHub is put together from three variables.
_SYSTEMS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "github": {
            "is": "GITHUB_ACTIONS",
            "name": "GITHUB_WORKFLOW",
            "number": "GITHUB_RUN_NUMBER",
            "id": "GITHUB_RUN_ID",
            "commit": "GITHUB_SHA",
            "branch": "GITHUB_REF_NAME",
        },
        "gitlab": {
            "is": "GITLAB_CI",
            "name": "CI_JOB_NAME",
            "number": "CI_PIPELINE_IID",
            "id": "CI_JOB_ID",
            "url": "CI_JOB_URL",
            "commit": "CI_COMMIT_SHA",
            "branch": "CI_COMMIT_REF_NAME",
        },
        "jenkins": {
            "is": "JENKINS_URL",
            "name": "JOB_NAME",
            "number": "BUILD_NUMBER",
            "id": "BUILD_TAG",
            "url": "BUILD_URL",
            "commit": "GIT_COMMIT",
            "branch": "GIT_BRANCH",
        },
    }
)


def build_of(environ: Mapping[str, str]) -> dict[str, str]:
    """
    Return `system`, `name`, `number`, `id`, `url`, `commit` and `branch`, as far as they are set.

    The result is empty outside of CI.
    """
    for system, names in _SYSTEMS.items():
        if environ.get(names["is"]):
            found = {key: environ.get(name, "") for key, name in names.items() if key != "is"}
            if system == "github" and found["id"]:
                server = environ.get("GITHUB_SERVER_URL", "https://github.com")
                repository = environ.get("GITHUB_REPOSITORY", "")
                found["url"] = f"{server}/{repository}/actions/runs/{found['id']}"
            return {"system": system} | {key: value for key, value in found.items() if value}
    return {}
