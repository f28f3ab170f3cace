"""
What is wrong with variables and configuration files.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import Cause, Sign
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text

_NOT_SANE = Sign("check", {"id": re.compile(r"^1\.1-variables-are-sane"), "verdict": "FAIL"})

CAUSES: tuple[Cause, ...] = (
    Cause(
        "variable-holds-something-else",
        Link.CONFIGURATION,
        Text(en="A variable does not hold the value that it is named after", ru=""),
        Text(
            en=(
                "The profile is filled from the environment or .env, and what stands there "
                "cannot be meant: quotes that became part of the value, a placeholder, or "
                "another variable's value."
            ),
            ru="",
        ),
        Text(
            en=(
                "Set the variable again, without quotes and blanks; the check names it and what "
                "is odd."
            ),
            ru="",
        ),
        shows=(_NOT_SANE,),
        proofs=(_NOT_SANE,),
        source="environments/sanity.py",
    ),
    Cause(
        "service-files-disagree",
        Link.CONFIGURATION,
        Text(en="livekit.yaml and livekit-sip.yaml do not fit together", ru=""),
        Text(
            en=(
                "A key that does not exist, a value of the wrong type, or two settings that "
                "contradict each other: livekit-sip ignores unknown keys without a word, "
                "livekit-server does not start with them."
            ),
            ru="",
        ),
        Text(
            en=(
                "Correct what the check lists, with file, line and column, and restart both "
                "services."
            ),
            ru="",
        ),
        shows=(Sign("check", {"id": "1.5-configs-agree", "verdict": "FAIL"}),),
        source="livekit/sip pkg/config/config.go; livekit pkg/config/config.go",
    ),
)
