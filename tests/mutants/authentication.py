"""
Tokens, grants and how their refusal is logged.
"""

from __future__ import annotations

from pydantic import SecretStr

from tests.mutants.mutant import changed, fault, misfit

MUTANTS = (
    fault("wrong_secret_accepted", "1.1-wrong-secret-is-refused"),
    fault("unknown_key_accepted", "1.1-unknown-key-is-refused"),
    fault("expired_accepted", "1.1-expired-token-is-refused"),
    fault("refusals_not_logged", "1.4-refused-token-is-logged"),
    misfit(
        "other_secret_in_profile",
        changed("livekit", api_secret=SecretStr("another-secret-than-the-deployment-has")),
        "1.1-key-is-accepted",
    ),
)
