"""
Of generated secrets, no output of any command shows eight characters in a row.

A cell is an echo of a secret in one output. EXAMPLES=10000 in the environment tries so many cells
of each test below, and SEED=... begins with another seed than 1.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from livekit_conformance.cli import main
from livekit_conformance.environments.loader import load
from livekit_conformance.environments.problems import ProfileError
from livekit_conformance.environments.scrubbing import scrubber_of
from tests.reporting.planted import KINDS, PROFILE, Planted, outputs
from tests.secrets.generated import ALPHABETS, PLACES, Generator, seen, traces
from tests.secrets.test_shapes import CREDENTIAL_SHAPES, SHAPES

EXAMPLES = int(os.environ.get("EXAMPLES", "400"))
SEED = int(os.environ.get("SEED", "1"))
ECHOES = 40
LEARN = """
@pytest.fixture(autouse=True, scope="session")
def made(request):
    for proof in os.environ["MADE"].split():
        request.config.stash[RUN].recorder.redact.learn(proof)
"""
SERVER = """\
# was {0}
port: 7880
keys: {{APIabcd1234: {1}, APIefgh5678: &anchored {2}}}
redis: {{address: "h:1", password: *anchored, sentinel_password: {3}}}
turn: {{secret: {4}, domain: {2}}}
webhook: {{urls: [{5}], api_key: APIabcd1234}}
prot: {2}
"""
SIP = """\
api_key: APIabcd1234
api_secert: {0}
api_secret: {1}
# password: {2}
redis: {{address: "h:1", password: {3}}}
ws_url: {5}
{4}: 1
"""


def generators(cells):
    """Yield a generator for each seed; `cells` is the number that a seed makes."""
    for seed in range(SEED, SEED + max(1, EXAMPLES // cells)):
        yield seed, Generator(seed)


def loaded(folder, secrets):
    """Return the profile with these secrets in its places."""
    Path(folder, "planted.yaml").write_text(PROFILE, encoding="utf-8")
    environ = {
        f"PLANTED_{place.upper().replace('-', '_')}": secret.written
        for place, secret in secrets.items()
    }
    return load("planted", environ=environ, env_file=None, config_dir=Path(folder)).profile


def echoes(generator, secrets, made, number):
    """Return texts with the secrets of a profile, and with what a run made itself."""
    for n in range(number):
        if n % 5 == 0:
            yield generator.echo(generator.dice.choice(made), "base64url", ("as it is", "JSON"))
        else:
            secret = generator.dice.choice([*secrets.values()])
            yield generator.echo(secret.plain, secret.alphabet)


def profile_secrets(generator):
    return {place: generator.secret(place) for place in PLACES}


def leak(told, told_forms, where):
    found = seen(traces(told_forms), told)
    assert not found, f"{where}: {sorted(found)[:3]}"


def test_the_scrubber_shows_none_of_a_generated_secret(tmp_path):
    for seed, generator in generators(100):
        secrets = profile_secrets(generator)
        made = [generator.token(), generator.digest()]
        clean = scrubber_of(loaded(tmp_path, secrets))
        for proof in made:
            clean.learn(proof)
        for echo in echoes(generator, secrets, made, 100):
            form = echo.form.rpartition(".")[2]
            leak(clean(echo.text), [form], f"seed {seed}, {echo.how}, {echo.form}")


async def run_with(generator, folder, monkeypatch, **options):
    secrets = profile_secrets(generator)
    made = [generator.token(), generator.digest()]
    told = [*echoes(generator, secrets, made, ECHOES)]
    planted = Planted(
        folder,
        [LEARN, *KINDS.values()],
        known={place: secret.written for place, secret in secrets.items()},
        texts=[echo.text for echo in told],
    )
    monkeypatch.setenv("MADE", " ".join(made))
    await planted.run(**options)
    return planted, told


async def test_no_output_of_a_run_shows_a_generated_secret(tmp_path, monkeypatch):
    for seed, generator in generators(ECHOES * len(outputs(tmp_path))):
        planted, told = await run_with(generator, tmp_path / str(seed), monkeypatch)

        assert "unfit" not in planted.console
        forms = [echo.form.rpartition(".")[2] for echo in told]
        for name, paths in outputs(planted.folder).items():
            for path in filter(Path.is_file, paths):
                leak(path.read_text("utf-8", "replace"), forms, f"seed {seed}, {name}")


async def test_without_redaction_the_scan_names_every_output_with_a_generated_secret(
    tmp_path, monkeypatch
):
    planted, _ = await run_with(Generator(SEED), tmp_path / "raw", monkeypatch, redacted=False)

    named = planted.console.partition("unfit for a ticket")[2]
    for name, paths in outputs(planted.folder).items():
        assert name == "console" or any(f"{path.name}: holds a secret" in named for path in paths)


def test_diagnose_shows_none_of_a_generated_secret(tmp_path, capsys):
    for seed, generator in generators(40):
        secrets, texts = [], []
        for shape in generator.dice.sample(SHAPES, 8):
            # Without quotes or an equals sign, what is no credential by its characters is prose.
            may_hold_anything = any(mark in shape for mark in "='\"`|>") and "://" not in shape
            alphabet = "printable" if may_hold_anything and "Cookie" not in shape else "base64url"
            characters = ALPHABETS[alphabet].translate(dict.fromkeys(map(ord, "&,;<>()[]{}|")))
            secrets.append(f"k7{generator.text(characters, 18)}")
            text = shape.format(secrets[-1])
            texts.append(text)
        for number in range(12):
            # What no quotes or brackets delimit is recognised by its characters.
            secrets.append(f"k7Q{generator.text(ALPHABETS['base64url'], 17)}")
            shape = generator.dice.choice(CREDENTIAL_SHAPES)
            by_name = generator.shown_by_name(secrets[-1])
            texts.append(shape.format(secrets[-1]) if number < 4 else by_name)
        lines = [
            f"panic: {text}"
            if generator.dice.random() < 0.3 and "\n" not in text
            else json.dumps({"level": "error", "msg": text, "error": "e"})
            for text in texts
        ]
        log = tmp_path / "log"
        log.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        for options in ([], ["--json"]):
            main.main(["diagnose", str(log), *options])
            leak("".join(capsys.readouterr()), secrets, f"seed {seed}: {lines}")


def test_config_shows_none_of_a_generated_secret(tmp_path, capsys):
    for seed, generator in generators(40):
        secrets = [generator.secret() for _ in range(6)]
        written = [json.dumps(secret.plain) for secret in secrets]
        url = json.dumps(f"http://user:{generator.secret('url-password').written}@h/?token=abc")
        for name, text in (("livekit.yaml", SERVER), ("livekit-sip.yaml", SIP)):
            file = tmp_path / name
            file.write_text(text.format(*written[:5], url), encoding="utf-8")
            for command in (["check"], ["check", "--json"], ["fix", "--dry-run"]):
                main.main(["config", *command, str(file)])
                told = "".join(capsys.readouterr())
                leak(told, [secret.plain for secret in secrets], f"seed {seed}, {command}")


def test_a_misspelt_profile_shows_none_of_a_generated_secret(tmp_path):
    for seed, generator in generators(6):
        secret = generator.text("abcdefgXYZ0123456789!$*+-./=?^_~", 20)
        for livekit in (
            f"{{url: 'ws://h', api_secret:{secret}}}",
            f"{{url: 'ws://h', {secret}}}",
            f"\n  api_secret:{secret}",
            f"\n  api_secret: *{secret}",
            f"\n  api_secret: !{secret}",
            f"\n  api_secret {secret}",
        ):
            file = tmp_path / "wrong.yaml"
            file.write_text(f"kind: live\nallow: [read]\nlivekit: {livekit}\n", encoding="utf-8")
            with pytest.raises(ProfileError) as error:
                load(str(file), environ={}, env_file=None, config_dir=tmp_path)
            leak(str(error.value), [secret], f"seed {seed}: {livekit}")
