"""
Answers of Redis to ACL DRYRUN, as the rule that is missing.
"""

import pytest

from livekit_conformance.drivers.bus.accounts import missing_rule


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        (b"OK", None),
        # Redis 7.0
        (b"This user has no permissions to access the 'IOInfo|a|REQ' channel", "&*"),
        (b"This user has no permissions to access the 'rooms' key", "~*"),
        (b"This user has no permissions to run the 'publish' command", "+publish"),
        # Redis 7.2 and later, Valkey
        ("User voice has no permissions to access the 'rooms' key", "~*"),
        ("User voice has no permissions to run the 'client|setinfo' command", "+client|setinfo"),
    ],
)
def test_a_refusal_names_the_rule_that_would_allow_it(answer, rule):
    assert missing_rule(answer) == rule
