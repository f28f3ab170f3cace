"""
Agreement with the suites: on each mutant, `doctor` reports what the read-only checks turn red for.

`tests/mutants` proves which checks a mutant turns red.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import connector

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.doctor import examination, settings
from livekit_conformance.doctor.examination import examine
from livekit_conformance.doctor.findings import LinkMark
from livekit_conformance.environments.loader import load
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.scrubber import Scrubber
from tests.doctor.conftest import changed, wrong
from tests.mutants import configuration, tls
from tests.mutants.mutant import deployed
from tests.mutants.table import MUTANTS
from tests.scenarios.harness import write_profile

CONFIGS, ENDPOINT = "1.5-configs-agree", "1.3-server-config-names-the-endpoint"
# The clause that a finding is about: by its code, or by its link.
BY_CODE = {
    "api-key.secret-too-short": "1.1-secret-is-strong",
    "config.wrong": CONFIGS,
    "env-file.in-git": "1.1-env-file-is-private",
    "env-file.read-by-others": "1.1-env-file-is-private",
    "server.not-encrypted": "1.1-transport-is-encrypted",
    "tls.certificate-expires-soon": "1.1-tls-certificate-lasts",
    # Foretold from the list of trunks; its check places a call.
    "trunk.other-password": "1.1-trunk-accepts-right-password",
    "variable.absent-beside": "1.1-profile-is-complete",
    "variable.differs": "1.1-variables-are-set",
    "variable.empty": "1.1-profile-is-complete",
    "variable.empty-beside": "1.1-profile-is-complete",
    "variable.odd": "1.1-variables-are-sane",
    "variables.only-in-file": "1.1-variables-are-set",
}
BY_LINK = {
    Link.TLS: "1.1-tls-is-trusted",
    Link.SERVER: "1.1-server-answers",
    Link.NODE: "1.1-server-is-ready",
    Link.API_KEY: "1.1-key-is-accepted",
    Link.ENDPOINT_DNS: "1.3-endpoint-resolves",
    Link.ENDPOINT_SOCKET: "1.3-endpoint-accepts-connections",
    Link.ENDPOINT_TLS: "1.3-endpoint-tls-is-trusted",
    Link.LINE: "1.2-no-two-trunks-match",
    Link.ROOM_NAME: "1.2-dispatch-rules-produce-the-name",
    Link.SIP_SOCKET: "1.5-sip-answers-options",
    Link.BUS: "1.5-bus-has-a-server",
    Link.BUS_SIP: "1.5-bus-has-a-sip-service",
}
CLOCK = {LinkMark.PROBLEM: "1.1-clock-agrees", LinkMark.WARNING: "1.1-clock-is-exact"}
# Warnings and problems that no check looks for.
MORE = {
    "config.other-keys",
    "env-file.blanks",
    "env-file.bom",
    "env-file.comment",
    "env-file.crlf",
    "env-file.export",
    "profile.endpoint-on-loopback",
}
CLAUSES = {
    clause
    for clause in (ENDPOINT, *BY_CODE.values(), *BY_LINK.values(), *CLOCK.values())
    if BY_ID[clause].effect is Effect.READ
}
MARKS = {"MUST": LinkMark.PROBLEM, "SHOULD": LinkMark.WARNING}

# Their check warns: they hurt nobody.
WARNED_OF = {"file_has_an_invented_key": "SHOULD", "files_name_two_buses": "SHOULD"}


def red(mutant):
    """
    Return the clauses of the mutant's red checks, with the mark that `doctor` gives them.
    """
    clauses = {check.partition("[")[0] for check in mutant.red}
    level = WARNED_OF.get(mutant.id)
    return {(clause, MARKS[level or BY_ID[clause].level]) for clause in clauses}


def read_only(mutant):
    """
    Return those of them that `doctor` looks at.
    """
    return {(clause, mark) for clause, mark in red(mutant) if clause in CLAUSES}


READ_ONLY = [mutant for mutant in MUTANTS if read_only(mutant) and not mutant.embedded]
HARMLESS = [*configuration.NEUTRAL, *tls.NEUTRAL]


@asynccontextmanager
async def application(profile):
    """
    Listen where the profile's application does, which the doctor does not start.
    """
    host, _, port = profile.webhook.listen.rpartition(":")
    async with await asyncio.start_server(lambda _, writer: writer.close(), host, int(port)):
        yield changed(profile, "webhook", listen=None)


def clause_of(finding):
    if finding.what.data.get("key") == "webhook.urls":
        return ENDPOINT
    if finding.link is Link.CLOCK:
        return CLOCK[finding.mark]
    return BY_CODE.get(finding.what.code) or BY_LINK.get(finding.link, finding.what.code)


@pytest.mark.parametrize("mutant", [*READ_ONLY, *HARMLESS], ids=lambda mutant: mutant.id)
async def test_doctor_reports_what_the_checks_turn_red_for(mutant, tmp_path, monkeypatch):
    async with deployed(mutant, tmp_path) as (broken, environ), application(broken) as profile:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        # What counts is what was seen, however busy this machine is.
        monkeypatch.setattr(examination, "EACH_S", 30.0)
        if mutant.id != "http_silent":
            monkeypatch.setattr(examination, "_DRIVER_S", 20.0)
        # aiohttp reads the trusted authorities when it is imported.
        monkeypatch.setattr(connector, "_SSL_CONTEXT_VERIFIED", ssl.create_default_context())
        env = write_profile(profile, tmp_path / "profile.yaml")
        named = environ.get("LIVEKIT_CONFORMANCE_ENV_FILE")
        env_file = Path(named) if named else None
        loaded = load(env, environ=environ, env_file=env_file, config_dir=tmp_path)
        recorder = Recorder(Scrubber(loaded.profile.secrets()))
        found = [
            *settings.judge_loaded(loaded, env_file),
            *await examine(
                loaded.profile, recorder, environ=environ, whole=60.0, left_out=loaded.left_out
            ),
        ]

    told = {
        (clause_of(f), f.mark)
        for f in wrong(found)
        if f.what.code not in MORE
        # The check looks at errors in the files only.
        and ((f.what.code, f.mark) != ("config.wrong", LinkMark.WARNING) or mutant.id in WARNED_OF)
    }
    assert read_only(mutant) <= told <= red(mutant), [f.text.en for f in wrong(found)]


def test_each_clause_of_doctor_has_a_mutant_here():
    assert {clause for mutant in READ_ONLY for clause, _ in read_only(mutant)} == CLAUSES
