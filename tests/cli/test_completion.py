"""
Shell completion: the suggestions of a shell that has loaded the printed script.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from livekit_conformance.cli.main import main

# Completes the last of its arguments.
ASK = """\
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"
_shtab_livekit_conformance
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    done = subprocess.run(
        [sys.executable, "-m", "livekit_conformance.cli", "completion", "bash"],
        capture_output=True,
        text=True,
        check=True,
    )
    path = tmp_path_factory.mktemp("completion") / "livekit-conformance"
    path.write_text(done.stdout)
    return path


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["do"], {"doctor"}),
        (["co"], {"config", "compare", "completion"}),
        (["config", ""], {"check", "fix"}),
        (["doctor", "--env"], {"--env", "--env-file"}),
        (["report", "--lang", ""], {"en", "ru"}),
        (["completion", ""], {"bash", "zsh", "tcsh"}),
    ],
)
def test_bash_completes_commands_options_and_values(script, words, offered):
    done = subprocess.run(
        ["bash", "-euc", ASK, "bash", script, "livekit-conformance", *words],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    assert set(done.stdout.split()) == offered


@pytest.mark.parametrize(
    ("shell", "beginning"), [("zsh", "#compdef livekit-conformance\n"), ("tcsh", "#")]
)
def test_other_shells_have_scripts_of_their_own(capsys, shell, beginning):
    assert main(["completion", shell]) == 0

    script = capsys.readouterr().out
    assert script.startswith(beginning)
    assert all(command in script for command in ("run", "doctor", "explain"))


def test_an_unknown_shell_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["completion", "fish"])

    assert ended.value.code == 4
    assert "bash" in capsys.readouterr().err


def test_no_other_command_imports_it():
    program = "import sys; from livekit_conformance.cli.main import main; main(['list'])"

    done = subprocess.run(
        [sys.executable, "-c", f"{program}; sys.exit('shtab' in sys.modules)"],
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0
