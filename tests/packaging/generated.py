"""
Files generated from the profile's model; `make generated` writes them.
"""

from __future__ import annotations

import json
from pathlib import Path

from livekit_conformance.environments.profile_schema import profile_schema
from livekit_conformance.init.choice import choose
from livekit_conformance.init.writing import env_example_text

CHECKOUT = Path(__file__).parents[2]


def texts():
    """
    Return the text of each generated file.
    """
    schema = json.dumps(profile_schema(), indent=2, ensure_ascii=False)
    return {
        CHECKOUT / "config" / "profile.schema.json": f"{schema}\n",
        CHECKOUT / ".env.example": env_example_text(choose([])),
    }


if __name__ == "__main__":
    for path, text in texts().items():
        path.write_text(text, encoding="utf-8")
