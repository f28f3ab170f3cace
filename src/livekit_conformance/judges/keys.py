"""
Judge whether the keys that a caller presses (DTMF) reach the agent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from livekit_conformance.findings import Code, Finding
from livekit_conformance.protocol.sip.sdp import TELEPHONE_EVENT, Description

# The answer takes no keys, which the caller offered. Data: codecs (of the answer).
KEYS_REFUSED: Final = Code("call.keys-are-refused")
# Data: pressed and arrived, each as text.
KEYS_LOST: Final = Code("call.keys-are-lost")


def judge_keys(answer: Description, pressed: str, arrived: str | None) -> Iterator[Finding]:
    """
    Yield what is wrong with keys; `arrived` is None where nobody listened for them.
    """
    if answer.payload_type(TELEPHONE_EVENT) is None:
        codecs = ", ".join(codec.name for codec in answer.codecs)
        seen = f"the answer has {codecs}, and no telephone-event for the keys of the caller"
        yield Finding(KEYS_REFUSED, seen, level="SHOULD", data={"codecs": codecs})
    elif arrived is not None and arrived != pressed:
        seen = f"the caller pressed {pressed}, and the agent received {arrived or 'nothing'}"
        data = {"pressed": pressed, "arrived": arrived}
        yield Finding(KEYS_LOST, seen, level="SHOULD", data=data)
