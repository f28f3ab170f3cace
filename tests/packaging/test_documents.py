"""
The documents beside the README match the tree.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PACKAGE = CHECKOUT / "src" / "livekit_conformance"


def quoted(name):
    return re.findall(r"`([^`]+)`", (CHECKOUT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "SECURITY.md"])
def test_every_path_is_there(name):
    paths = [
        word for word in quoted(name) if re.fullmatch(r"[a-zA-Z][\w.-]*/[\w./-]*|\w+\.py", word)
    ]
    gone = [path for path in paths if not any((top / path).exists() for top in (CHECKOUT, PACKAGE))]

    assert gone == []


def test_every_target_of_make_is_there():
    targets = set(re.findall(r"^([\w-]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    named = {word.split()[1] for word in quoted("CONTRIBUTING.md") if word.startswith("make ")}

    assert named
    assert named - targets == set()
