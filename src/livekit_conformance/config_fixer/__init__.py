"""
Repair livekit.yaml and livekit-sip.yaml: change only what has an effect, and no other byte.

Changes are splices of the original text; YAML is never written anew. Every change is first checked
by the doctor (`config_doctor`), which must find less than before and nothing new.
"""

from livekit_conformance.config_fixer.fixing import Fixed, Left, fix
from livekit_conformance.config_fixer.target import FileRefused

__all__ = ["FileRefused", "Fixed", "Left", "fix"]
