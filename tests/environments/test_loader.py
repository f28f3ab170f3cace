"""
The loader: variables and their provenance, and error messages with a remedy.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from livekit_conformance.environments.loader import find, known_environments, load
from livekit_conformance.environments.problems import ProfileError
from livekit_conformance.environments.profile import Sip, Webhook
from livekit_conformance.environments.variables import LeftOut

CONFIG = Path(__file__).parents[2] / "config"
NINE = {
    "LIVEKIT_URL": "https://livekit.example.org",
    "LIVEKIT_API_KEY": "APIcanary",
    "LIVEKIT_API_SECRET": "canary-api-secret-0123456789",
    "SIP_SERVER": "sip.example.org:5060",
    "SIP_USERNAME": "caller",
    "SIP_PASSWORD": "canary-sip-password",
    "SIP_NUMBER": "+15550123",
    "DOMAIN": "app.example.org",
    "PORT": "8443",
}
THREE = ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")
LIVE = """\
kind: live
allow: [read]
livekit:
  url: ${LIVEKIT_URL}
  api_key: ${LIVEKIT_API_KEY}
  api_secret: ${LIVEKIT_API_SECRET}
"""


@pytest.fixture
def write(tmp_path):
    def write_profile(text, name="there"):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return write_profile


def problems_of(config_dir, name="there", environ=NINE, env_file=None):
    with pytest.raises(ProfileError) as caught:
        load(name, environ=environ, env_file=env_file, config_dir=config_dir)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("name", ["mock", "local"])
def test_embedded_environments_need_no_variable(name):
    loaded = load(name, environ={}, env_file=None, config_dir=CONFIG)

    assert loaded.profile.kind == name
    assert loaded.origins == {}


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_live_environments_are_filled_from_the_nine_variables(name):
    loaded = load(name, environ=NINE, env_file=None, config_dir=CONFIG)

    assert loaded.profile.webhook.url == "https://app.example.org:8443/webhooks/livekit"
    assert loaded.profile.livekit.api_secret.get_secret_value() == NINE["LIVEKIT_API_SECRET"]
    assert loaded.profile.limits.run == pytest.approx(180.0)
    assert loaded.origins == dict.fromkeys(sorted(NINE), "environment")


@pytest.mark.parametrize("name", ["staging", "prod"])
@pytest.mark.parametrize(
    "others", [{}, dict.fromkeys(set(NINE) - set(THREE), "")], ids=["unset", "empty"]
)
def test_live_environments_need_three_variables(name, others):
    environ = {variable: NINE[variable] for variable in THREE} | others

    loaded = load(name, environ=environ, env_file=None, config_dir=CONFIG)

    assert loaded.profile.sip == Sip(transport="udp")
    assert loaded.profile.webhook == Webhook()
    assert loaded.empty == {}
    assert loaded.left_out == {
        "sip.server": LeftOut(("SIP_SERVER",), ()),
        "sip.username": LeftOut(("SIP_USERNAME",), ()),
        "sip.password": LeftOut(("SIP_PASSWORD",), ()),
        "sip.number": LeftOut(("SIP_NUMBER",), ()),
        "webhook.url": LeftOut(("DOMAIN", "PORT"), ()),
    }


@pytest.mark.parametrize(
    ("key", "text", "absent"),
    [
        ("webhook.url", "https://${DOMAIN:-}:${PORT:-}/", LeftOut(("PORT",), ("DOMAIN",))),
        ("webhook.url", "https://${DOMAIN}:${PORT:-}/", LeftOut(("PORT",), ("DOMAIN",))),
        ("redis", "${PORT:-}", LeftOut(("PORT",), ())),
    ],
)
def test_a_key_with_an_optional_variable_that_is_not_set_is_left_out(write, key, text, absent):
    section, _, inner = key.partition(".")
    config = write(
        f"{LIVE}{section}: {'{' + inner + ': ' if inner else ''}{text!r}{'}' if inner else ''}\n"
    )
    environ = {name: value for name, value in NINE.items() if name != "PORT"}

    loaded = load("there", environ=environ, env_file=None, config_dir=config)

    assert loaded.left_out == {key: absent}
    assert loaded.profile.webhook.url == ""
    assert loaded.profile.redis is None


def test_an_optional_variable_of_what_a_live_profile_cannot_do_without_is_refused(write):
    config = write(LIVE.replace("${LIVEKIT_URL}", "${LIVEKIT_URL:-}"))

    (problem,) = problems_of(config, environ=NINE | {"LIVEKIT_URL": ""})

    assert problem.endswith("livekit.url: is empty: kind live needs a value")


@pytest.mark.parametrize("text", ["${A:-b}", "${A-}", "${:-}", "${A:}"])
def test_other_forms_of_the_shell_are_refused_with_the_right_one(write, text):
    (problem,) = problems_of(write(f"kind: mock\nallow: [read]\nredis: '{text}'\n"))

    assert "or ${NAME:-} for one that may be left out" in problem


def test_the_environment_wins_over_the_env_file_and_both_are_told(tmp_path):
    env_file = tmp_path / ".env"
    env_file.write_text("LIVEKIT_URL=http://file\nLIVEKIT_API_KEY='key$X'\n", encoding="utf-8")
    (tmp_path / "there.yaml").write_text(LIVE, encoding="utf-8")
    environ = {"LIVEKIT_URL": "http://environment", "LIVEKIT_API_SECRET": "hunter-2026"}

    loaded = load("there", environ=environ, env_file=env_file, config_dir=tmp_path)

    assert loaded.profile.livekit.url == "http://environment"
    assert loaded.profile.livekit.api_key == "key$X"
    assert loaded.origins == {
        "LIVEKIT_API_KEY": ".env",
        "LIVEKIT_API_SECRET": "environment",
        "LIVEKIT_URL": "environment",
    }


def test_origins_print_without_values():
    loaded = load("prod", environ=NINE, env_file=None, config_dir=CONFIG)

    assert not any(value in str(loaded.origins) for value in NINE.values())


def test_every_missing_variable_is_listed_with_where_it_was_looked_for():
    problems = problems_of(CONFIG, "prod", environ={})

    assert len(problems) == len(THREE)
    for name in THREE:
        (problem,) = [text for text in problems if f"variable {name} is missing" in text]
        assert "in the environment and in .env (there is none)" in problem
        assert f"export {name}=" in problem


def test_a_misspelt_key_names_file_section_allowed_keys_and_the_likely_one(write):
    config = write(LIVE + "webhook:\n  tiemout: 5s\n")

    (problem,) = problems_of(config)

    assert str(config / "there.yaml") in problem
    assert "line 8, column 3: webhook.tiemout: unknown key 'tiemout' in section webhook" in problem
    assert "allowed keys: url, listen, timeout" in problem
    assert 'did you mean "timeout"?' in problem


def test_a_misspelt_section_names_the_allowed_sections(write):
    (problem,) = problems_of(write(LIVE + "webhok: {}\n"))

    assert "unknown key 'webhok' in section top level" in problem
    assert 'did you mean "webhook"?' in problem


def test_all_problems_are_told_at_once(write):
    config = write(
        "kind: live\nallow: [reed]\nlivekit: {url: '${LIVEKIT_URL}', key: x}\n"
        "webhook: {timeout: 5}\nsip: {number: 15550123, number: 1}\nlimits: {rooms: 0}\n"
        "quality: {mos: 5, loss: few, jitter: 30}\n"
    )

    text = "\n".join(problems_of(config, environ={}))

    for part in (
        'place-calls, configure-sip, disrupt; did you mean "read"?',
        "unknown key 'key' in section livekit",
        "livekit.api_secret: kind live needs it",
        "variable LIVEKIT_URL is missing",
        'write "5s"',
        "key 'number' occurs twice, first on line 5",
        "sip.number: must be text: put the value in quotes",
        "limits.rooms: must be at least 1",
        "quality.mos: must be at most 4.5",
        "quality.loss: must be a number",
        'write "30s"',
    ):
        assert part in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind: [", "line 1, column"),
        ("- a\n", "must hold a mapping"),
        ("", "must hold a mapping"),
        ("kind: mock\n1: 2\nallow: [read]\n", "a key must be plain text"),
        ("kind: mock\nnull: x\nallow: [read]\n", "a key must be plain text"),
        ("kind: mock\n&anchor : x\nallow: [read]\n", "a key must be plain text"),
        ("kind: mock\n2026-11-30: {1.5: x}\nallow: [read]\n", "a key must be plain text"),
        ("allow: [read]\n", "key 'kind' is missing in section top level"),
        ("kind: mok\nallow: []\n", 'must be one of mock, local, live; did you mean "mock"?'),
        ("kind: mock\nallow: [read]\nagent: ${A-B}\n", "not a variable reference"),
        ("kind: mock\nallow: [read]\nagent: ${A\n", "not a variable reference"),
        (LIVE.replace("[read]", "[read, disrupt]"), "disrupt is refused"),
        (LIVE + "may_raise: [disrupt]\n", "disrupt is refused"),
        (LIVE + "sip: {server: host}\n", "sip.number: is empty"),
        (LIVE + "sip: {server: host, number: '1', username: a}\n", "sip.password: is empty"),
        (LIVE + "sip: {password: abc}\n", "sip.password: the secret has fewer than 8 characters"),
        (LIVE.replace("${LIVEKIT_API_KEY}", "''"), "livekit.api_key: kind live needs it"),
        (LIVE + "logs: [{service: livekit-sip}]\n", "logs[0]: needs either path or command"),
        (LIVE + "logs: [{service: livekit-spi, path: /l}]\n", 'did you mean "livekit-sip"'),
        (LIVE + "webhook: {listen: host}\n", "webhook.listen: has no port"),
        (LIVE + "sip: {server: host, number: 1 2}\n", "sip.number: not a number to dial"),
        (LIVE + 'sip: {username: "a\\nb"}\n', "sip.username: must not hold line breaks"),
        (LIVE + "deployment: {livekit_config: x}\n", "allowed keys: livekit_server_config"),
        (LIVE + "sip: {outbound: {trunk: x}}\n", 'did you mean "trunk_id"'),
    ],
)
def test_an_unusable_profile_says_what_is_wrong(write, text, words):
    assert words in "\n".join(problems_of(write(text)))


MISPLACED = "hunter/2-MISPLACED"


@pytest.mark.parametrize(
    "livekit",
    [
        "{url: 'ws://h', api_key: k, api_secret:%s}",
        "{url: 'ws://h', api_key: k, %s}",
        "{url: 'ws://h', api_key: k, hunterhunter}",
        "{%s: 1, %s: 2}",
        "{%s: '${UNSET}'}",
        "\n  api_key: k\n  api_secret:%s",
        "\n  api_key: k\n  api_secret %s",
        "\n  api_key: k\n  api_secret: *%s",
        "\n  api_key: k\n  api_secret: !%s",
        "\n  api_key: k\n  api_secret: !%s x",
        "\n  api_key: k\n  api_secret: '%s",
        '\n  api_key: k\n  api_secret: "\\%s"',
        "\n  api_key: k\n  api_secret: %%%s",
        "\n  api_key: k\n  api_secret: {%s: x}",
        "\n  ? %s\n  : x",
    ],
)
def test_a_secret_in_a_misspelt_profile_is_not_told_but_its_place_is(write, livekit):
    text = livekit.replace("%s", MISPLACED).replace("%%", "%")

    told = "\n".join(problems_of(write(f"kind: live\nallow: [read]\nlivekit: {text}\n")))

    assert "hunter" not in told
    assert "MISPLACED" not in told
    assert re.search(r"line \d+(, column \d+)?: |variable UNSET is missing", told)


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        *(
            (short, "has fewer than 8 characters")
            for short in ("room", "test", "PASS", "http", "2026", "secret", "1234567")
        ),
        *((number, "is a number, a date or an address") for number in ("127.0.0.1", "2026-11-30")),
        *(
            (word, "is a word or an id that the reports use")
            for word in ("password", "PassWord", "livekit-server", "right-password", "conformant")
        ),
    ],
)
@pytest.mark.parametrize(
    ("key", "profile"),
    [
        ("livekit.api_secret", LIVE.replace("${LIVEKIT_API_SECRET}", "'%s'")),
        ("sip.password", f"{LIVE}sip: {{password: '%s'}}\n"),
        ("redis", f"{LIVE}redis: 'redis://:%s@127.0.0.1'\n"),
        ("webhook.url", f"{LIVE}webhook: {{url: 'http://h/?token=%s'}}\n"),
    ],
)
def test_a_secret_that_reports_hold_by_chance_is_refused_untold(write, key, profile, secret, words):
    (problem,) = problems_of(write(profile.replace("%s", secret)))

    _, _, reason = problem.partition("there.yaml: ")
    assert reason.startswith(f"{key}: the secret {words}: masking it would mask ordinary text")
    assert secret not in reason.removeprefix(f"{key}: the secret {words}")


def test_the_variable_of_a_refused_secret_is_named(write):
    (problem,) = problems_of(write(LIVE), environ=NINE | {"LIVEKIT_API_SECRET": "room"})

    assert problem.endswith("longer random one; variable LIVEKIT_API_SECRET (environment) holds it")


@pytest.mark.parametrize(
    "secret", ["Tr0ub4dor", "hunter-2026", "correcthorse", "not-the-password-of-the-trunk"]
)
def test_other_secrets_are_taken(write, secret):
    environ = NINE | {"LIVEKIT_API_SECRET": secret}

    loaded = load("there", environ=environ, env_file=None, config_dir=write(LIVE))

    assert secret in loaded.profile.secrets()


def test_disrupt_is_possible_on_loopback(write):
    environ = NINE | {"LIVEKIT_URL": "http://127.0.0.1:7880"}
    config = write(LIVE.replace("[read]", "[read, disrupt]"))

    loaded = load("there", environ=environ, env_file=None, config_dir=config)

    assert "disrupt" in loaded.profile.allow


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (" stray-blank", "begins or ends with white space or a line break"),
        ("line-break\n", "begins or ends with white space or a line break"),
        ("windows-line\r", "ends with a carriage return, as in a file with Windows line ends"),
        ("line\nbreak", "holds line breaks or control characters"),
        ('"quoted-canary"', "has quotes around it"),
        ("<your-secret>", "is a placeholder"),
    ],
)
def test_an_odd_value_that_is_usable_is_taken_and_told(write, value, words):
    environ = NINE | {"LIVEKIT_API_SECRET": value}

    loaded = load("there", environ=environ, env_file=None, config_dir=write(LIVE))

    assert loaded.profile.livekit.api_secret.get_secret_value() == value
    assert [str(odd) for odd in loaded.oddities["LIVEKIT_API_SECRET"]] == [words]


def test_an_odd_value_is_kept_out_of_reports_in_both_forms(write):
    environ = NINE | {"LIVEKIT_API_SECRET": '"quoted-secret"'}

    loaded = load("there", environ=environ, env_file=None, config_dir=write(LIVE))

    assert {'"quoted-secret"', "quoted-secret"} <= set(loaded.profile.secrets())


def test_an_odd_value_that_is_unusable_is_refused_with_the_variable_it_came_from(write):
    environ = NINE | {"LIVEKIT_URL": '"wss://canary.livekit.cloud"'}

    text = "\n".join(problems_of(write(LIVE), environ=environ))

    assert "livekit.url: not a URL that starts with" in text
    assert "; variable LIVEKIT_URL (environment) has quotes around it" in text
    assert "canary" not in text


def test_a_value_that_cannot_be_used_is_told_with_the_variable_that_holds_it(write):
    config = write(LIVE + "sip: {server: '${SIP_SERVER}', number: '1'}\n")

    (problem,) = problems_of(config, environ=NINE | {"SIP_SERVER": "canary:port"})

    assert "sip.server: not an address" in problem
    assert problem.endswith("; variable SIP_SERVER (environment) holds it")


def test_a_variable_that_is_set_to_nothing_is_known_with_the_keys_that_ask_for_it(write):
    config = write(LIVE + "redis: ${REDIS_URL}\nwebhook: {url: 'http://127.0.0.1:${PORT}/'}\n")
    environ = NINE | {"REDIS_URL": "", "PORT": ""}

    loaded = load("there", environ=environ, env_file=None, config_dir=config)

    assert loaded.empty == {"REDIS_URL": ("redis",), "PORT": ("webhook.url",)}


def test_a_port_of_the_other_scheme_is_odd(write):
    config = write(LIVE + "webhook: {url: 'https://${DOMAIN}:${PORT}/'}\n")

    loaded = load("there", environ=NINE | {"PORT": "80"}, env_file=None, config_dir=config)

    (misfit,) = loaded.oddities["PORT"]
    assert str(misfit) == "port 80 does not fit a URL that begins with https:// (webhook.url)"


def test_values_of_variables_are_never_told(write):
    environ = NINE | {"LIVEKIT_URL": "canary-not-a-url", "PORT": "canary-port"}
    config = write(LIVE + "limits: {rooms: '${PORT}'}\nagent: '${SIP_PASSWORD}'\n")

    text = "\n".join(problems_of(config, environ=environ))

    assert "livekit.url: not a URL" in text
    assert "canary" not in text


def test_an_unknown_environment_lists_the_known_ones():
    with pytest.raises(ProfileError, match=r'known environments: .*mock.*did you mean "prod"'):
        find("prodd", config_dir=CONFIG)


def test_an_environment_may_be_a_path(write):
    path = write(LIVE) / "there.yaml"

    assert load(str(path), environ=NINE, env_file=None, config_dir=CONFIG).path == path


def test_a_name_that_the_folder_lacks_is_a_profile_of_the_package(write):
    config = write("kind: mock\nallow: [read]\n", "mock")

    assert find("mock", config_dir=config) == config / "mock.yaml"
    assert find("prod", config_dir=config) == CONFIG / "prod.yaml"


def test_a_file_without_a_kind_is_no_environment(write):
    config = write("attempts: 3 # kind: mock\nnote: |\n  of any\n  kind: live\n", "other")
    write("{kind: mock, allow: [read]}\n")
    write("kind: [", "broken")

    assert known_environments(config) == ["broken", "local", "mock", "prod", "staging", "there"]


@pytest.mark.parametrize("name", ["retry_policies", "error_handling"])
def test_the_policies_of_the_client_are_no_profiles(name):
    (problem,) = problems_of(CONFIG, name)

    assert problem.endswith(
        f"{name}.yaml: not a profile, key 'kind' is missing in section top level; known "
        "environments: local, mock, prod, staging"
    )


def test_an_env_file_with_a_broken_line_makes_the_profile_unusable(write, tmp_path):
    env_file = tmp_path / "vars"
    env_file.write_text("A=1\nnot a variable\n", encoding="utf-8")

    assert problems_of(write(LIVE), env_file=env_file) == [
        f"{env_file}: line 2: not of the form NAME=value"
    ]


@pytest.fixture
def two_places(write, tmp_path):
    def load_from(text, environ):
        (tmp_path / ".env").write_text(text, encoding="utf-8")
        return load("there", environ=environ, env_file=tmp_path / ".env", config_dir=write(LIVE))

    return load_from


def test_a_variable_with_two_values_is_that_of_the_environment_and_is_told(two_places):
    secret = NINE["LIVEKIT_API_SECRET"]

    loaded = two_places(f"LIVEKIT_API_KEY=APIother\nLIVEKIT_API_SECRET={secret}\n", NINE)

    assert loaded.profile.livekit.api_key == NINE["LIVEKIT_API_KEY"]
    assert loaded.differing == ("LIVEKIT_API_KEY",)


def test_what_is_odd_about_a_value_is_not_told_as_a_difference_too(two_places):
    secret = NINE["LIVEKIT_API_SECRET"]
    environ = NINE | {"LIVEKIT_API_SECRET": f"{secret}\r"}

    loaded = two_places(f"LIVEKIT_API_SECRET={secret}\n", environ)

    assert "LIVEKIT_API_SECRET" in loaded.oddities
    assert loaded.differing == ()


def test_a_name_in_the_env_file_that_nobody_asks_for_is_told_with_what_it_may_mean(two_places):
    text = "LIVEKT_URL=a\nLIVEKIT_SECRET=b\nLIVEKIT_API_KEY=c\nLIVEKIT_API_KEYS=d\nSIP_PORT=e\n"

    # The file has the real LIVEKIT_API_KEY, so its plural is something else.
    assert two_places(text, NINE).misspelt == {
        "LIVEKT_URL": "LIVEKIT_URL",
        "LIVEKIT_SECRET": "LIVEKIT_API_SECRET",
    }


@pytest.mark.parametrize("where", ["the file", "the environment"])
def test_a_missing_variable_is_told_with_the_misspelt_one(write, tmp_path, where):
    env_file = tmp_path / ".env"
    env_file.write_text("LIVEKITURL=ws://canary\n" if where == "the file" else "OTHER=1\n")
    environ = {k: v for k, v in NINE.items() if k != "LIVEKIT_URL"} | {"LIVEKIT_URI": "ws://canary"}
    if where == "the file":
        del environ["LIVEKIT_URI"]

    (problem,) = problems_of(write(LIVE), environ=environ, env_file=env_file)

    near = (
        f"{env_file} has LIVEKITURL" if where == "the file" else "the environment has LIVEKIT_URI"
    )
    assert f"{near}: if that is the one meant, correct its name" in problem
    assert "canary" not in problem


def test_values_stand_in_no_representation(two_places):
    loaded = two_places("PORT=canary-port\nLIVEKIT_URL=ws://canary\n", NINE)

    assert "canary" not in repr(loaded.env_file)
