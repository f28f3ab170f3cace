"""
Paths of the files that come with the package: suites, fixtures, profiles and pinned Go modules.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_IN_A_WHEEL = Path(__file__).parent / "_packaged"

# A wheel holds the top-level folders of a checkout.
IS_CHECKOUT: Final = not _IN_A_WHEEL.is_dir()
ROOT: Final = Path(__file__).parents[2] if IS_CHECKOUT else _IN_A_WHEEL
CONFIG: Final = ROOT / "config"
STACK: Final = ROOT / "stack"
# Command that builds the programs pinned there.
BUILD_STACK: Final = (
    "make stack" if IS_CHECKOUT else "python -m livekit_conformance.provisioners.local.binaries"
)
