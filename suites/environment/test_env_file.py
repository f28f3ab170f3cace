"""
Access of others to the env file.
"""

import shlex

import pytest

from livekit_conformance.environments.env_file import is_taken_by_git, mode_for_others
from livekit_conformance.errors import not_applicable, violated
from livekit_conformance.judges.preconditions import NO_ENV_FILE
from livekit_conformance.judges.settings import OPEN_TO_OTHERS, TAKEN_BY_GIT
from livekit_conformance.reporting.run.session import RunState


@pytest.mark.clause("1.1-env-file-is-private")
@pytest.mark.parametrize("whom", ["other-accounts", "git"])
def test_an_env_file_is_kept_from_others(run: RunState, whom: str) -> None:
    """
    Only the owner may open the file, and git ignores it.
    """
    if run.loaded.env_file is None or not run.loaded.origins:
        raise not_applicable(NO_ENV_FILE, "the profile reads no variable from an env file")
    file = run.loaded.env_file.path
    path = shlex.quote(str(file))

    if whom == "git" and is_taken_by_git(file):
        seen = (
            f"git tracks {path}, or would with git add: add its name to .gitignore; if git tracks "
            f"it already, run git rm --cached {path} and make new keys"
        )
        raise violated(TAKEN_BY_GIT, seen, path=path)
    if whom != "git" and (mode := mode_for_others(file)):
        seen = f"other accounts can open {path} (mode {mode}): chmod 600 {path}"
        raise violated(OPEN_TO_OTHERS, seen, path=path, mode=mode)
