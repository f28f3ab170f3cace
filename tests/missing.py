"""
What to do when a machine lacks what a test needs: tell a developer, fail in CI.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(reason: str) -> NoReturn:
    """
    End the test as BLOCKED, with the reason and the command that installs what is missing.
    """
    if os.environ.get("CI"):
        pytest.fail(f"BLOCKED: {reason}")
    pytest.skip(f"BLOCKED: {reason}")
