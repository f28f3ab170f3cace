"""
Read the commands that the documentation asks people to type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
READMES = (README, ROOT / "README.ru.md")
DOCUMENTS = (*READMES, *sorted((ROOT / "docs").glob("*.md")))

_FENCE = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(document: Path) -> Iterator[str]:
    """
    Return the command lines of a document's `sh` blocks in order, continued lines joined.
    """
    for block in _FENCE.findall(document.read_text(encoding="utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            if line:
                yield " ".join(line.split())


def every_command() -> tuple[str, ...]:
    """
    Return each command of all documents once.
    """
    return tuple(dict.fromkeys(line for document in DOCUMENTS for line in commands(document)))
