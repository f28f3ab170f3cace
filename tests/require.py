"""
Missing prerequisites of a test: BLOCKED for a developer, a failure in CI.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from typing import NoReturn

import pytest

from livekit_conformance.errors import Blocked
from livekit_conformance.provisioners.local.prerequisites import Prerequisite

_BLOCKED = "BLOCKED: "


def require(prerequisite: Prerequisite) -> str:
    """
    Return the path of the prerequisite, or end the test as BLOCKED.
    """
    try:
        return prerequisite.find(os.environ)
    except Blocked as blocked:
        missing(str(blocked))


def missing(reason: str) -> NoReturn:
    """
    End the test as BLOCKED, with the reason and the command that installs the prerequisite.
    """
    if os.environ.get("CI"):
        pytest.fail(_BLOCKED + reason)
    pytest.skip(_BLOCKED + reason)


def blocked_tests(skipped: Iterable[pytest.TestReport]) -> Counter[str]:
    """
    Return the number of blocked tests for each reason.
    """
    prefix = f"Skipped: {_BLOCKED}"
    reasons = (report.longrepr[2] for report in skipped if isinstance(report.longrepr, tuple))
    return Counter(reason.removeprefix(prefix) for reason in reasons if reason.startswith(prefix))
