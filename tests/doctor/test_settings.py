"""
The profile and its variables, judged for whether the profile can be used.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from livekit_conformance.doctor import settings
from livekit_conformance.doctor.findings import LinkMark
from livekit_conformance.environments import loader
from livekit_conformance.environments.problems import ProfileError
from livekit_conformance.environments.variable_checks import (
    DEPLOYMENT_VARIABLES,
    Oddity,
    scheme_misfit,
)
from tests.doctor.conftest import complete, the_problem, wrong

CONFIG = Path(__file__).parents[2] / "config"
SECRET = "made-up-secret-that-is-long-enough"
GOOD = {
    "LIVEKIT_URL": "wss://voice.test",
    "LIVEKIT_API_KEY": "APIabcdefgh12",
    "LIVEKIT_API_SECRET": SECRET,
    "SIP_SERVER": "sip.test",
    "SIP_USERNAME": "carrier",
    "SIP_PASSWORD": "made-up-sip-password",
    "SIP_NUMBER": "+15550123",
    "DOMAIN": "app.test",
    "PORT": "8443",
}


def judge(env_file=None, **changes):
    environ = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    try:
        loaded = loader.load("prod", environ=environ, env_file=env_file, config_dir=CONFIG)
    except ProfileError as error:
        path = settings.path_of("prod", CONFIG)
        found = settings.judge_unusable(path, error, environ, env_file)
    else:
        found = settings.judge_loaded(loaded, env_file)
    found = complete(found)
    assert SECRET not in f"{found}"
    return found


def test_a_good_profile_names_its_file_and_each_of_the_nine_variables():
    found = judge()

    assert wrong(found) == []
    assert "prod.yaml` loads (kind live)" in found[0].text.en
    assert [f.text.en for f in found[1:]] == [
        f"variable `{name}`: from the environment" for name in DEPLOYMENT_VARIABLES
    ]


def test_the_variables_of_the_env_file_are_one_warning_that_names_the_file(tmp_path):
    env_file = tmp_path / "mine.env"
    env_file.write_text("DOMAIN=app.test\nPORT=8443\n")
    env_file.chmod(0o600)

    found = judge(env_file, DOMAIN=None, PORT=None)

    (told,) = wrong(found)
    assert told.mark is LinkMark.WARNING
    assert told.text.en == f"only `{env_file}` sets `DOMAIN`, `PORT`, not the environment"
    assert f"variable `PORT`: from `{env_file}`" in [f.text.en for f in found]


def told_of(tmp_path, text, mode=0o600, **changes):
    """
    Return an env file of this text and the problems found in it, given the nine variables.
    """
    env_file = tmp_path / ".env"
    env_file.write_bytes(text.encode())
    env_file.chmod(mode)
    return env_file, wrong(judge(env_file, **changes))


def test_an_env_file_that_others_can_read_is_told_with_the_command_that_mends_it(tmp_path):
    env_file, (found,) = told_of(tmp_path, "OTHER=1\n", 0o644)

    assert found.mark is LinkMark.WARNING
    assert f"other accounts can read or change `{env_file}` (mode 0644)" in found.text.en
    assert f"`chmod 600 {env_file}`" in found.remedy.ru


def test_an_env_file_that_git_takes_is_told(tmp_path, monkeypatch):
    monkeypatch.delenv("GIT_DIR", raising=False)
    subprocess.run(("git", "init", "--quiet", tmp_path), check=True)

    env_file, (found,) = told_of(tmp_path, "OTHER=1\n")

    assert found.text.en == f"git tracks `{env_file}`, or will after the next `git add .`"
    assert ".gitignore" in found.remedy.en


@pytest.mark.parametrize(
    ("text", "says", "does"),
    [
        ("\ufeffDOMAIN=app.test\n", "byte order mark", "without BOM"),
        ("DOMAIN=app.test\r\n", "Windows line ends", "sed -i 's/\\r$//'"),
        ("export DOMAIN=app.test\nexport X=1\n", "`export` before `DOMAIN`:", "Remove the word"),
        ("DOMAIN = app.test\n", "blanks around the `=` of `DOMAIN`:", "NAME=value"),
        ("DOMAIN=app.test # ours\n", "a comment behind the value of `DOMAIN`:", "in quotes"),
        ("DOMAIN=x\nDOMAIN=app.test\n", "sets `DOMAIN` more than once", "Keep one"),
        (
            "LIVEKITURL=x\n",
            "`LIVEKITURL`, which nothing uses; did you mean `LIVEKIT_URL`?",
            "na",
        ),
        ("PORT=1\n", "variable `PORT`: from the environment; ", "Set the same value in both"),
    ],
)
def test_how_an_env_file_is_written_is_told_once(tmp_path, text, says, does):
    _, (found,) = told_of(tmp_path, text)

    assert found.mark is LinkMark.WARNING
    assert says in found.text.en
    assert does in found.remedy.en
    assert says not in found.text.ru


def test_quirks_of_lines_that_nothing_asks_for_are_not_told(tmp_path):
    assert told_of(tmp_path, "export MAIL = a # b\nMAIL=c\n")[1] == []


def test_an_empty_variable_that_hides_one_of_the_env_file_is_told_as_that(tmp_path):
    env_file, (found,) = told_of(tmp_path, "SIP_SERVER=sip.test\n", SIP_SERVER="")

    assert found.mark is LinkMark.PROBLEM
    assert f"is empty in the environment, which hides its value in `{env_file}`" in found.text.en
    assert "`unset SIP_SERVER`" in found.remedy.en


@pytest.mark.parametrize("place", ["the environment", "the file"])
def test_a_missing_variable_is_told_with_the_misspelt_one_and_only_there(tmp_path, place):
    in_file = place == "the file"
    changes = {} if in_file else {"SIP_PASSWD": "canary"}

    env_file, (found,) = told_of(
        tmp_path, "SIP_PASSWD=canary\n" if in_file else "", SIP_PASSWORD=None, **changes
    )

    where = f"from `{env_file}`" if in_file else "from the environment"
    assert (
        found.text.en == f"variable `SIP_PASSWORD` is missing; did you mean `SIP_PASSWD` ({where})?"
    )
    assert found.mark is LinkMark.PROBLEM


def test_an_env_file_beside_a_profile_without_variables_is_not_looked_at(tmp_path):
    env_file = tmp_path / ".env"
    env_file.write_text("export A = 1\n")
    env_file.chmod(0o644)

    loaded = loader.load("mock", environ={}, env_file=env_file, config_dir=CONFIG)

    assert wrong(settings.judge_loaded(loaded, env_file)) == []


def test_an_unusable_profile_is_told_with_what_is_wrong_with_its_env_file(tmp_path):
    _, found = told_of(tmp_path, "PORTS=1\n", 0o644, DOMAIN=None)

    assert [f.mark for f in found] == [LinkMark.WARNING, LinkMark.WARNING, LinkMark.PROBLEM]


def test_a_missing_variable_is_the_problem_and_the_others_are_told_all_the_same():
    found = judge(SIP_PASSWORD=None)

    missing = the_problem(found)
    says = missing.text
    assert says.en == "variable `SIP_PASSWORD` is missing, although `sip.username` is given"
    assert says.ru == "переменная `SIP_PASSWORD` не задана, хотя `sip.username` есть"
    assert "export SIP_PASSWORD=" in missing.remedy.en
    assert len(found) == 1 + len(DEPLOYMENT_VARIABLES)


def test_one_of_the_three_that_is_missing_makes_the_profile_unusable():
    found = judge(LIVEKIT_API_KEY=None)

    assert the_problem(found).text.en == "variable `LIVEKIT_API_KEY` is missing"
    assert len(found) == len(DEPLOYMENT_VARIABLES)


def test_optional_variables_that_are_not_set_are_one_line():
    rest = dict.fromkeys(DEPLOYMENT_VARIABLES[3:])

    found = judge(**rest)

    assert wrong(found) == []
    (line,) = [f for f in found if f.mark is LinkMark.NOT_CHECKED]
    names = ", ".join(f"`{name}`" for name in rest)
    assert line.text.en == f"not set: {names}; checks that need them are skipped"
    assert judge(**dict.fromkeys(rest, "")) == found


def test_every_problem_of_a_profile_is_told():
    found = judge(LIVEKIT_API_KEY=None, SIP_SERVER="sip.test:port", LIVEKIT_URL="ftp://voice.test")

    told = " ".join(f.text.en for f in wrong(found))
    assert "sip.server" in told
    assert "livekit.url" in told
    assert "`LIVEKIT_API_KEY` is missing" in told


def test_an_account_that_is_left_out_is_no_problem():
    assert wrong(judge(SIP_USERNAME="", SIP_PASSWORD="")) == []
    assert len(wrong(judge(SIP_USERNAME="", SIP_PASSWORD="", DOMAIN=None))) == 1


def test_a_variable_that_is_set_to_nothing_is_a_problem():
    found = judge(SIP_SERVER="", PORT="", LIVEKIT_API_KEY="APIabcdefgh12")

    others = "`sip.number`, `sip.username`, `sip.password`"
    assert [f.text.en for f in wrong(found)] == [
        f"variable `SIP_SERVER` (from the environment) is empty, although {others} is given",
        "variable `PORT` (from the environment) is empty, although `DOMAIN` is given",
    ]


def test_an_odd_variable_is_told_without_its_value():
    found = the_problem(judge(LIVEKIT_API_SECRET=f'"{SECRET}"'))

    assert found.text.en == (
        "variable `LIVEKIT_API_SECRET` (from the environment) has quotes around it"
    )
    assert "взята в кавычки" in found.text.ru
    assert "export LIVEKIT_API_SECRET=" in found.remedy.ru


def test_an_unknown_environment_is_told_with_the_known_ones():
    with pytest.raises(ProfileError) as caught:
        loader.find("prodd", config_dir=CONFIG)

    assert settings.path_of("prodd", CONFIG) is None
    (found,) = complete(settings.judge_unusable(None, caught.value, {}, None))
    assert "prod" in found.text.en


@pytest.mark.parametrize(
    "odd", [*Oddity, scheme_misfit("livekit.url", "https://voice.test:80")], ids=repr
)
def test_every_oddity_has_russian_words(odd):
    found, *_ = settings.judge_variables(
        {"NAME": "environment"}, {"NAME": (odd,)}, {}, Path(".env")
    )

    assert str(odd) in found.text.en
    assert str(odd) not in found.text.ru
    assert found.remedy.ru != found.remedy.en


def live(**sections):
    return loader.Profile.model_validate({"kind": "live", "allow": ["read"], **sections})


def loaded(profile):
    return loader.Loaded(profile, Path("x.yaml"))


def test_an_outbound_section_that_is_given_in_part_names_what_lacks():
    profile = live(sip={"outbound": {"trunk_id": "ST_a"}})

    found = the_problem(settings.judge_loaded(loaded(profile), None))

    assert "`sip.outbound.number`, `sip.outbound.listen`" in found.text.en


@pytest.mark.parametrize(
    ("server", "warned"), [("wss://voice.test", True), ("ws://127.0.0.1:7880", False)]
)
def test_an_endpoint_on_localhost_is_another_machine_for_a_server_elsewhere(server, warned):
    profile = live(
        livekit={"url": server}, webhook={"url": "http://localhost:3000/webhooks/livekit"}
    )

    assert bool(wrong(complete(settings.judge_loaded(loaded(profile), None)))) is warned
