"""
Do the configuration files of the services say what the profile expects, and agree?
"""

from pathlib import Path

import pytest

from livekit_conformance.config_doctor import Severity, check, known_keys, read_server
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import Blocked


@pytest.mark.clause("1.3-server-config-names-the-endpoint")
async def test_the_server_config_names_the_endpoint(profile: Profile) -> None:
    """
    webhook.urls holds the endpoint's URL, and webhook.api_key is a key that the server has.
    """
    server = read_server(text_of(profile.deployment.livekit_server_config))
    urls, keys = server.texts("webhook", "urls"), known_keys(server)

    problems = []
    if profile.webhook.url not in urls:
        problems.append(f"webhook.urls does not hold {profile.webhook.url} but {urls}")
    if keys and server.text("webhook", "api_key") not in keys:
        problems.append("webhook.api_key is not one of keys")
    if not problems and not keys:
        raise Blocked(
            "livekit.yaml does not hold the keys of livekit-server (key_file, or LIVEKIT_KEYS)",
            remedy="Compare webhook.api_key with them by hand, or put `keys` into the file",
        )
    assert not problems, f"livekit.yaml MUST name the endpoint; {'; '.join(problems)}"


@pytest.mark.clause("1.5-configs-agree")
async def test_the_configs_of_both_services_agree(profile: Profile) -> None:
    """
    Same Redis, a known key pair, the right port, no overlap, and only keys that exist.
    """
    files = profile.deployment

    findings = check(text_of(files.livekit_server_config), text_of(files.livekit_sip_config))

    errors = [str(finding) for finding in findings if finding.severity is Severity.ERROR]
    assert not errors, "livekit.yaml and livekit-sip.yaml MUST agree; " + "; ".join(errors)


def text_of(path: Path | None) -> str:
    """
    What a configuration file says; a file that we may not see proves nothing.
    """
    assert path is not None, "a clause that needs no configuration file asked for one"
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise Blocked(
            f"{path} cannot be read: {reason}",
            remedy="Let `deployment` in the profile name a copy that this user may read",
        ) from error
