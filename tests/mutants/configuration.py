"""
Configuration, environment and connectivity.
"""

from __future__ import annotations

from tests.mutants.mutant import fault

MUTANTS = (
    fault("http_silent", "1.1-server-answers"),
    fault("not_ready", "1.1-server-answers"),
)
