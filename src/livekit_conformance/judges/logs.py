"""
Codes of what is wrong with the logs of the services.
"""

from __future__ import annotations

from typing import Final

from livekit_conformance.findings import Code

# Data of these three: services.
SECRETS_LOGGED: Final = Code("log.holds-secrets")
TOKENS_LOGGED: Final = Code("log.holds-tokens")
NOT_PARSEABLE: Final = Code("log.not-parseable")
# Data: count, first (a line).
KNOWN_ERROR: Final = Code("log.known-error")
# Nothing is logged about something that was refused or failed. Data: services, about.
NOT_LOGGED: Final = Code("log.line-is-missing")
# livekit-server logs refusals of its methods at level info, and its log has no such lines.
LEVEL_HIDES: Final = Code("log.level-hides-refusals")
