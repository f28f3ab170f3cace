"""
The output and exit status of `config fix`; no secret appears in the output.
"""

from __future__ import annotations

import re

import pytest

from livekit_conformance.cli import main
from livekit_conformance.config_fixer.showing import diff, without_secrets
from livekit_conformance.config_fixer.wishes import WISHES
from tests.config_fixer.command_line import run_fix
from tests.config_fixer.odd_files import K, R

SECRETS = {
    f"{n}s3cr3t{n}-AbCdEfGh-0123456789-{n}{n}{n}" for n in ("a", "b", "c", "d", "e", "f", "g", "h")
}
a, b, c, d, e, f, g, h = sorted(SECRETS)
SIP_WITH_SECRETS = f"""\
# api_secret: {a}
redis: {{address: 'h:1', password: {b}, sentinel_password: "{c}"}}
api_key: APIabcdefgh12
api_secret: {d}   # was {e}
log_level: debug
api_secert: '{f}'
webhook_token: {g}
jaeger_url: http://user:{h}@host/?token={h}
"""
SERVER_WITH_SECRETS = f"""\
keys:
  APIabcdefgh12: {a}
  # APIold: {b}
  APIijklmnop34: >-
    {c}
prot: 7880
turn: {{secret: {d}}}
rtc:
  turn_servers: [{{host: h, credential: {e}, secret: {f}}}]
prometheus: {{username: u, password: &p "{g}"}}
redis: {{address: 'h:1', password: *p}}
webhook: {{urls: ['http://h/?key={h}'], api_key: APIabcdefgh12}}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "livekit-sip.yaml"
    path.write_text(R + "log_level: debug # why\n")
    return path


def test_the_diff_is_shown_first_and_then_what_was_done(file, capsys):
    assert run_fix(file) == 0

    told = capsys.readouterr().out.splitlines()
    assert told[:8] == [
        "--- livekit-sip.yaml",
        "+++ livekit-sip.yaml (fixed)",
        "@@ -1,2 +1,3 @@",
        f" {R.strip()}",
        "-log_level: debug # why",
        "+logging:",
        "+  level: debug # why",
        "fixed: log_level becomes logging.level, the existing key",
    ]
    assert re.search(r"written; the old one is \S+\.bak$", told[-1])


def test_a_dry_run_shows_the_same_and_writes_nothing(file, capsys):
    before = file.read_bytes()

    assert run_fix(file, "--dry-run") == 1
    dry = capsys.readouterr().out.splitlines()
    assert (file.read_bytes(), list(file.parent.iterdir())) == (before, [file])
    assert dry[-1] == "livekit-sip.yaml (livekit-sip): nothing was written"
    run_fix(file)
    assert capsys.readouterr().out.splitlines()[:-1] == dry[:-1]
    assert run_fix(file, "--dry-run") == 0


def test_a_dry_run_tells_what_would_hinder_the_writing(file, capsys):
    file.chmod(0o400)

    assert run_fix(file, "--dry-run") == 1
    assert "It cannot be written: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (R, 0),
        (R + "sip_prot: 5060\n", 0),
        (R + "sip_prot: 5060\ntrunks: []\n", 1),
        (R + "trunks: []\n", 1),
        ("redis: [\n", 1),
    ],
)
def test_the_status_says_whether_something_is_left(file, text, status):
    file.write_text(text)

    assert run_fix(file) == status
    assert run_fix(file) == status


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--wish", "immortality"], "no such wish"),
        (["--wish", "health-check=0"], "needs a port"),
        (["--service", "livekit"], "invalid choice"),
        ([], "required: FILE"),
    ],
)
def test_an_option_that_cannot_be_used_is_status_4(file, capsys, arguments, words):
    files = [str(file)] if arguments else []
    with pytest.raises(SystemExit) as ended:
        main.main(["config", "fix", *files, *arguments])

    assert ended.value.code == 4
    assert words in capsys.readouterr().err


def test_all_wishes_are_answered_and_the_one_that_can_be_is_granted(file, capsys):
    assert run_fix(file, "--wishes", "--wish", "health-check=8123") == 0

    told = capsys.readouterr().out
    assert [line.split()[1] for line in told.splitlines() if line.startswith("wish:")] == [
        "health-check",
        *(name for name in WISHES if name != "health-check"),
    ]
    assert file.read_text().endswith("level: debug # why\nhealth_port: 8123\n") or (
        "\nhealth_port: 8123\n" in file.read_text()
    )


def test_a_wish_that_stands_in_the_file_gets_its_answer(file, capsys):
    file.write_text(R + "reconnect_delay: 1s\n")

    assert run_fix(file) == 1
    assert f"      reconnect: {WISHES['reconnect'].answer}" in capsys.readouterr().out.splitlines()


def test_a_file_of_neither_service_needs_to_be_told_whose_it_is(file, capsys):
    path = file.with_name("config.yaml")
    path.write_text(R)

    assert run_fix(path) == 4
    assert "Name it with --service" in capsys.readouterr().err
    assert run_fix(path, "--service", "livekit-server", "--dry-run") == 0
    assert run_fix(path, "--service", "livekit-sip") == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [("livekit-sip.yaml", SIP_WITH_SECRETS), ("livekit.yaml", SERVER_WITH_SECRETS)],
    ids=["sip", "server"],
)
@pytest.mark.parametrize("line_break", ["\n", "\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "marked"])
def test_no_secret_is_shown(tmp_path, capsys, name, text, line_break, mark):
    path = tmp_path / name
    path.write_bytes((mark + text.replace("\n", line_break)).encode())

    run_fix(path, "--dry-run", "--wishes")

    told = "".join(capsys.readouterr())
    assert "log_level" in told or "prot" in told
    assert {secret for secret in SECRETS if secret in told} == set()
    assert "APIabcdefgh12" not in told
    assert "***" in told


def test_a_masked_text_has_as_many_lines_and_all_that_is_no_secret():
    text = "a: 1\napi_secret: |\n  one\n  two\n\nb: 2 # c\nkeys: {APIabcdefgh12: abcdefgh}\n"

    masked = without_secrets(text)

    assert masked == "a: 1\napi_secret: ***\n***\n***\n***\nb: 2 # c\nkeys: {APIa...12: ***}\n"


def test_a_secret_with_an_anchor_is_masked_where_it_stands_without_it_too():
    text = f"redis: {{address: 'h:1', password: &p '{a}', x: *p}}\nroom: x{a}\n# {a}\n"

    assert a not in without_secrets(text)


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("# password: hunter2", "# password: ***"),
        ("a: 1 # secret=x y", "a: 1 # secret=***"),
        ("# was 9f3c1d7a5b2e4860", "# was ***"),
        ("# an ordinary-remark-of-some-length", "# an ordinary-remark-of-some-length"),
        ("url: redis://u:pw@h:1/", "url: redis://***@h:1/"),
        ("url: http://h/?a=b&c=d", "url: http://h/?a=***&c=***"),
    ],
)
def test_what_may_open_something_is_masked_wherever_it_stands(line, masked):
    assert without_secrets(f"{line}\n") == f"{masked}\n"


def test_a_change_in_the_line_of_a_secret_is_seen():
    assert list(diff("x: 1\napi_secret : 'abcd'\n", "x: 1\napi_secret : abcd\n", "f")) == [
        "--- f",
        "+++ f (fixed)",
        "@@ -1,2 +1,2 @@",
        " x: 1",
        "-api_secret : ***",
        "+api_secret : ***",
    ]


def test_a_diff_tells_of_a_missing_line_break_and_writes_control_characters_out():
    assert list(diff("# \x1b[2J\na: 1", "# \x1b[2J\na: 2", "f"))[3:] == [
        " # \\x1b[2J",
        "-a: 1",
        "\\ No newline at end of file",
        "+a: 2",
        "\\ No newline at end of file",
    ]


def test_a_diff_of_equal_texts_is_empty():
    assert list(diff(K, K, "f")) == []
