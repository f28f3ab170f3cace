"""
Mutants of outbound calls.
"""

from __future__ import annotations

from pydantic import SecretStr

from livekit_conformance.environments.profile import Profile
from tests.mutants.mutant import changed, fault, misfit


def other_account(profile: Profile) -> Profile:
    outbound = profile.sip.outbound.model_copy(
        update={"password": SecretStr("not-the-password-of-the-trunk")}
    )
    return changed("sip", outbound=outbound)(profile)


MUTANTS = (
    fault("outbound_no_sip_service", "1.5-bus-has-a-sip-service"),
    fault("outbound_not_dialled", "1.5-outbound-call-is-answered"),
    fault("outbound_statuses_lost", "1.5-outbound-failure-is-mapped"),
    fault("outbound_other_room", "1.2-outbound-call-uses-the-room"),
    fault("outbound_bye_missing", "1.5-outbound-call-ends-cleanly"),
    fault("outbound_without_max_forwards", "1.5-outbound-sip-messages-are-valid"),
    misfit("outbound_other_account", other_account, "1.5-outbound-call-is-answered"),
)
