"""
results.json: the result file for other programs, with a JSON Schema in `reporting/`.
"""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

from livekit_conformance.reporting.result.json_text import entry_a_line
from livekit_conformance.reporting.result.model import Result
from livekit_conformance.reporting.result.whole_files import write_whole


def write(result: Result, path: Path) -> None:
    """
    Write the result file.
    """
    write_whole(path, entry_a_line(result.as_json()))


def schema() -> dict[str, Any]:
    """
    Return the JSON Schema of the result file.
    """
    file = resources.files("livekit_conformance.reporting") / "results.schema.json"
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content
