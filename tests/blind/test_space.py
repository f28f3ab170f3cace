"""
The generator of faults: it covers the tables that it is made from, and a seed always chooses alike.
"""

from __future__ import annotations

import json

import pytest
import yaml
from livekit import api

from livekit_conformance.config_doctor.services import SERVER, SIP
from tests.blind.changes import changed, edits, rewrite
from tests.blind.fault import ABSENT, Deployment, Thing, filled
from tests.blind.harmless import HARMLESS
from tests.blind.space import by_id, chosen, space
from tests.blind.values import misspelt, wrong_values


def _leaves(keys, above=""):
    for name, kind in keys.items():
        path = f"{above}{name}"
        if isinstance(kind, dict) and kind and "*" not in kind:
            yield from _leaves(kind, f"{path}.")
        else:
            yield path


@pytest.mark.parametrize(
    ("thing", "keys"), [(Thing.SERVER, SERVER.keys), (Thing.SIP, SIP.keys)], ids=["server", "sip"]
)
def test_every_key_of_a_service_gets_wrong_values_and_is_misspelt(thing, keys):
    hows = {}
    for change in space()[thing]:
        hows.setdefault(change.path, set()).add(change.how)

    for path in _leaves(keys):
        assert "misspelt" in hows[path]
        assert len(hows[path]) > 1 or path == "rtc.stun_servers", path


def test_every_field_of_trunks_and_rules_is_changed():
    paths = {thing: {change.path for change in changes} for thing, changes in space().items()}

    for thing, message in (
        (Thing.INBOUND_TRUNK, api.SIPInboundTrunkInfo),
        (Thing.OUTBOUND_TRUNK, api.SIPOutboundTrunkInfo),
        (Thing.DISPATCH_RULE, api.SIPDispatchRuleInfo),
    ):
        fields = {field.name for field in message.DESCRIPTOR.fields}
        ours = {path.partition(".")[0] for path in paths[thing]}
        assert fields - ours <= {
            *("sip_trunk_id", "sip_dispatch_rule_id", "created_at", "updated_at")
        }
    assert "rule.dispatch_rule_callee.randomize" in paths[Thing.DISPATCH_RULE]
    assert "room_config.max_participants" in paths[Thing.DISPATCH_RULE]


def test_ids_are_unique_and_lead_back():
    changes = [change for of_thing in space().values() for change in of_thing]
    ids = [change.id for change in changes]
    assert len(set(ids)) == len(ids)

    for fault in chosen(3, 200):
        assert by_id(fault.id) == fault


def test_a_seed_always_chooses_the_same_faults():
    few, many = chosen(7, 20), chosen(7, 60)

    assert many[:20] == few
    assert few != chosen(8, 20)
    assert len({fault.id for fault in many}) == 60


def test_each_kind_of_fault_is_chosen():
    things = {change.thing for fault in chosen(1, 300) for change in fault.changes}

    assert things == set(Thing)
    assert any(len(fault.changes) == 2 for fault in chosen(1, 300))


def test_a_fault_of_the_application_is_played_with_the_application():
    for fault in chosen(2, 300):
        if any(change.thing is Thing.APPLICATION for change in fault.changes):
            assert fault.deployment is Deployment.APPLICATION


def test_twenty_kinds_of_harmless_changes():
    assert len(HARMLESS) >= 20


def test_no_value_leads_beyond_this_machine():
    urls = [
        word
        for changes in space().values()
        for change in changes
        for word in str(change.new).replace("'", " ").split()
        if "://" in word
    ]

    assert urls
    assert all("://{address}" in url or "{webhooks}" in url for url in urls), set(urls)


@pytest.mark.parametrize(
    ("kind", "old", "how", "new"),
    [
        ("bool", False, "on", True),
        ("int", ABSENT, "minus-one", -1),
        ("duration", ABSENT, "no-unit", "10x"),
        ("text", "{address}:6379", "shorter", "{address}:637"),
        ("text", "ws://{address}:7880", "another", "ws://{address}:7890"),
        (["text"], ["+15550123"], "another", ["+15550199"]),
        ({"*": "text"}, {"{key}": "{secret}"}, "another-name", {"{key}1": "{secret}"}),
    ],
)
def test_wrong_values(kind, old, how, new):
    assert dict(wrong_values(kind, "a.number", old))[how] == new


def test_the_healthy_value_is_no_fault():
    assert "one" not in dict(wrong_values("int", "a", 1))
    assert "absent" not in dict(wrong_values("bool", "a", ABSENT))


@pytest.mark.parametrize(("name", "wrong"), [("port", "potr"), ("sip_address", "sip_addrses")])
def test_misspelt(name, wrong):
    assert misspelt(name) == wrong


def test_a_misspelt_key_takes_the_value(tmp_path):
    path = tmp_path / "livekit.yaml"
    path.write_text("webhook: {urls: [http://127.0.0.1/], api_key: k}\n")
    change = next(
        one for one in space()[Thing.SERVER] if one.id == "livekit-server/webhook.urls/misspelt"
    )

    rewrite(path, filled(edits(change), {"webhooks": "http://127.0.0.1/"}))

    assert yaml.safe_load(path.read_text()) == {
        "webhook": {"ursl": ["http://127.0.0.1/"], "api_key": "k"}
    }


def test_a_field_of_another_kind_of_rule_replaces_the_rule():
    rule = api.SIPDispatchRuleInfo(
        rule=api.SIPDispatchRule(
            dispatch_rule_individual=api.SIPDispatchRuleIndividual(room_prefix="call-")
        )
    )

    new = changed(rule, "rule.dispatch_rule_direct.room_name", "lobby")

    assert new.rule.WhichOneof("rule") == "dispatch_rule_direct"
    assert rule.rule.dispatch_rule_individual.room_prefix == "call-"


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (Thing.INBOUND_TRUNK, api.SIPInboundTrunkInfo),
        (Thing.OUTBOUND_TRUNK, api.SIPOutboundTrunkInfo),
        (Thing.DISPATCH_RULE, api.SIPDispatchRuleInfo),
    ],
)
def test_every_change_of_a_message_can_be_made(thing, message):
    for change in space()[thing]:
        assert changed(message(), change.path, filled(change.new, {})) is not None


def test_values_are_data():
    for changes in space().values():
        for change in changes:
            json.dumps(change.new, default=repr)
