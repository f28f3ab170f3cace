"""
Places of the user's files, profiles in config/ and variables in .env, and names of environments.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

CONFIG: Final = "config"
ENV_FILE: Final = ".env"


def env_file_in(home: Path) -> Path | None:
    """
    Return the env file in `home`, which is read unless another one is named; None without one.
    """
    path = home / ENV_FILE
    return path if path.is_file() else None


def environment_name(name_or_path: str) -> str:
    """
    Return the name of the environment that `--env` names, for ids and reports.
    """
    return re.sub(r"[^\w-]+", "-", Path(name_or_path).stem)
