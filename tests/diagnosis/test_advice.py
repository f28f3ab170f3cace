"""
Advice on a broken link without a known cause: it fits the hosting of the deployment.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import pytest

from livekit_conformance.catalogue.causes import BY_ID as CAUSE_BY_ID
from livekit_conformance.catalogue.causes import CAUSES, redis_state
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import Need
from livekit_conformance.catalogue.clause_words import CLAUSE_WORDS
from livekit_conformance.catalogue.clauses import BY_ID, CLAUSES
from livekit_conformance.catalogue.hosting import Hosting, fitting, look_at
from livekit_conformance.diagnosis.advice import missing_needs, next_step
from livekit_conformance.diagnosis.diagnose import diagnose
from livekit_conformance.diagnosis.model import UNKNOWN
from livekit_conformance.environments.hosting import hosting_of
from livekit_conformance.environments.profile import Profile
from livekit_conformance.verdict import Verdict
from livekit_conformance.wording import LANGUAGES
from tests.diagnosis.signs import call, record
from tests.russian import english_in

ANSWERED = "1.5-call-is-answered"
JOINED = "1.1-sip-service-joins-the-server"
# What a deployment of this kind does not have. A file that is tested was fetched before.
_FILE = r"(?<!check )(?<!yaml )(?<!> )(?<!config: )livekit(-sip)?\.yaml"
_FOREIGN = {
    Hosting.SELF: r"docker|kubectl|dashboard|панел",
    Hosting.DOCKER: r"kubectl|journalctl|systemctl|dashboard|панел",
    Hosting.KUBERNETES: rf"docker|journalctl|systemctl|dashboard|панел|{_FILE}",
    Hosting.CLOUD: rf"docker|kubectl|{_FILE}|[Rr]edis|tcpdump -n port 5060|ss -lntup"
    r"|livekit-(server|sip)'s|[Жж]урнал\w* livekit-(server|sip)",
}
# Words about this machine, the application or the network, whatever runs the services.
_ANYWHERE = re.compile(
    r"docker --env-file|host\.docker\.internal|`docker ps -a`|journalctl -u systemd-timesyncd"
    r"|livekit-(server|sip)'s (machine|address)"
)
_NOT_ON_CLOUD = {
    Need.SERVER_LOG,
    Need.SIP_LOG,
    Need.REDIS,
    Need.SERVER_CONFIG,
    Need.SIP_CONFIG,
    Need.STACK,
}
# Observations of logs, Redis, files and clocks: nobody has them there.
_KINDS_NOT_ON_CLOUD = {"log", "bus", "config", "outage", "clock-jump"}


def skipped(clause, reason="not-configured"):
    return replace(record(clause, Verdict.SKIPPED), reason=reason)


def profile(**more):
    return Profile(kind="live", allow=frozenset(), **more)


@pytest.mark.parametrize(
    ("given", "hosting"),
    [
        ({}, Hosting.SELF),
        ({"livekit": {"url": "wss://project.livekit.cloud"}}, Hosting.CLOUD),
        ({"livekit": {"url": "wss://livekit.cloud.example.com"}}, Hosting.SELF),
        ({"hosting": "kubernetes", "livekit": {"url": "wss://p.livekit.cloud"}}, "kubernetes"),
        ({"logs": [{"service": "livekit-sip", "path": "/var/log/docker"}]}, Hosting.SELF),
        (
            {"logs": [{"service": "livekit-sip", "command": ["docker", "compose", "logs"]}]},
            Hosting.DOCKER,
        ),
        (
            {"logs": [{"service": "livekit-sip", "command": ["/usr/bin/kubectl", "logs"]}]},
            Hosting.KUBERNETES,
        ),
        ({"logs": [{"service": "livekit-sip", "command": ["ssh", "docker"]}]}, Hosting.SELF),
    ],
)
def test_the_hosting_is_told_by_the_profile_or_seen_in_it(given, hosting):
    assert hosting_of(profile(**given)) is Hosting(hosting)


@pytest.mark.parametrize("hosting", Hosting)
@pytest.mark.parametrize("link", Link)
def test_no_link_sends_anybody_to_what_the_hosting_does_not_have(link, hosting):
    every = frozenset(Need)
    for missing in (frozenset(), every, *(frozenset({need}) for need in Need)):
        step = next_step(link, (), hosting, missing)
        for language in LANGUAGES:
            assert not re.search(_FOREIGN[hosting], step.say(language)), step.say(language)


@pytest.mark.parametrize(
    ("clause", "hosting"),
    [
        pytest.param(clause, hosting, id=f"{clause.id}-{hosting}")
        for clause, hosting in product(CLAUSES, Hosting)
        # Nobody can test the others there.
        if hosting is not Hosting.CLOUD or _NOT_ON_CLOUD.isdisjoint(clause.needs)
    ],
)
def test_no_clause_sends_anybody_to_what_the_hosting_does_not_have(clause, hosting):
    step = next_step(clause.link, [record(clause.id)], hosting)

    for language in LANGUAGES:
        assert not re.search(_FOREIGN[hosting], step.say(language)), step.say(language)


@pytest.mark.parametrize("hosting", Hosting)
@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_no_fix_sends_anybody_to_what_the_hosting_does_not_have(cause, hosting):
    is_hidden = {sign.kind for sign in cause.shows} <= _KINDS_NOT_ON_CLOUD
    if hosting is Hosting.CLOUD and (is_hidden or cause.id in redis_state.IDS):
        return
    fix = fitting(cause.fix, cause.link, hosting)

    for language in LANGUAGES:
        said = _ANYWHERE.sub("", fix.say(language))
        assert not re.search(_FOREIGN[hosting], said), said
        assert not re.search(r"[{]\w+[}]", said.replace("{call_id}", "")), said


@pytest.mark.parametrize(
    ("cause", "hosting", "named"),
    [
        ("sip-service-key-refused", Hosting.SELF, "`api_secret` in livekit-sip.yaml"),
        ("sip-service-key-refused", Hosting.DOCKER, "`docker compose restart sip`"),
        ("sip-service-key-refused", Hosting.KUBERNETES, "in the ConfigMap of livekit-sip"),
        ("sip-service-key-refused", Hosting.CLOUD, "dashboard of LiveKit Cloud (Telephony"),
        ("webhooks-go-elsewhere", Hosting.KUBERNETES, "in values.yaml of the Helm chart"),
        ("endpoint-path-is-wrong", Hosting.CLOUD, "dashboard of LiveKit Cloud (Settings, Webh"),
        ("redis-is-full", Hosting.KUBERNETES, "kubectl exec deploy/redis -- redis-cli CONFIG"),
        ("rule-names-the-room-differently", Hosting.CLOUD, "before {call_id}: lk sip dispatch"),
    ],
)
def test_a_fix_names_the_places_of_the_hosting(cause, hosting, named):
    assert named in fitting(CAUSE_BY_ID[cause].fix, CAUSE_BY_ID[cause].link, hosting).en


def test_a_known_cause_is_reported_with_the_fix_for_the_hosting():
    refused = call("refused", 486, at_s=0.5)

    (found,) = diagnose([record(JOINED, link=Link.JOIN)], [refused], hosting=Hosting.CLOUD)

    assert found.id == "sip-service-cannot-join"
    assert found.fix == look_at(Link.JOIN, Hosting.CLOUD).en
    assert found.texts("ru")[2] == look_at(Link.JOIN, Hosting.CLOUD).ru
    # A result file has it in English.
    assert replace(found, advice=None).texts("en")[2] == found.fix


def test_the_advice_on_the_violated_clause_stands_where_its_own_link_is_broken():
    advice = fitting(CLAUSE_WORDS[JOINED].advice, Link.JOIN)

    assert next_step(Link.JOIN, [record(ANSWERED), record(JOINED)], Hosting.SELF) == advice
    assert next_step(Link.BUS, [record(JOINED)], Hosting.SELF) == look_at(Link.BUS, Hosting.SELF)
    untested = record(JOINED, Verdict.BLOCKED)
    assert next_step(Link.JOIN, [untested], Hosting.SELF) == look_at(Link.JOIN, Hosting.SELF)


@pytest.mark.parametrize(
    ("hosting", "line"),
    [
        (Hosting.SELF, "logs: [{service: livekit-sip, path: /var/log/livekit-sip.log}]"),
        (Hosting.DOCKER, "command: [docker, compose, logs, --follow"),
        (Hosting.KUBERNETES, "-l, app.kubernetes.io/name=livekit-sip]}]"),
    ],
)
def test_the_line_of_the_profile_that_decides_most_is_named(hosting, line):
    missing = frozenset({Need.SERVER_LOG, Need.SIP_LOG, Need.REDIS})

    step = next_step(Link.JOIN, [record(JOINED)], hosting, missing)

    for language in LANGUAGES:
        assert line in step.say(language)
        assert "redis:" not in step.say(language)
    assert english_in(step.ru) == []


def test_on_cloud_only_the_application_can_be_looked_at():
    missing = frozenset({Need.SERVER_LOG, Need.SIP_LOG, Need.APPLICATION_LOG})

    assert "logs: " not in next_step(Link.JOIN, (), Hosting.CLOUD, missing).en
    assert "{service: application, path:" in next_step(Link.AGENT, (), Hosting.CLOUD, missing).en


def test_a_need_is_missing_if_each_check_with_it_lacked_something():
    with_log, with_more = "1.4-refused-token-is-logged", "1.3-delivery-log-shows-success"
    assert BY_ID[with_log].needs == (Need.SERVER_LOG,)
    assert Need.SERVER_LOG in BY_ID[with_more].needs

    assert missing_needs([skipped(with_log)]) == {Need.SERVER_LOG}
    assert missing_needs([record(with_log), skipped(with_more)]) == {Need.ENDPOINT}
    assert missing_needs([skipped(with_log, "not-permitted")]) == set()


@pytest.mark.parametrize("hosting", Hosting)
def test_an_unknown_cause_says_what_to_do_with_this_hosting(hosting):
    records = [record(JOINED, link=Link.JOIN), skipped("1.4-refused-caller-is-logged")]

    (found,) = diagnose(records, [], (), hosting)

    step = next_step(Link.JOIN, records[:1], hosting, missing_needs(records))
    assert found.id == UNKNOWN
    assert found.fix == step.en
    assert [found.texts(language)[2] for language in LANGUAGES] == [step.en, step.ru]
