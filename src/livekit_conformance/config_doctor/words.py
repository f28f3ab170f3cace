"""
Words of all findings about configuration files, by code.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from livekit_conformance.config_doctor.common_words import COMMON, COMMON_PARTS
from livekit_conformance.config_doctor.sentences import Sentences
from livekit_conformance.config_doctor.server_words import SERVER_PARTS, SERVER_SENTENCES
from livekit_conformance.config_doctor.sip_words import PAIR_SENTENCES, SIP_SENTENCES
from livekit_conformance.wording import Words

SENTENCES: Mapping[str, Sentences] = MappingProxyType(
    {**COMMON, **SERVER_SENTENCES, **SIP_SENTENCES, **PAIR_SENTENCES}
)
# Parts of sentences that stand among the data of a finding.
PARTS: Words = MappingProxyType({**COMMON_PARTS, **SERVER_PARTS})
