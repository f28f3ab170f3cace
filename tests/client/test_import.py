"""
The import of the client loads nothing but the client.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import livekit_conformance

_PRINTS_MODULES = "import sys, livekit_conformance.client; print(*sys.modules, sep='\\n')"


def test_no_other_module_asks_or_signs_by_livekit_api():
    package = Path(livekit_conformance.__file__).parent
    users = {
        str(path.relative_to(package)): name
        for path in package.rglob("*.py")
        for name in ("LiveKitAPI(", "AccessToken(")
        if name in path.read_text(encoding="utf-8")
    }

    assert users == {"client/client.py": "LiveKitAPI("}


def test_neither_pytest_nor_the_suite_is_imported():
    ran = subprocess.run(
        [sys.executable, "-c", _PRINTS_MODULES], check=True, capture_output=True, text=True
    )

    modules = set(ran.stdout.split())
    ours = {name.split(".")[1] for name in modules if name.startswith("livekit_conformance.")}
    assert ours == {
        "client",
        "environments",
        "errors",
        "findings",
        "lost_requests",
        "protocol",
        "secrets",
        "wording",
    }
    assert not modules & {"pytest", "redis", "allure_commons", "livekit_conformance.catalogue"}
