"""
Mutants of tokens, grants and the logging of their refusal.
"""

from __future__ import annotations

from pydantic import SecretStr

from tests.mutants.mutant import Mutant, changed, fault, misfit

_JOIN_REFUSALS = tuple(
    f"1.1-join-token-validates[{kind}]"
    for kind in ("no-token", "no-grant", "no-join-grant", "no-room", "no-identity")
)

MUTANTS = (
    fault("no_token_accepted", "1.1-no-token-is-refused", "1.1-join-token-validates[no-token]"),
    fault("malformed_accepted", "1.1-malformed-token-is-refused"),
    fault("any_scheme_accepted", "1.1-header-without-bearer-is-refused"),
    fault(
        # The signature is never verified, whatever its defect.
        "wrong_secret_accepted",
        "1.1-wrong-secret-is-refused",
        "1.1-flipped-signature-is-refused",
        "1.1-altered-claims-is-refused",
    ),
    fault(
        "unknown_key_accepted",
        "1.1-unknown-key-is-refused",
        "1.1-default-credentials-are-refused",
    ),
    fault("expired_accepted", "1.1-expired-token-is-refused"),
    fault("nbf_ignored", "1.1-token-not-yet-valid-is-refused"),
    fault("alg_none_accepted", "1.1-unsigned-token-is-refused"),
    fault("other_algorithm_accepted", "1.1-other-algorithm-is-refused"),
    fault("signature_cut", "1.1-flipped-signature-is-refused"),
    fault("signature_cached", "1.1-altered-claims-is-refused"),
    Mutant(
        "tokens_without_expiry_accepted",
        frozenset({"1.1-token-without-exp-is-refused"}),
        {"accepts_tokens_without_expiry": True},
    ),
    fault("devkey_accepted", "1.1-default-credentials-are-refused"),
    fault(
        "grants_ignored",
        "1.1-missing-grant-is-refused",
        "1.1-missing-room-grant-is-refused",
        "1.1-missing-sip-grant-is-refused",
        "1.1-missing-call-grant-is-refused",
        "1.1-other-room-is-refused",
    ),
    fault("other_room_allowed", "1.1-other-room-is-refused"),
    fault(
        "validate_accepts_everything",
        *_JOIN_REFUSALS,
    ),
    fault("websocket_refused", "1.1-participant-joins"),
    fault("refusals_not_logged", "1.4-refused-token-is-logged"),
    fault("expiry_not_logged", "1.4-refused-token-is-logged[expired-token]"),
    fault(
        "refusals_unexplained",
        "1.4-client-errors-are-detailed[authentication]",
        *_JOIN_REFUSALS,
    ),
    misfit(
        "other_secret_in_profile",
        changed("livekit", api_secret=SecretStr("another-secret-than-the-deployment-has")),
        "1.1-key-is-accepted",
    ),
)
