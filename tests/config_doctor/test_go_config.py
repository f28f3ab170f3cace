"""
The key tables equal those derived from the services' sources in the pinned versions.
"""

from __future__ import annotations

import pytest

from livekit_conformance.config_doctor import services
from livekit_conformance.provisioners.local.binaries import SERVER, SIP
from tests.config_doctor import go_config
from tests.require import missing


@pytest.fixture(params=[SERVER, SIP], ids=lambda program: program.name)
def program(request):
    return request.param


@pytest.fixture
def derived(program):
    try:
        return go_config.file(program)
    except go_config.NoSources as reason:
        missing(f"{reason}. Fetch it: make sources")


def test_the_table_of_a_service_is_the_one_that_its_sources_say(program, derived):
    written = (go_config.KEYS / f"{program.name}.yaml").read_text()

    # If they differ: python -m tests.config_doctor.go_config
    assert written == derived


def test_the_table_says_which_version_it_is_for(program):
    first = (go_config.KEYS / f"{program.name}.yaml").read_text().splitlines()[0]

    assert f"{program.name} {program.versions[0]} " in first


def test_the_linter_uses_the_table(program, derived):
    (service,) = [each for each in services.BOTH if each.name == program.name]

    assert service.keys == go_config.table(program)
