"""
Where the drivers under test record what they see.
"""

import pytest

from livekit_conformance.observations import Recorder
from livekit_conformance.redaction import Redactor
from tests.drivers.sip_server import ACCOUNT


@pytest.fixture
def recorder() -> Recorder:
    return Recorder(Redactor([ACCOUNT.password]))
