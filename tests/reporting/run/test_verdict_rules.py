"""
Verdict rules: what a check saw stays data, and its message is composed from it once.
"""

from __future__ import annotations

import errno
from datetime import date

import pytest

from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.environments.profile import KnownIssue, Profile
from livekit_conformance.errors import NOT_CARRIED, Blocked, Unreachable, Violation, not_applicable
from livekit_conformance.findings import Code, Finding, Says
from livekit_conformance.reporting.run.verdict_rules import (
    KNOWN_EXPIRED,
    KNOWN_NO_LONGER,
    KNOWN_UNTIL,
    MAY_BE_PERMITTED,
    NEEDS_A_LINK,
    NO_TIME_LEFT,
    NOT_CONFIGURED,
    NOT_PERMITTED,
    SET_UP_FAILED,
    Decision,
    after_attempts,
    clean_up_record,
    judged,
    repeated,
    withheld,
)
from livekit_conformance.reporting.text import words
from livekit_conformance.verdict import CheckRecord, Verdict
from tests.russian import english_in

CLAUSE = BY_ID["1.1-server-answers"]
CLAIM = CLAUSE.statement
TODAY = date(2026, 11, 30)
REASON = "see https://bugs.example/7; then https://bugs.example/8, in part"


def decided(error, *issues, today=TODAY):
    profile = Profile(kind="mock", allow=("read",), known_issues=issues)
    return judged(error, CLAUSE, profile, today=today)


def issue(reason=REASON):
    return KnownIssue(clause=CLAUSE.id, reason=reason, owner="team", expires=date(2026, 12, 31))


def attempt(verdict, **fields):
    return CheckRecord(
        CLAUSE.id, "", "1.1", CLAUSE.area, CLAUSE.level, CLAIM, Verdict(verdict), **fields
    )


def texts(decision):
    return decision.message, decision.beside_statement


@pytest.mark.parametrize(
    "seen", ["received 502", f"the page says: {CLAIM}; no more", f"{CLAIM}; {CLAIM}; 502"]
)
def test_what_was_seen_is_kept_even_if_it_holds_the_statement(seen):
    assert texts(decided(Violation(seen))) == (f"{CLAIM}; {seen}", seen)


def test_the_words_of_a_violation_are_not_searched_for_an_explanation_of_pytest():
    seen = "the body is\nassert nothing"

    assert texts(decided(Violation(seen))) == (f"{CLAIM}; {seen}", seen)
    assert decided(Violation("assert nothing")).seen == "assert nothing"


def test_an_assert_shows_its_message_or_what_pytest_explains():
    answer = 502
    with pytest.raises(AssertionError) as bare:
        assert answer == 200
    with pytest.raises(AssertionError) as worded:
        assert answer == 200, "received 502\nassert nothing"
    with pytest.raises(AssertionError) as mute:
        raise AssertionError

    assert decided(bare.value).seen == "seen: 502 == 200"
    assert decided(worded.value).seen == "received 502\n  assert nothing"
    assert texts(decided(mute.value)) == (CLAIM, None)


def test_what_is_no_violation_has_one_text():
    assert texts(decided(None)) == (None, None)
    assert texts(decided(Blocked("no redis", remedy="Install it"))) == (
        "no redis. Install it",
        None,
    )


def test_a_known_issue_keeps_its_reason_and_its_tickets_whatever_it_says():
    reason = f"{CLAIM}; {REASON}"
    known = decided(Violation("received 502"), issue(reason))

    assert known.verdict is Verdict.KNOWN
    assert texts(known) == (
        f"known until 2026-12-31 (team): {reason}; {CLAIM}; received 502",
        f"known until 2026-12-31 (team): {reason}; received 502",
    )
    assert known.links == ("https://bugs.example/7", "https://bugs.example/8")


def test_an_expired_issue_is_named_after_the_violation_and_has_no_ticket():
    expired = decided(Violation("received 502"), issue(), today=date(2027, 1, 1))
    note = "(known issue of team expired on 2026-12-31)"

    assert (expired.verdict, expired.links) == (Verdict.FAIL, ())
    assert texts(expired) == (f"{CLAIM}; received 502 {note}", f"received 502 {note}")


def test_an_issue_that_is_no_longer_violated_fails():
    stale = decided(None, issue())

    assert (stale.verdict, stale.links) == (Verdict.FAIL, ())
    assert stale.message == "listed in known_issues but no longer violated: remove the entry"


def test_a_check_that_passed_later_shows_its_first_failure_with_and_without_the_statement():
    first = attempt("FAIL", message=f"{CLAIM}; received 502", seen="received 502")

    later = after_attempts(Decision(Verdict.PASS), [first, attempt("PASS")])

    assert later.verdict is Verdict.WARN
    assert texts(later) == (
        f"passed only at attempt 3; attempt 1: FAIL {CLAIM}; received 502",
        "passed only at attempt 3; attempt 1: FAIL received 502",
    )


@pytest.mark.parametrize(
    ("last", "told", "seen"),
    [
        (Decision(Verdict.FAIL, "silence", CLAIM), f"{CLAIM}; silence", "silence"),
        (Decision(Verdict.FAIL, "", CLAIM), CLAIM, ""),
        (Decision(Verdict.ERROR, "TypeError: x"), "TypeError: x", "TypeError: x"),
    ],
)
def test_a_check_that_failed_twice_shows_both_failures(last, told, seen):
    first = attempt("FAIL", message=f"{CLAIM}; received 502", seen="received 502")

    assert texts(after_attempts(last, [first])) == (
        f"{told} (attempt 2; attempt 1: FAIL {CLAIM}; received 502)",
        f"{seen} (attempt 2; attempt 1: FAIL received 502)".strip(),
    )


def test_a_first_attempt_of_one_text_is_shown_with_that_text():
    first = attempt("BLOCKED", message="no redis. Install it")

    later = after_attempts(Decision(Verdict.PASS), [first])

    told = "passed only at attempt 2; attempt 1: BLOCKED no redis. Install it"
    assert texts(later) == (told, None)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])
def test_what_this_machine_lacks_is_neither_the_target_s_fault_nor_the_network_s(number):
    lost = Unreachable("h:1", phase="resolve", detail="", waited=0.1, remedy="the DNS")
    lost.__cause__ = OSError(number, "no more")
    violation = Violation("the server does not answer")
    violation.__context__ = lost

    decision = decided(violation)

    assert decision.verdict is Verdict.BLOCKED
    assert decision.seen.startswith("this machine is the obstacle: ")
    assert (decision.breaks, decision.broken_link) == (None, None)


def test_a_clean_up_for_which_this_machine_lacks_files_is_no_error_of_the_suite():
    error = OSError(errno.EMFILE, "no more")

    record = clean_up_record(attempt("PASS"), error)

    assert record.verdict is Verdict.BLOCKED
    assert "this machine is the obstacle: " in record.message
    assert "OSError" not in record.message
    assert clean_up_record(record, OSError(errno.EPERM, "x")).verdict is Verdict.ERROR


@pytest.mark.parametrize(
    ("errors", "verdict", "seen"),
    [
        ([Blocked("no redis", remedy="Install it"), TypeError("x")], "ERROR", "TypeError: x"),
        ([Blocked("no redis", remedy="Install it"), Violation("502")], "FAIL", "502"),
        ([Violation("502"), TypeError("x")], "ERROR", "TypeError: x"),
        ([TimeoutError(), Blocked("no redis", remedy="Install it")], "BLOCKED", None),
    ],
)
def test_of_several_errors_at_once_a_defect_decides_then_a_violation(errors, verdict, seen):
    decision = decided(ExceptionGroup("at once", errors))

    assert decision.verdict == verdict
    assert seen in {None, decision.seen}


WRONG = Finding(Code("server.wrong"), "it is wrong")


@pytest.mark.parametrize(
    "error", [Violation("no", findings=[WRONG]), Blocked("no", remedy="-", findings=[WRONG])]
)
def test_what_a_check_found_is_kept_with_the_link_and_the_level_of_its_clause(error):
    assert decided(error).findings == (WRONG.at(CLAUSE.link, CLAUSE.level),)
    assert decided(ExceptionGroup("at once", [error])).findings == decided(error).findings


def test_what_a_check_found_is_at_the_link_that_it_found_broken():
    error = Violation("no", link="bus", findings=[WRONG, WRONG.at("dns", "SHOULD")])

    assert [(found.link, found.level) for found in decided(error).findings] == [
        ("bus", CLAUSE.level),
        ("dns", "SHOULD"),
    ]
    known = decided(error, issue())
    assert (known.verdict, known.findings[1:]) == (Verdict.KNOWN, decided(error).findings)


LOST = Finding(NOT_CARRIED, "lost", data={"endpoint": "h:1", "failure": "refused"})


@pytest.mark.parametrize(
    ("error", "today", "code", "place", "russian"),
    [
        (
            Violation("lost", findings=[LOST]),
            TODAY,
            KNOWN_UNTIL,
            0,
            f"известно до 2026-12-31 (team): «{REASON}»; h:1: в соединении отказано",
        ),
        (
            Violation("lost", findings=[LOST]),
            date(2027, 1, 1),
            KNOWN_EXPIRED,
            -1,
            "; запись в known_issues (team) истекла 2026-12-31",
        ),
        (None, TODAY, KNOWN_NO_LONGER, 0, "больше не нарушается: удалите запись"),
    ],
)
def test_a_known_issue_is_a_finding_and_has_words_in_russian(error, today, code, place, russian):
    decision = decided(error, issue(), today=today)
    record = attempt(decision.verdict, message=decision.message, findings=decision.findings)

    assert (decision.findings[place].code, decision.findings[place].says) == (code, "suspicious")
    assert decision.findings[place].seen in decision.message
    assert russian in words.message(record, "ru")


def test_a_violation_without_findings_keeps_its_english_words_beside_a_known_issue():
    assert decided(Violation("received 502"), issue()).findings == ()


def test_a_claim_that_does_not_apply_has_its_reason_as_data():
    (found,) = decided(not_applicable(Code("not-applicable.x"), "no such thing", key="k")).findings

    assert (found.says, found.link, dict(found.data)) == (Says.UNSEEN, CLAUSE.link, {"key": "k"})


def test_what_this_machine_lacks_has_words_in_russian():
    decision = decided(OSError(errno.EMFILE, "no more"))
    record = attempt(decision.verdict, message=decision.message, findings=decision.findings)

    assert words.message(record, "ru").startswith("мешает сама эта машина: `Too many open files`")


@pytest.mark.parametrize(
    ("phase", "link"), [("resolve", "dns"), ("connect", "tcp"), ("answer", "server")]
)
def test_what_the_network_lost_is_found_at_the_link_of_its_phase(phase, link):
    lost = Unreachable("h:1", phase=phase, detail="", waited=0, remedy="")

    (found,) = decided(lost).findings
    assert (found.code, found.link, found.says) == (NOT_CARRIED, link, "unseen")


def test_what_a_library_reports_is_found_too():
    (found,) = decided(ConnectionResetError("Connection lost")).findings

    assert (found.code, dict(found.data)) == (
        NOT_CARRIED,
        {"failure": "reset", "library": "Python"},
    )


def test_a_group_breaks_the_link_of_the_error_that_decides():
    lost = Blocked("no redis", remedy="Install it", link="bus")

    assert decided(ExceptionGroup("at once", [lost, TimeoutError()])).breaks == "bus"


LATE = BY_ID["1.1-key-is-accepted"]
NEEDY = BY_ID["1.5-bus-has-a-server"]


def not_made(clause=LATE, *, broken=(), time_left=10.0, **more):
    profile = Profile(**{"kind": "live", "allow": ("read",)} | more)
    return withheld(clause, profile, dict(broken), time_left=time_left)


@pytest.mark.parametrize(
    ("decision", "code", "russian"),
    [
        (not_made(allow=()), NOT_PERMITTED, "добавьте read в `allow` профиля"),
        (not_made(allow=(), may_raise=("read",)), MAY_BE_PERMITTED, "`--allow read`"),
        (not_made(NEEDY), NOT_CONFIGURED, "добавьте `redis: redis://HOST:6379/0`"),
        (not_made(broken={"server": "1.1-x"}), NEEDS_A_LINK, "сломано: смотрите 1.1-x"),
        (not_made(time_left=0.0), NO_TIME_LEFT, "`limits.requests_per_minute` (60)"),
        (repeated("1.1-x", LATE), SET_UP_FAILED, "подготовка уже не удалась: смотрите 1.1-x"),
    ],
)
def test_why_a_check_saw_nothing_is_data_and_has_words_in_russian(decision, code, russian):
    (found,) = decision.findings
    record = attempt(decision.verdict, message=decision.message, findings=decision.findings)

    assert (found.code, found.says, found.seen) == (code, Says.UNSEEN, decision.message)
    assert russian in words.message(record, "ru")
    assert english_in(words.message(record, "ru")) == []
    assert words.message(record, "en") == decision.message
