"""
Match of a call by the configured trunks and rules, and the finding where none matches.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretStr

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.doctor.findings import LinkMark
from livekit_conformance.doctor.trunks_and_rules import judge_line
from livekit_conformance.drivers.sip.source_address import Source
from livekit_conformance.environments.profile import Profile, Rooms, Sip
from livekit_conformance.protocol.dispatch import Rule, Trunk
from tests.doctor.conftest import complete, the_problem, wrong

DIALLED, CALLER = "+15550123", "+15550100"
PASSWORD = "made-up-trunk-password"
TRUNK = Trunk("ST_a", numbers=(DIALLED,), auth_username="carrier", auth_password=PASSWORD)
RULE = Rule("SDR_a", "individual", "voice-ai-call-", random_suffix=True, trunk_ids=("ST_a",))
HERE = Source("192.0.2.7", "192.0.2.7")


def judge(trunks, rules, source=HERE, rooms=None, **sip):
    account = {"server": "sip.test", "number": DIALLED, "caller": CALLER, "username": "carrier"}
    profile = Profile(
        kind="live",
        allow=frozenset({"read"}),
        sip=Sip(**{**account, "password": SecretStr(PASSWORD), **sip}),
        rooms=rooms or Rooms(),
    )
    found = complete(judge_line(trunks, rules, profile, source))
    for finding in found:
        assert PASSWORD not in f"{finding}"
    return found


def test_a_line_in_order_says_trunk_rule_and_room():
    found = judge([TRUNK], [RULE])

    assert wrong(found) == []
    assert [f.link for f in found] == [
        Link.TRUNK,
        Link.CREDENTIALS,
        Link.DISPATCH,
        Link.ROOM_NAME,
    ]
    assert "`voice-ai-call-_+15550100_<12 random characters>`" in found[-1].text.en
    assert "`voice-ai-call-_+15550100_<12 случайных символов>`" in found[-1].text.ru


def test_no_trunk_at_all():
    found = judge([], [])

    assert [f.link for f in wrong(found)] == [Link.TRUNK, Link.DISPATCH]
    assert "there is no inbound trunk" in found[0].text.en
    assert f"numbers: [{DIALLED}]" in found[0].remedy.en


def test_a_trunk_for_another_number_is_named_with_its_numbers():
    other = Trunk("ST_b", name="old", numbers=("+15550199", "+15550198", "+15550197", "+15550196"))

    (no_trunk, *_) = judge([other], [RULE])

    assert no_trunk.link is Link.TRUNK
    assert "`ST_b` (old): `numbers` has `+15550199`" in no_trunk.text.en
    assert "+1, not `+15550123`" in no_trunk.text.en
    assert "lk sip inbound update" in no_trunk.remedy.en


def test_a_number_that_lacks_its_country_code_is_told_as_such():
    (no_trunk, *_) = judge([Trunk("ST_b", numbers=("5550123",))], [])

    assert "`+15550123` is listed as `5550123` in `numbers`" in no_trunk.text.en
    assert no_trunk.remedy.en.startswith("Add `+15550123` to `numbers` of `ST_b`")


def test_a_rule_that_lists_the_number_without_its_plus_is_told_as_such():
    rule = Rule("SDR_a", "individual", trunk_ids=("ST_a",), numbers=("15550123",))

    found = the_problem(judge([TRUNK], [rule]))

    assert found.link is Link.DISPATCH
    assert "`+15550123` is listed as `15550123` in `numbers`" in found.text.en
    assert "rules compare numbers exactly" in found.text.en
    assert "сравнивают номера посимвольно" in found.text.ru
    assert "`+15550123` to `numbers` of `SDR_a`" in found.remedy.en


def test_a_rule_that_lists_the_caller_otherwise_is_told_as_such():
    rule = Rule("SDR_a", "individual", inbound_numbers=("15550100",))

    found = the_problem(judge([TRUNK], [rule]))

    assert "`+15550100` is listed as `15550100` in `inbound_numbers`" in found.text.en


def test_a_rule_for_another_trunk_names_the_trunk_and_what_nearly_fits_comes_first():
    other = Rule("SDR_b", "direct", "hall", trunk_ids=("ST_x",))
    near = Rule("SDR_c", "direct", "hall", numbers=("15550123",))

    found = the_problem(judge([TRUNK], [other, near]))

    assert "`SDR_b`: is for trunk `ST_x`" in found.text.en
    assert found.text.en.index("SDR_c") < found.text.en.index("SDR_b")


def test_without_rules_the_remedy_names_the_trunk():
    found = the_problem(judge([TRUNK], []))

    assert found.link is Link.DISPATCH
    assert "trunk_ids: [ST_a]" in found.remedy.en


def test_only_so_many_rules_are_told_and_the_rest_counted():
    rules = [Rule(f"SDR_{n}", "direct", f"hall-{n}", numbers=(f"+1555016{n}",)) for n in range(9)]

    found = the_problem(judge([TRUNK], rules))

    assert found.text.en.endswith("; and 3 more")


def test_a_source_that_is_not_allowed_is_named():
    fenced = Trunk("ST_a", numbers=(DIALLED,), allowed_addresses=("198.51.100.0/24",))

    (no_trunk, *_) = judge([fenced], [RULE])

    assert no_trunk.link is Link.TRUNK
    assert "does not include `192.0.2.7`" in no_trunk.text.en
    assert "`192.0.2.7/32`" in no_trunk.remedy.en


def test_a_source_that_is_not_known_is_told_and_is_no_problem():
    fenced = Trunk("ST_a", numbers=(DIALLED,), allowed_addresses=("198.51.100.0/24",))

    found = judge([fenced], [RULE], source=Source())

    assert wrong(found) == []
    assert "is not known" in found[0].text.en


def test_a_caller_that_is_not_allowed_is_named():
    (no_trunk, *_) = judge([Trunk("ST_a", allowed_numbers=("+15550177",))], [RULE])

    assert "`allowed_numbers` has `+15550177`, not `+15550100`" in no_trunk.text.en


def test_two_trunks_for_the_number_are_a_problem_and_both_are_named():
    found = the_problem(judge([TRUNK, Trunk("ST_b", numbers=(DIALLED,))], [RULE]))

    assert found.link is Link.TRUNK
    assert "Multiple SIP Trunks matched" in found.text.en
    assert "ST_a" in found.text.en and "ST_b" in found.text.en
    assert "lk sip inbound delete ID" in found.remedy.en


def test_whether_the_source_tells_two_trunks_apart_is_not_looked_at():
    fenced = Trunk("ST_b", numbers=(DIALLED,), allowed_addresses=("198.51.100.0/24",))

    (found,) = judge([TRUNK, fenced], [RULE], source=Source())

    assert (found.link, found.mark) == (Link.TRUNK, LinkMark.NOT_CHECKED)


def test_two_equal_rules_are_a_problem():
    found = the_problem(judge([TRUNK], [RULE, Rule("SDR_b", "direct", "h", trunk_ids=("ST_a",))]))

    assert found.link is Link.DISPATCH
    assert "lk sip dispatch delete" in found.remedy.en


def test_a_conflict_of_other_callers_is_a_problem_and_the_call_is_still_told():
    ours = replace(TRUNK, allowed_numbers=(CALLER,))
    one = Trunk("ST_b", numbers=(DIALLED,), allowed_numbers=("+15550177",))
    two = Trunk("ST_c", numbers=(DIALLED,), allowed_numbers=("+15550177",))

    (told, *rest) = judge([ours, one, two], [RULE])

    assert (told.link, told.mark) == (Link.LINE, LinkMark.PROBLEM)
    assert wrong(rest) == []
    assert {Link.TRUNK, Link.DISPATCH} <= {f.link for f in rest}


def test_half_an_account_lets_strangers_in_which_is_a_problem():
    found = the_problem(judge([Trunk("ST_a", numbers=(DIALLED,), auth_username="carrier")], [RULE]))

    assert found.link is Link.STRANGERS
    assert "no auth_password" in found.text.en
    assert "нет `auth_password`" in found.text.ru


def test_the_host_of_from_is_one_of_the_sources_that_a_trunk_may_allow():
    fenced = Trunk("ST_a", numbers=(DIALLED,), allowed_addresses=("10.0.0.7",))

    assert wrong(judge([fenced], [RULE], source=Source("192.0.2.7", "10.0.0.7"))) == []


def test_a_trunk_that_asks_for_an_account_the_profile_does_not_have():
    found = the_problem(judge([TRUNK], [RULE], username="", password=SecretStr("")))

    assert found.link is Link.CREDENTIALS
    assert "sip.username is empty" in found.text.en
    assert "SIP_USERNAME" in found.remedy.en


@pytest.mark.parametrize(
    ("account", "told"),
    [
        ({"username": "other"}, "sip.username is not auth_username of trunk ST_a"),
        ({"password": SecretStr("another-password")}, "sip.password is not auth_password"),
    ],
    ids=["user", "password"],
)
def test_another_account_than_the_trunks(account, told):
    found = the_problem(judge([TRUNK], [RULE], **account))

    assert told in found.text.en
    assert "another-password" not in f"{found}"


def test_the_account_of_a_provider_is_not_compared_with_the_trunk():
    assert (
        wrong(judge([TRUNK], [RULE], source=Source(), username="at-provider", provider=True)) == []
    )


def test_a_rule_for_all_trunks_takes_strangers_which_is_a_warning():
    (found,) = wrong(
        judge(
            [Trunk("ST_b", numbers=("+15550199",))], [Rule("SDR_a", "individual", "voice-ai-call-")]
        )
    )[:1]

    assert (found.link, found.mark) == (Link.TRUNK, LinkMark.WARNING)
    assert "stranger" in found.text.en


def test_a_rule_with_a_pin_is_a_warning():
    pinned = Rule("SDR_a", "direct", "voice-ai-call-hall", pin="4711")

    found = judge([TRUNK], [pinned])

    (warned,) = wrong(found)
    assert (warned.link, warned.mark) == (Link.DISPATCH, LinkMark.WARNING)
    assert "4711" not in f"{found}"
    assert found[-1].link is Link.ROOM_NAME and found[-1].mark is LinkMark.OK


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        (Rule("SDR_a", "individual", "call"), "`room_prefix` of rule `SDR_a` (now `call`)"),
        (Rule("SDR_a", "direct", "hall"), "`room_name` of rule `SDR_a` (now `hall`)"),
    ],
    ids=["individual", "direct"],
)
def test_a_room_name_that_does_not_fit_names_the_key_to_change(rule, key):
    found = the_problem(judge([TRUNK], [rule]))

    assert found.link is Link.ROOM_NAME
    assert key in found.remedy.en


def test_a_call_id_that_does_not_fit_is_told():
    found = the_problem(judge([TRUNK], [RULE], rooms=Rooms(call_id="dialled")))

    assert "call_id dialled" in found.text.en
