"""
JSON that people can read and that costs little to write.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def entry_a_line(content: Mapping[str, Any]) -> str:
    """
    Return a JSON object with one line per member, and one per entry of a member that is a list.

    The encoder that indents is written in Python and takes ten times as long. A value that JSON
    cannot represent is written as its text.
    """
    members = ",\n".join(f" {_compact(name)}: {_lines(value)}" for name, value in content.items())
    return f"{{\n{members}\n}}\n"


def _lines(value: Any) -> str:
    if isinstance(value, list) and value:
        entries = ",\n".join(f"  {_compact(entry)}" for entry in value)
        return f"[\n{entries}\n ]"
    return _compact(value)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
