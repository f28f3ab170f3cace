"""
Runs of `config fix` that start at the same moment: `python -m tests.config_fixer.at_once N FILE`.

Each is a separate process. Prints the exit status and the output of each.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from tests.config_fixer.command_line import run_fix


def main(number: int, file: Path) -> None:
    gate, starter = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        outputs = [Path(folder, str(n)) for n in range(number)]
        children = [_waiting(gate, starter, file, output) for output in outputs]
        # All of them read from the pipe until it is closed: they start together.
        os.close(starter)
        ended = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        runs = [
            {"status": status, "told": output.read_text()}
            for status, output in zip(ended, outputs, strict=True)
        ]
    sys.stdout.write(json.dumps(runs))


def _waiting(gate: int, starter: int, file: Path, output: Path) -> int:
    child = os.fork()
    if child:
        return child
    os.close(starter)
    sys.stdout = output.open("w")
    os.read(gate, 1)
    status = run_fix(file)
    sys.stdout.flush()
    os._exit(status)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
