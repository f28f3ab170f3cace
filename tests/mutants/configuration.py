"""
Mutants of configuration, environment and connectivity.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from pydantic import SecretStr

from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.environments.profile import Profile
from livekit_conformance.provisioners.local.stack import KeyPair
from tests.mutants.mutant import Change, Mutant, changed, fault, misfit

# livekit-server logs deliveries to another URL, the one in its running settings.
NO_LINE = ("1.3-delivery-log-shows-success",)
_NO_CALL = ("1.1-trunk-accepts-right-password", "1.5-invite-is-not-rejected")


def rewritten(service: str, rewrite: Callable[[dict[str, Any]], None]) -> Change:
    """
    Return a change that rewrites a service's configuration file, but not its running settings.
    """

    def change(profile: Profile) -> Profile:
        path = getattr(profile.deployment, f"livekit_{service}_config")
        content = yaml.safe_load(path.read_text())
        rewrite(content)
        path.write_text(yaml.safe_dump(content))
        return profile

    return change


def endpoint_at(url: str) -> Change:
    """
    Return a change that moves the webhook endpoint to another URL, in livekit.yaml too.
    """

    def change(profile: Profile) -> Profile:
        name = rewritten("server", lambda server: server["webhook"].update(urls=[url]))
        return changed("webhook", url=url)(name(profile))

    return change


def unencrypted(profile: Profile) -> Profile:
    """
    Address the same server by a host that does not look like this machine.
    """
    url = f"http://0.0.0.0:{urlsplit(profile.livekit.url).port}"
    # The suite must not disrupt a target that does not look local.
    safe = profile.model_copy(update={"allow": profile.allow - {Effect.DISRUPT}})
    return changed("livekit", url=url)(safe)


def of_variables(name: str, section: str, key: str) -> Change:
    """
    Return a change that leaves a key of the profile to a variable.
    """
    reference = f"${{{name}}}"
    is_secret = key in {"password", "api_secret"}
    return changed(section, **{key: SecretStr(reference) if is_secret else reference})


def log_folder(profile: Profile) -> Path:
    path = profile.logs[0].path
    assert path is not None
    return path.parent


def env_file(profile: Profile, text: str, *, mode: int = 0o600) -> dict[str, str]:
    """
    Write an env file into its own folder, and return the variable that names it.
    """
    path = log_folder(profile) / "variables" / ".env"
    path.parent.mkdir()
    path.write_text(text)
    path.chmod(mode)
    return {"LIVEKIT_CONFORMANCE_ENV_FILE": str(path)}


def only_in_the_env_file(profile: Profile) -> dict[str, str]:
    return env_file(profile, f"SIP_NUMBER={profile.sip.number}\n")


def another_in_the_env_file(profile: Profile) -> dict[str, str]:
    return {**env_file(profile, "SIP_NUMBER=+15550199\n"), "SIP_NUMBER": profile.sip.number}


def open_to_all(profile: Profile) -> dict[str, str]:
    file = env_file(profile, f"SIP_NUMBER={profile.sip.number}\n", mode=0o644)
    return {**file, "SIP_NUMBER": profile.sip.number}


def in_a_repository(profile: Profile) -> dict[str, str]:
    """
    Put the env file into a Git repository that does not ignore it.
    """
    file = env_file(profile, f"SIP_NUMBER={profile.sip.number}\n")
    folder = Path(file["LIVEKIT_CONFORMANCE_ENV_FILE"]).parent
    subprocess.run(("git", "init", "--quiet", folder), check=True)
    return {**file, "SIP_NUMBER": profile.sip.number}


def swapped(profile: Profile) -> dict[str, str]:
    """
    Swap key and secret.
    """
    return {
        "LIVEKIT_API_KEY": profile.livekit.api_secret.get_secret_value(),
        "LIVEKIT_API_SECRET": profile.livekit.api_key,
    }


def key_pair_of_variables(profile: Profile) -> Profile:
    return of_variables("LIVEKIT_API_KEY", "livekit", "api_key")(
        of_variables("LIVEKIT_API_SECRET", "livekit", "api_secret")(profile)
    )


MUTANTS = (
    fault("http_silent", "1.1-server-answers"),
    fault("not_ready", "1.1-server-is-ready"),
    fault("clock_behind", "1.1-clock-agrees"),
    fault("clock_inexact", "1.1-clock-is-exact"),
    misfit(
        "another_service_at_the_url",
        lambda profile: changed("livekit", url=f"{profile.livekit.url}/elsewhere")(profile),
        "1.1-server-answers",
    ),
    misfit("clear_text", unencrypted, "1.1-transport-is-encrypted"),
    Mutant(
        "short_secret",
        frozenset({"1.1-secret-is-strong"}),
        {"keys": KeyPair(secret="only-thirty-one-bytes-of-secret")},
    ),
    Mutant(
        "variable_is_empty",
        frozenset({"1.1-profile-is-complete"}),
        change=lambda profile: profile.model_copy(update={"redis": "${REDIS_URL}"}),
        environ={"REDIS_URL": ""},
    ),
    Mutant(
        "variables_fill_a_group_in_part",
        frozenset({"1.1-profile-is-complete"}),
        change=changed("webhook", url="http://${DOMAIN:-}:${PORT:-}/webhooks/livekit"),
        environ={"DOMAIN": "127.0.0.1"},
    ),
    Mutant(
        "variable_only_in_env_file",
        frozenset({"1.1-variables-are-set[SIP_NUMBER]"}),
        change=of_variables("SIP_NUMBER", "sip", "number"),
        environ_of=only_in_the_env_file,
    ),
    Mutant(
        "variable_differs_in_env_file",
        frozenset({"1.1-variables-are-set[SIP_NUMBER]"}),
        change=of_variables("SIP_NUMBER", "sip", "number"),
        environ_of=another_in_the_env_file,
    ),
    Mutant(
        "env_file_is_open_to_all",
        frozenset({"1.1-env-file-is-private[other-accounts]"}),
        change=of_variables("SIP_NUMBER", "sip", "number"),
        environ_of=open_to_all,
    ),
    Mutant(
        "env_file_is_in_git",
        frozenset({"1.1-env-file-is-private[git]"}),
        change=of_variables("SIP_NUMBER", "sip", "number"),
        environ_of=in_a_repository,
    ),
    Mutant(
        "variable_in_quotes",
        frozenset(
            # livekit-sip's 401 has no WWW-Authenticate.
            {"1.1-variables-are-sane[SIP_PASSWORD]", "1.5-sip-messages-are-valid", *_NO_CALL}
        ),
        change=of_variables("SIP_PASSWORD", "sip", "password"),
        environ_of=lambda profile: {"SIP_PASSWORD": f'"{profile.sip.password.get_secret_value()}"'},
    ),
    Mutant(
        "variables_swapped",
        frozenset(
            {
                "1.1-variables-are-sane[LIVEKIT_API_KEY]",
                "1.1-variables-are-sane[LIVEKIT_API_SECRET]",
                "1.1-secret-is-strong",
                "1.1-key-is-accepted",
                # The secret was sent as the key, and the server logged it.
                "1.4-logs-hold-no-secrets",
            }
        ),
        change=key_pair_of_variables,
        environ_of=swapped,
    ),
    misfit(
        "files_name_two_buses",
        rewritten("sip", lambda sip: sip["redis"].update(address="127.0.0.1:1")),
        "1.5-configs-agree",
    ),
    misfit(
        "file_has_an_invented_key",
        rewritten("sip", lambda sip: sip.update(log_level="debug")),
        "1.5-configs-agree",
    ),
    misfit(
        "file_names_another_endpoint",
        rewritten("server", lambda server: server["webhook"].update(urls=["http://127.0.0.1/"])),
        "1.3-server-config-names-the-endpoint",
    ),
    misfit(
        "endpoint_has_no_address",
        endpoint_at("http://nothing.invalid/webhooks/livekit"),
        "1.3-endpoint-resolves",
        *NO_LINE,
    ),
    misfit(
        "endpoint_is_closed",
        endpoint_at("http://127.0.0.1:1/webhooks/livekit"),
        "1.3-endpoint-accepts-connections",
        *NO_LINE,
    ),
)


# The profile key of each of the nine variables, except the two parts of the endpoint's URL.
_PLACES = {
    "LIVEKIT_URL": ("livekit", "url"),
    "LIVEKIT_API_KEY": ("livekit", "api_key"),
    "LIVEKIT_API_SECRET": ("livekit", "api_secret"),
    "SIP_SERVER": ("sip", "server"),
    "SIP_USERNAME": ("sip", "username"),
    "SIP_PASSWORD": ("sip", "password"),
    "SIP_NUMBER": ("sip", "number"),
}


def nine_variables(profile: Profile) -> dict[str, str]:
    """
    Return the values of the healthy profile as environment variables of the suites.
    """
    values = {name: getattr(getattr(profile, part), key) for name, (part, key) in _PLACES.items()}
    endpoint = urlsplit(profile.webhook.url)
    return {
        **{
            name: value.get_secret_value() if isinstance(value, SecretStr) else value
            for name, value in values.items()
        },
        "DOMAIN": str(endpoint.hostname),
        "PORT": str(endpoint.port),
    }


def asks_for_nine(profile: Profile) -> Profile:
    path = urlsplit(profile.webhook.url).path
    for name, (part, key) in _PLACES.items():
        profile = of_variables(name, part, key)(profile)
    return changed("webhook", url=f"http://${{DOMAIN}}:${{PORT}}{path}")(profile)


def nine_variables_in_both(profile: Profile) -> dict[str, str]:
    """
    Return the same variables, and write them into an env file in the style of a shell script.
    """
    nine = nine_variables(profile)
    lines = (f"export {name} = '{value}'  # for a shell\r\n" for name, value in nine.items())
    return {**env_file(profile, f"\ufeff{''.join(lines)}"), **nine}


NEUTRAL = (
    Mutant("nine_variables", frozenset(), change=asks_for_nine, environ_of=nine_variables),
    Mutant(
        "optional_variable_is_not_set",
        frozenset(),
        change=lambda profile: profile.model_copy(update={"redis": "${REDIS_URL:-}"}),
        environ={"REDIS_URL": ""},
    ),
    Mutant(
        "nine_variables_and_env_file",
        frozenset(),
        change=asks_for_nine,
        environ_of=nine_variables_in_both,
    ),
)
