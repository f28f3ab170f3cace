"""
Configuration files of the services: they agree with the profile and with each other.
"""

from collections.abc import Iterable
from pathlib import Path

import pytest

from livekit_conformance import run_clock
from livekit_conformance.config_doctor import (
    ConfigFinding,
    check,
    check_endpoint,
    check_server,
    read_server,
)
from livekit_conformance.config_doctor.judge import judge_keys, level_of, link_of
from livekit_conformance.diagnosis.chain_state import Chain
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import blocked, require
from livekit_conformance.findings import Finding
from livekit_conformance.judges.preconditions import FILE_UNREADABLE
from livekit_conformance.judges.settings import SHOW_KEYS
from livekit_conformance.observations import ConfigProblem, Recorder


@pytest.mark.clause("1.3-server-config-names-the-endpoint")
async def test_the_server_config_names_the_endpoint(
    profile: Profile, recorder: Recorder, seen_so_far: Chain
) -> None:
    """
    webhook.urls holds the endpoint's URL, and webhook.api_key is a key that the server has.
    """
    text = text_of(profile.deployment.livekit_server_config)
    server = read_server(text)

    findings = [
        *check_endpoint(server, profile.webhook.url),
        *(finding for finding in check_server(text) if finding.key == "webhook.api_key"),
    ]
    violations = _judged(findings, seen_so_far, recorder)
    require(violations or judge_keys(server), otherwise=SHOW_KEYS.en)


@pytest.mark.clause("1.5-configs-agree")
async def test_the_configs_of_both_services_agree(
    profile: Profile, recorder: Recorder, seen_so_far: Chain
) -> None:
    """
    Same Redis, a known key pair, the right port, no overlap, and only keys that exist.
    """
    files = profile.deployment

    findings = check(text_of(files.livekit_server_config), text_of(files.livekit_sip_config))

    require(_judged(findings, seen_so_far, recorder))


def _judged(findings: Iterable[ConfigFinding], seen: Chain, recorder: Recorder) -> list[Finding]:
    """
    Record the findings, and return the violations among them.
    """
    violations = []
    for finding in findings:
        level = level_of(finding, working=seen.working, broken=seen.broken)
        if level is not None:
            violations.append(finding.as_finding(level))
        recorder.record(
            ConfigProblem(
                run_clock.now(),
                str(finding),
                file=finding.file,
                line=finding.line,
                key=finding.key,
                link=link_of(finding),
                severity="error" if level == "MUST" else "warning",
                what=finding.what.code,
                reaction=finding.reaction,
                between_files=finding.is_between_files,
            )
        )
    return violations


def text_of(path: Path | None) -> str:
    """
    Return the text of a configuration file; raise Blocked when it cannot be read.
    """
    assert path is not None, "a clause that needs no configuration file asked for one"
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise blocked(
            FILE_UNREADABLE,
            f"{path} cannot be read: {reason}",
            remedy="Set the path under `deployment` in the profile to a copy that this user can "
            "read",
            path=str(path),
            error=reason,
        ) from error
