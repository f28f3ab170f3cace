"""
Mends livekit.yaml and livekit-sip.yaml: only what has an effect, and no byte beside it.

Text is changed by splices of the original, never by writing YAML anew. Every change is tried on the
doctor (`config_doctor`) first: it must find less than before, and nothing new.
"""

from livekit_conformance.config_fixer.fixing import Fixed, Left, fix
from livekit_conformance.config_fixer.target import FileRefused

__all__ = ["FileRefused", "Fixed", "Left", "fix"]
