"""
Inbound calls.
"""

from __future__ import annotations

from pydantic import SecretStr

from tests.mutants.mutant import changed, fault, misfit

MUTANTS = (
    fault("leave_not_told", "1.3-call-events-arrive-in-order"),
    fault("sip_silent", "1.5-sip-answers-options"),
    fault("bus_down", "1.5-bus-has-a-server", "1.5-invite-is-not-rejected", "1.5-logs-are-clean"),
    fault("trunk_accepts_any_password", "1.1-trunk-refuses-wrong-password"),
    fault(
        "sip_wrong_secret",
        "1.1-sip-service-joins-the-server",
        "1.5-invite-is-not-rejected",
        "1.5-logs-are-clean",
        # livekit-sip logs the token that was refused, as the real one does.
        "1.4-logs-hold-no-tokens",
    ),
    fault("agent_silent", "1.5-call-is-answered"),
    fault("no_echo", "1.5-audio-flows-both-ways"),
    fault("bye_unanswered", "1.5-call-ends-cleanly", "1.3-call-events-arrive-in-order"),
    misfit(
        "wrong_trunk_password",
        changed("sip", password=SecretStr("not-the-password-of-the-trunk")),
        "1.1-trunk-accepts-right-password",
        "1.5-invite-is-not-rejected",
    ),
)
