"""
What the scenarios share: the real services, and a stack of them for each.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from livekit_conformance.errors import Blocked
from livekit_conformance.provisioners.local.binaries import REDIS, SERVER, SIP, find
from tests.missing import missing
from tests.scenarios import stage


@pytest.fixture(scope="session")
def real_services() -> None:
    """
    The real services are there. Where they are not, a developer is told; CI fails.
    """
    try:
        for program in (REDIS, SERVER, SIP):
            find(program, os.environ)
    except Blocked as blocked:
        missing(str(blocked))


@pytest.fixture
def scene(real_services: None, tmp_path: Path) -> Callable[..., Any]:
    """
    A factory of scenes; its arguments are the overrides of the services' configurations.
    """
    return partial(stage.scene, tmp_path)
