"""
A deployment to examine: the mock with a profile of kind live, healthy unless configured otherwise.
"""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from livekit_conformance.doctor.examination import examine
from livekit_conformance.doctor.findings import LinkFinding, LinkMark
from livekit_conformance.environments.profile import DeploymentFiles, Outbound, Profile
from livekit_conformance.environments.variables import LeftOut
from livekit_conformance.mock import Faults, Mock, MockConfig
from livekit_conformance.observations import Recorder
from livekit_conformance.provisioners.deployment import fill_mock
from livekit_conformance.provisioners.local.stack import KeyPair
from livekit_conformance.secrets.scrubber import Scrubber
from tests.russian import english_in

_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


@pytest.fixture
def deployment(tmp_path: Path) -> Callable[..., Any]:
    """
    Return a factory of running mocks, each with its profile; keywords are its faults.
    """

    @asynccontextmanager
    async def make(**faults: bool) -> AsyncIterator[tuple[Mock, Profile]]:
        keys = KeyPair()
        with socket.create_server(("127.0.0.1", 0)) as endpoint:
            url = f"http://127.0.0.1:{endpoint.getsockname()[1]}/webhooks/livekit"
            config = MockConfig(
                keys.key, keys.secret, tmp_path, webhook_url=None, faults=Faults(**faults)
            )
            async with Mock(config) as mock:
                filled = await fill_mock(
                    Profile.model_validate({"kind": "mock", "allow": ["read"]}),
                    mock,
                    keys,
                    url,
                    Recorder(Scrubber()),
                    outbound_listen="127.0.0.1:9",
                )
                yield (
                    mock,
                    filled.model_copy(
                        update={
                            "kind": "live",
                            "webhook": filled.webhook.model_copy(update={"listen": None}),
                            "sip": filled.sip.model_copy(update={"outbound": Outbound()}),
                        }
                    ),
                )

    return make


async def look(
    profile: Profile, *, whole: float = 9.0, left_out: Mapping[str, LeftOut] | None = None
) -> list[LinkFinding]:
    """
    Return the findings of the doctor, each checked to be complete.
    """
    recorder = Recorder(Scrubber(profile.secrets()))
    found = await examine(profile, recorder, environ={}, whole=whole, left_out=left_out or {})
    return complete(found)


def complete(findings: Iterable[LinkFinding]) -> list[LinkFinding]:
    """
    Return the findings after asserting that each has its texts in both languages.
    """
    findings = list(findings)
    for finding in findings:
        assert finding.text.en and finding.text.ru
        assert english_in(finding.text.ru) == []
        wrong = finding.mark in {LinkMark.WARNING, LinkMark.PROBLEM}
        assert not wrong or finding.remedy is not None, finding.text.en
        if finding.remedy is not None:
            assert finding.remedy.en and finding.remedy.ru
            assert english_in(finding.remedy.ru) == []
    return findings


def wrong(findings: Iterable[LinkFinding]) -> list[LinkFinding]:
    return [f for f in findings if f.mark in {LinkMark.WARNING, LinkMark.PROBLEM}]


def the_problem(findings: Iterable[LinkFinding]) -> LinkFinding:
    """
    Return the only finding that is wrong, which must be a problem.
    """
    (found,) = wrong(findings)
    assert found.mark is LinkMark.PROBLEM
    assert _CYRILLIC.search(found.text.ru), found.text.ru
    assert found.remedy is not None and _CYRILLIC.search(found.remedy.ru)
    return found


def changed(profile: Profile, section: str, **values: Any) -> Profile:
    """
    Return the profile with other values in one section.
    """
    return profile.model_copy(update={section: getattr(profile, section).model_copy(update=values)})


# A deployment whose profile names no configuration files.
NO_FILES = DeploymentFiles()
