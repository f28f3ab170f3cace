"""
Find the changes from one run to another: pure functions over two results.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.diagnosis.model import Diagnosis
from livekit_conformance.reporting.result.model import Result, clause_of
from livekit_conformance.verdict import DECIDED, CheckRecord, Verdict

# Chance stays below these: in 380 pairs of healthy runs of the real services (60,800 pairs of
# checks, on two busy cores) only nine checks exceeded both.
SLOWER_TIMES = 2.0
SLOWER_BY_S = 1.0

Standing = Literal["good", "weak", "bad", "unseen"]
_STANDING: Mapping[Verdict, Standing] = {
    Verdict.PASS: "good",
    Verdict.WARN: "weak",
    Verdict.KNOWN: "weak",
    Verdict.FAIL: "bad",
    Verdict.BLOCKED: "bad",
    Verdict.ERROR: "bad",
    Verdict.SKIPPED: "unseen",
}
_CLEAN_UP = "#clean-up"


class ChangeKind(StrEnum):
    """
    Kind of change of a check, at most one for each check; the order is that of reports.
    """

    BROKEN = "broken"  # PASS, WARN or KNOWN before; FAIL, BLOCKED or ERROR now
    CAUSE = "changed-cause"  # as bad as before, with another cause at the head of its diagnoses
    CHANGED = "changed"  # as bad as before, with another verdict or another reason
    WORSE = "worse"  # PASS before; WARN or KNOWN now
    SKIPPED = "newly-skipped"  # anything else before; SKIPPED now
    GONE = "gone"  # not in the later run
    FIXED = "fixed"  # FAIL, BLOCKED or ERROR before; PASS, WARN or KNOWN now
    BETTER = "better"  # WARN or KNOWN before; PASS now
    CHECKED = "no-longer-skipped"  # SKIPPED before; anything else now
    NEW = "new"  # not in the earlier run


_MOVES: Mapping[tuple[Standing, Standing], ChangeKind] = {
    ("good", "weak"): ChangeKind.WORSE,
    ("good", "bad"): ChangeKind.BROKEN,
    ("good", "unseen"): ChangeKind.SKIPPED,
    ("weak", "good"): ChangeKind.BETTER,
    ("weak", "bad"): ChangeKind.BROKEN,
    ("weak", "unseen"): ChangeKind.SKIPPED,
    ("bad", "good"): ChangeKind.FIXED,
    ("bad", "weak"): ChangeKind.FIXED,
    ("bad", "unseen"): ChangeKind.SKIPPED,
    ("unseen", "good"): ChangeKind.CHECKED,
    ("unseen", "weak"): ChangeKind.CHECKED,
    ("unseen", "bad"): ChangeKind.CHECKED,
}


@dataclass(frozen=True, slots=True)
class Change:
    """
    Check that changed; a record is None if that run did not have the check.

    A cause is the first of the diagnoses that explain the check; None if none does.
    """

    id: str
    kind: ChangeKind
    before: CheckRecord | None
    after: CheckRecord | None
    cause_before: Diagnosis | None = None
    cause_after: Diagnosis | None = None

    @property
    def loses_coverage(self) -> bool:
        """
        Return whether a claim decided before is no longer checked, though it may apply.
        """
        before, after = self.before, self.after
        was_decided = before is not None and before.verdict in DECIDED
        return was_decided and (
            after is None or (after.verdict is Verdict.SKIPPED and after.reason != "not-applicable")
        )


@dataclass(frozen=True, slots=True)
class Slowdown:
    """
    Check that passes in both runs and took much longer in one of them; times in seconds.
    """

    id: str
    before_s: float
    after_s: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    Differences between two results.
    """

    before: Result
    after: Result
    changes: tuple[Change, ...] = ()
    slower: tuple[Slowdown, ...] = ()
    faster: tuple[Slowdown, ...] = ()
    causes_new: tuple[Diagnosis, ...] = ()
    causes_gone: tuple[Diagnosis, ...] = ()
    causes_kept: tuple[Diagnosis, ...] = ()

    def of(self, kind: ChangeKind) -> tuple[Change, ...]:
        """
        Return the changes of one kind, in the order of the later run.
        """
        return tuple(change for change in self.changes if change.kind is kind)

    def regressions(self, *, strict: bool = False) -> tuple[Change, ...]:
        """
        Return the changes that must stop a release: every check that is broken.

        If `strict`, also every check that loses coverage. WARN instead of PASS does not count: a
        SHOULD does not stop a release. A new check that fails does not count either: nothing shows
        that it was better before. Reports show both.
        """
        return tuple(
            change
            for change in self.changes
            if change.kind is ChangeKind.BROKEN or (strict and change.loses_coverage)
        )

    @property
    def is_empty(self) -> bool:
        """
        Return whether nothing differs.
        """
        paces, causes = (*self.slower, *self.faster), (*self.causes_new, *self.causes_gone)
        return not (self.changes or paces or causes)


def compare(before: Result, after: Result) -> Comparison:
    """
    Compare `after` with `before`, check by check.
    """
    old, new = _by_id(before.checks), _by_id(after.checks)
    causes = (_heads(before.diagnoses), _heads(after.diagnoses))
    ids = [*new, *(name for name in old if name not in new)]
    both = [(old[name], new[name]) for name in new if name in old]
    were, are = _causes(before.diagnoses), _causes(after.diagnoses)
    return Comparison(
        before,
        after,
        tuple(_changes(ids, old, new, causes)),
        slower=tuple(_slower(both)),
        faster=tuple(
            Slowdown(slowdown.id, slowdown.after_s, slowdown.before_s)
            for slowdown in _slower([(late, early) for early, late in both])
        ),
        causes_new=tuple(found for key, found in are.items() if key not in were),
        causes_gone=tuple(found for key, found in were.items() if key not in are),
        causes_kept=tuple(found for key, found in are.items() if key in were),
    )


def _by_id(checks: Iterable[CheckRecord]) -> dict[str, CheckRecord]:
    return {check.id: check for check in checks}


def _causes(diagnoses: Iterable[Diagnosis]) -> dict[tuple[str, str], Diagnosis]:
    return {_key(diagnosis): diagnosis for diagnosis in diagnoses}


def _key(diagnosis: Diagnosis) -> tuple[str, str]:
    # An unknown cause at another link is another cause.
    return diagnosis.id, diagnosis.link


def _heads(diagnoses: Iterable[Diagnosis]) -> dict[str, Diagnosis]:
    heads: dict[str, Diagnosis] = {}
    for diagnosis in diagnoses:
        for check in diagnosis.checks:
            heads.setdefault(check, diagnosis)
    return heads


def _changes(
    ids: Iterable[str],
    old: Mapping[str, CheckRecord],
    new: Mapping[str, CheckRecord],
    causes: tuple[Mapping[str, Diagnosis], Mapping[str, Diagnosis]],
) -> Iterator[Change]:
    for name in ids:
        before, after = _seen(name, old), _seen(name, new)
        was, now = causes[0].get(name), causes[1].get(name)
        if (kind := kind_of(before, after, was, now)) is not None:
            yield Change(name, kind, before, after, was, now)


def _seen(name: str, records: Mapping[str, CheckRecord]) -> CheckRecord | None:
    """
    Return the record of a check or of its clean-up.

    Results record a clean-up only if it failed; otherwise it succeeded, provided its check was run.
    """
    if name in records or not name.endswith(_CLEAN_UP):
        return records.get(name)
    check = records.get(name.removesuffix(_CLEAN_UP))
    if check is None or check.verdict in (Verdict.SKIPPED, Verdict.BLOCKED):
        return None
    return CheckRecord(
        name,
        check.node_id,
        check.requirement,
        check.area,
        check.level,
        f"clean-up after {check.id}",
        Verdict.PASS,
    )


def kind_of(
    before: CheckRecord | None,
    after: CheckRecord | None,
    cause_before: Diagnosis | None = None,
    cause_after: Diagnosis | None = None,
) -> ChangeKind | None:
    """
    Return the kind of change of a check; None if it did not change.
    """
    if before is None or after is None:
        return None if before is after else ChangeKind.NEW if before is None else ChangeKind.GONE
    was, now = _STANDING[before.verdict], _STANDING[after.verdict]
    if was != now:
        return _MOVES[was, now]
    if was == "good":
        return None
    if (cause_before and _key(cause_before)) != (cause_after and _key(cause_after)):
        return ChangeKind.CAUSE
    is_same = (before.verdict, before.reason) == (after.verdict, after.reason)
    return None if is_same else ChangeKind.CHANGED


def _slower(pairs: Iterable[tuple[CheckRecord, CheckRecord]]) -> Iterator[Slowdown]:
    """
    Yield a slowdown for each pair of an earlier and a later record that passes and became slower.

    Checks that disrupt something on purpose are left out: the time to recover depends on chance
    (1.3 s to 7.5 s on the same services).
    """
    for before, after in pairs:
        if before.verdict is not Verdict.PASS or after.verdict is not Verdict.PASS:
            continue
        clause = BY_ID.get(clause_of(after.id))
        if clause is not None and clause.effect == "disrupt":
            continue
        more = after.duration_s - before.duration_s
        if more >= SLOWER_BY_S and after.duration_s >= before.duration_s * SLOWER_TIMES:
            yield Slowdown(after.id, before.duration_s, after.duration_s)
