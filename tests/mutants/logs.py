"""
Mutants of the log contents.
"""

from __future__ import annotations

from tests.mutants.mutant import Mutant, fault

MUTANTS = (
    fault("logs_garbled", "1.4-logs-are-parseable"),
    fault("secret_logged", "1.4-logs-hold-no-secrets"),
    Mutant(
        "repeats_refused_tokens",
        frozenset({"1.4-logs-hold-no-tokens"}),
        {"repeats_refused_tokens": True},
    ),
)
