"""
The JSON Schema of profiles for editors: current, and consistent with the loader.
"""

from __future__ import annotations

import json
import re

import pytest
import yaml
from jsonschema import Draft202012Validator

from livekit_conformance.environments.loader import is_profile, load
from livekit_conformance.environments.problems import ProfileError
from livekit_conformance.environments.variable_checks import DEPLOYMENT_VARIABLES
from tests.packaging.generated import CHECKOUT, texts

CONFIG = CHECKOUT / "config"
SCHEMA = json.loads((CONFIG / "profile.schema.json").read_text(encoding="utf-8"))
PROFILES = [path for path in sorted(CONFIG.rglob("*.yaml")) if is_profile(path)]
MODELINE = re.compile(r"# yaml-language-server: \$schema=(\S+)\n")
MOCK = "kind: mock\nallow: [read]\n"
ACCEPTED = (
    "known_issues: [{clause: 1.1-key-is-accepted, reason: r, owner: o, expires: 2027-01-01}]\n"
)
LIVE = "kind: live\nallow: [read]\n"


def problems(text):
    # An editor treats YAML dates as text.
    document = json.loads(json.dumps(yaml.safe_load(text), default=str))
    return [*Draft202012Validator(SCHEMA).iter_errors(document)]


@pytest.mark.parametrize("path", texts(), ids=lambda path: path.name)
def test_generated_files_are_current(path):
    assert path.read_text(encoding="utf-8") == texts()[path], "run: make generated"


def test_the_example_names_the_nine_variables_and_no_value():
    lines = (CHECKOUT / ".env.example").read_text(encoding="utf-8").splitlines()
    names, values = zip(
        *(line.split("=", 1) for line in lines if line and not line.startswith("#")), strict=True
    )

    assert set(DEPLOYMENT_VARIABLES) <= set(names)
    assert set(values) == {""}


def test_it_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_shipped_profiles_fit_and_name_it(path):
    text = path.read_text(encoding="utf-8")
    named = MODELINE.match(text)

    assert problems(text) == []
    assert named, "the first line names the schema"
    assert (path.parent / named[1]).resolve() == CONFIG / "profile.schema.json"


@pytest.mark.parametrize(
    "text",
    [
        MOCK + "webhook: {tiemout: 5s}\n",
        MOCK + "webhok: {}\n",
        MOCK + "webhook: {timeout: 5}\n",
        MOCK + "webhook: {timeout: 5 parsecs}\n",
        MOCK + "webhook: {listen: localhost}\n",
        MOCK + "webhook: {url: 'ftp://example.com/'}\n",
        MOCK + "livekit: {url: example.com}\n",
        MOCK + "limits: {rooms: 0}\n",
        MOCK + "limits: {rooms: many}\n",
        MOCK + "sip: {transport: upd}\n",
        MOCK + "sip: {provider: perhaps}\n",
        MOCK + "sip: {server: 'sip:example.com'}\n",
        MOCK + "sip: {server: example.com, number: '1,2'}\n",
        MOCK + "rooms: {name_pattern: voice-ai-call}\n",
        MOCK + "rooms: {call_id: caler}\n",
        MOCK + "agent: absent\n",
        MOCK + "redis: localhost:6379\n",
        MOCK + "logs: [{service: livekit-sip}]\n",
        MOCK + "logs: [{service: livekit-sip, path: a.log, command: [cat, a.log]}]\n",
        MOCK + "known_issues: [{clause: 1.1-nothing, reason: r, owner: o, expires: 2027-01-01}]\n",
        MOCK + "known_issues: [{clause: 1.1-key-is-accepted, reason: r, owner: o}]\n",
        MOCK + "phone_numbers: hidden\n",
        "kind: mok\nallow: [read]\n",
        "kind: mock\nallow: [reed]\n",
        "kind: mock\n",
        LIVE,
        LIVE + "livekit: {url: 'wss://example.com', api_key: key}\n",
    ],
)
def test_what_the_loader_refuses_it_refuses(text, tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ProfileError):
        load(str(path), environ={}, env_file=None, config_dir=tmp_path)
    assert problems(text)


@pytest.mark.parametrize(
    "text",
    [
        MOCK,
        MOCK + "livekit: {url: null, api_key: '', api_secret: null}\n",
        MOCK + "webhook: {timeout: 500ms, listen: '127.0.0.1:8000', url: 'https://[::1]:8443/x'}\n",
        MOCK + "sip: {server: 'example.com:5060', number: '+15550123', provider: true}\n",
        MOCK + "limits: {rooms: '${ROOMS}', run: '${RUN}'}\nagent: ${AGENT}\n",
        MOCK + "redis: '${REDIS}'\nsip: {server: '${HOST}:${ROOMS}', number: '${ROOMS}'}\n",
        MOCK + "rooms: {name_pattern: 'call-{call_id}-x', call_id: 'regex:[0-9]+'}\n",
        MOCK + "logs: [{service: application, path: null, command: [cat, a.log]}]\n",
        MOCK + ACCEPTED,
        LIVE + "livekit: {url: 'wss://example.com', api_key: key, api_secret: long-enough}\n",
    ],
)
def test_what_the_loader_takes_it_takes(text, tmp_path):
    path = tmp_path / "right.yaml"
    path.write_text(text, encoding="utf-8")
    environ = {
        "ROOMS": "3",
        "RUN": "60s",
        "AGENT": "none",
        "HOST": "example.com",
        "REDIS": "redis://localhost:6379",
    }

    load(str(path), environ=environ, env_file=None, config_dir=tmp_path)
    assert problems(text) == []
