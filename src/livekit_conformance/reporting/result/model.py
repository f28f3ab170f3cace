"""
Result of a run: every report is written from it, so all of them show the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from livekit_conformance.catalogue.clause import AREAS, REQUIREMENTS, Clause
from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.diagnosis.chain_state import CallsSeen, Chain, calls_of, chain_of
from livekit_conformance.diagnosis.model import Diagnosis
from livekit_conformance.findings import Finding
from livekit_conformance.outages import Outage
from livekit_conformance.timeline.model import Timeline
from livekit_conformance.verdict import (
    ACCEPTED,
    CheckRecord,
    RunVerdict,
    Tally,
    Verdict,
    run_verdict,
    tally,
)
from livekit_conformance.wording import Language

SCHEMA = 2
_FIELDS = tuple(each.name for each in fields(CheckRecord))
_LISTS = frozenset({"evidence", "issues"})
_EXACT = 100.0
_HIGHEST_INEXACT = 99.9
_UNACCEPTABLE = (Verdict.FAIL, Verdict.BLOCKED, Verdict.ERROR)
_QUIET = frozenset({Verdict.PASS, Verdict.SKIPPED, Verdict.KNOWN})


@dataclass(frozen=True, slots=True)
class Run:
    """
    Facts of a run: target, time and settings; `started` in ISO 8601 (UTC), `duration_s` in seconds.
    """

    id: str
    environment: str
    kind: str
    started: str
    suite_version: str
    seed: int = 0
    duration_s: float = 0.0
    url: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    interrupted: str | None = None
    # Build that `build_of` found; in the journal and in the formats that have a place for it.
    build: Mapping[str, str] = field(default_factory=dict)
    # Words of the command that runs one of its checks once more.
    again: tuple[str, ...] = ()
    # Where the services run (`Hosting`); in the journal, from which the run is diagnosed.
    hosting: str = "self"
    # Per cent required by --require-coverage.
    required_coverage: float = 0.0


@dataclass(frozen=True, slots=True)
class OthersTraffic:
    """
    Warnings in the log of a service that are about other users of the deployment: no verdict.

    `calls` is the number of calls among them, 0 if the lines name none.
    """

    service: str
    message: str
    lines: int
    calls: int


@dataclass(frozen=True, slots=True)
class Group:
    """
    Figures of checks that belong together: a requirement, an area, or the whole run.
    """

    id: str
    title: str
    verdict: RunVerdict
    tally: Tally

    @property
    def success_rate(self) -> float | None:
        """
        Success rate in per cent to one decimal; None if nothing was attempted.
        """
        return _per_cent(self.tally.success_rate)

    @property
    def coverage(self) -> float:
        """
        Coverage in per cent to one decimal.
        """
        return _per_cent(self.tally.coverage) or 0.0

    def counts(self) -> dict[str, Any]:
        """
        Return the counts and the two figures as they are in the result file.
        """
        numbers: dict[str, Any] = {v.value.lower(): self.tally.counts[v] for v in Verdict}
        return numbers | {
            "not_selected": self.tally.not_selected,
            "decided": self.tally.decided,
            "applicable": self.tally.applicable,
            "success_rate": self.success_rate,
            "coverage": self.coverage,
        }


@dataclass(frozen=True, slots=True)
class Result:
    """
    All facts known at the end of a run; `language` is the language of the reports for people.

    `not_selected` are the checks of the catalogue that the run left out. Checks of our own client
    count in `client` alone; all other figures are those of the deployment.
    """

    run: Run
    checks: tuple[CheckRecord, ...]
    diagnoses: tuple[Diagnosis, ...] = ()
    timelines: tuple[Timeline, ...] = ()
    language: Language = "en"
    not_selected: tuple[str, ...] = ()
    # Not in the result file: it says nothing about the deployment.
    others: tuple[OthersTraffic, ...] = ()
    # By the id of their diagnosis. Not in the result file: the evidence of the diagnosis has them.
    outages: Mapping[str, Outage] = field(default_factory=dict)

    @property
    def deployment_checks(self) -> tuple[CheckRecord, ...]:
        """
        Checks of the deployment.
        """
        return tuple(check for check in self.checks if not is_about_client(check.id))

    @property
    def client_checks(self) -> tuple[CheckRecord, ...]:
        """
        Checks of our own client.
        """
        return tuple(check for check in self.checks if is_about_client(check.id))

    @property
    def summary(self) -> Group:
        """
        Figures of the deployment; a run that did not come to its end is INCOMPLETE at best.
        """
        whole = _group("run", "Run", self.deployment_checks, len(self._left_out))
        is_cut_short = self.run.interrupted and whole.verdict in ACCEPTED
        return replace(whole, verdict="INCOMPLETE") if is_cut_short else whole

    @property
    def client(self) -> Group:
        """
        Figures of our own client.
        """
        left = len(self.not_selected) - len(self._left_out)
        return _group("client", "Our own client", self.client_checks, left)

    @property
    def verdict(self) -> RunVerdict:
        """
        Verdict of the deployment.
        """
        return self.summary.verdict

    @property
    def has_required_coverage(self) -> bool:
        """
        Return whether the coverage reaches --require-coverage.
        """
        return self.summary.tally.coverage >= self.run.required_coverage

    @property
    def client_holds(self) -> bool:
        """
        Return whether no check of our own client is FAIL, BLOCKED or ERROR.
        """
        return not any(self.client.tally.counts[verdict] for verdict in _UNACCEPTABLE)

    @property
    def is_accepted(self) -> bool:
        """
        Return whether the exit status of the run is 0.
        """
        return self.verdict in ACCEPTED and self.has_required_coverage and self.client_holds

    @property
    def requirements(self) -> tuple[Group, ...]:
        """
        Figures of every requirement, checked or not.
        """
        checks, left = self.deployment_checks, self._left_out
        return tuple(
            _group(
                number,
                title,
                [check for check in checks if check.requirement == number],
                sum(clause_of(check).partition("-")[0] == number for check in left),
            )
            for number, title in REQUIREMENTS.items()
        )

    @property
    def areas(self) -> tuple[Group, ...]:
        """
        Figures of every area, checked or not.
        """
        checks = self.deployment_checks
        left = [clause.area for check in self._left_out if (clause := _known_clause(check))]
        return tuple(
            _group(area, area, [c for c in checks if c.area == area], left.count(area))
            for area in AREAS
        )

    @property
    def _left_out(self) -> list[str]:
        return [check for check in self.not_selected if not is_about_client(check)]

    @property
    def chain(self) -> Chain:
        """
        Working and broken links of the chain.
        """
        tried = (check for check in self.deployment_checks if not never_ran(check))
        return chain_of(tried, self.diagnoses)

    @property
    def calls(self) -> CallsSeen:
        """
        State of calls, as the run shows it.
        """
        return calls_of(self.checks)

    def roots(self) -> tuple[CheckRecord, ...]:
        """
        Return the checks that need attention: undecided or violated, not merely blocked by another.
        """
        return tuple(filter(is_root, self.checks))

    def causes(self) -> dict[str, Diagnosis]:
        """
        Return the most certain diagnosis of each check that one explains.
        """
        return {check: found for found in reversed(self.diagnoses) for check in found.checks}

    def blocked_by(self, check_id: str) -> tuple[CheckRecord, ...]:
        """
        Return the checks that could not be made because this one did not pass.
        """
        return tuple(check for check in self.checks if check.blocked_by == check_id)

    def as_json(self) -> dict[str, Any]:
        """
        Return the result file as plain JSON values.
        """
        run = self.run
        return {
            "schema": SCHEMA,
            "run": {
                "id": run.id,
                "environment": run.environment,
                "kind": run.kind,
                "started": run.started,
                "duration_s": run.duration_s,
                "verdict": self.verdict,
                "suite_version": run.suite_version,
                "target": {
                    "url": run.url,
                    "livekit_server": run.versions.get("livekit_server"),
                    "livekit_sip": run.versions.get("livekit_sip"),
                },
                "seed": run.seed,
                "interrupted": run.interrupted,
                "variables": dict(run.variables),
                "not_selected": list(self.not_selected),
                "required_coverage": run.required_coverage,
            },
            "summary": self.summary.counts(),
            "requirements": [
                {"id": group.id, "title": group.title, "verdict": group.verdict} | group.counts()
                for group in self.requirements
            ],
            "areas": [{"id": group.id} | group.counts() for group in self.areas],
            "client": {
                "verdict": self.client.verdict,
                **self.client.counts(),
                "checks": [check.id for check in self.client_checks],
            },
            "checks": [record_as_json(check) for check in self.checks],
            "chain": _lists(asdict(self.chain)),
            "diagnoses": [_diagnosis_as_json(found) for found in self.diagnoses],
            "heard": [each.quality.figures() for each in self.timelines if each.quality],
        }


class Judge(Protocol):
    """
    Holder of the result of a run; None before the run has ended, or if there is no result.
    """

    result: Result | None


def is_root(record: CheckRecord) -> bool:
    """
    Return whether a check needs attention: it is undecided or violated.

    A check merely blocked by another one, or by the end of the run, does not.
    """
    is_quiet = record.verdict in _QUIET or never_ran(record)
    return not is_quiet and record.blocked_by is None


def _diagnosis_as_json(found: Diagnosis) -> dict[str, Any]:
    values = _lists(asdict(found))
    del values["advice"]
    return values


def record_as_json(record: CheckRecord) -> dict[str, Any]:
    """
    Return one entry of `checks[]`.
    """
    # Not asdict(): it copies immutable values too, at three times the cost.
    values = _lists({name: getattr(record, name) for name in _FIELDS})
    return values | {"findings": [found.as_json() for found in record.findings]}


def record_from_json(data: Mapping[str, Any]) -> CheckRecord:
    """
    Return the record that `record_as_json` wrote.
    """
    values = dict(data)
    values["verdict"] = Verdict(values["verdict"])
    for name in _LISTS & values.keys():
        values[name] = tuple(values[name])
    values["findings"] = tuple(map(Finding.from_json, values.get("findings", ())))
    return CheckRecord(**values)


def clause_of(check_id: str) -> str:
    """
    Return the clause that a check claims: its id without parameters and clean-up mark.
    """
    return check_id.partition("[")[0].partition("#")[0]


def is_about_client(check_id: str) -> bool:
    """
    Return whether a check is about our own client and therefore not about the deployment.
    """
    clause = _known_clause(check_id)
    return clause is not None and clause.is_about_client


def not_run(planned: Iterable[CheckRecord], why: str) -> Iterable[CheckRecord]:
    """
    Yield a BLOCKED record for each planned check that never began.
    """
    for plan in planned:
        yield CheckRecord(
            plan.id,
            plan.node_id,
            plan.requirement,
            plan.area,
            plan.level,
            plan.statement,
            Verdict.BLOCKED,
            message=why,
        )


def never_ran(record: CheckRecord) -> bool:
    """
    Return whether the run stopped before this check, which then proves nothing about any link.
    """
    # Results of schema 1 have no `started`, but a check that was blocked names its root or a link.
    was_reached = record.started or record.blocked_by or record.broken_link
    return record.verdict is Verdict.BLOCKED and not was_reached


def timestamp(epoch_s: float) -> str:
    """
    Return seconds since the epoch in the format of `CheckRecord.started`.
    """
    moment = datetime.fromtimestamp(epoch_s, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch_ms(started: str) -> int:
    """
    Return the start of a run or a check in milliseconds since the epoch.
    """
    return round(datetime.fromisoformat(started).timestamp() * 1000)


def interval_ms(record: CheckRecord) -> dict[str, int]:
    """
    Return `start` and `stop` of a check in milliseconds since the epoch; nothing if it never began.
    """
    if record.started is None:
        return {}
    start = epoch_ms(record.started)
    return {"start": start, "stop": start + round(record.duration_s * 1000)}


def _known_clause(check_id: str) -> Clause | None:
    return BY_ID.get(clause_of(check_id))


def _group(name: str, title: str, records: Iterable[CheckRecord], not_selected: int) -> Group:
    figures = tally(records, not_selected=not_selected)
    return Group(name, title, run_verdict(figures), figures)


def _per_cent(exact: float | None) -> float | None:
    if exact is None:
        return None
    # 100.0 stands for the whole only.
    return _EXACT if exact == _EXACT else min(math.floor(exact * 10 + 0.5) / 10, _HIGHEST_INEXACT)


def _lists(data: dict[str, Any]) -> dict[str, Any]:
    return {key: list(v) if isinstance(v, tuple) else v for key, v in data.items()}


Outcome = Literal["passed", "failed", "broken", "skipped"]

# Outcome of each verdict for formats that know only these four.
OUTCOMES: Mapping[Verdict, Outcome] = {
    Verdict.PASS: "passed",
    Verdict.WARN: "passed",
    Verdict.KNOWN: "passed",
    Verdict.FAIL: "failed",
    Verdict.BLOCKED: "broken",
    Verdict.ERROR: "broken",
    Verdict.SKIPPED: "skipped",
}
