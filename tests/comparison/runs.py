"""
Results of runs, written by hand and generated at random.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st

from livekit_conformance.catalogue.clauses import CLAUSES
from livekit_conformance.diagnosis.model import Diagnosis
from livekit_conformance.reporting.result.model import Result, Run
from livekit_conformance.verdict import CheckRecord, Verdict

# Few examples in CI, many by hand.
MANY = settings(
    max_examples=int(os.environ.get("EXAMPLES", "25")),
)
RUN = Run("20261123T040000Z-staging-00000001", "staging", "live", "2026-11-23T04:00:00Z", "0.1.0")
# `disrupt` is left out: how long recovery takes is not compared.
BY_CLAUSE = {clause.id: clause for clause in CLAUSES if clause.effect != "disrupt"}


def check(name, verdict="PASS", **fields):
    clause = BY_CLAUSE[name.partition("[")[0]]
    return CheckRecord(
        name,
        f"suites/test_x.py::{name}",
        clause.requirement,
        clause.area,
        clause.level,
        clause.statement,
        Verdict(verdict),
        **fields,
    )


def cause(name, *checks, link="bus"):
    return Diagnosis(name, link, f"title of {name}", "why", "how", "likely", ("1.5",), checks, ())


def result(*checks, diagnoses=(), **fields):
    return Result(replace(RUN, **fields), checks, tuple(diagnoses))


def numbered(number, *checks, **fields):
    name = f"20261123T04{number:02}00Z-staging-000000{number:02x}"
    started = f"2026-11-23T04:{number:02}:00Z"
    return result(*checks, **{"id": name, "started": started, **fields})


def write(told, folder):
    """Write the results of a run into its folder below `folder`, and return that folder."""
    place = folder / told.run.id
    place.mkdir()
    (place / "results.json").write_text(json.dumps(told.as_json()), encoding="utf-8")
    return place


_NAMES = sorted(BY_CLAUSE)[:12]
_TEXTS = st.none() | st.text(max_size=30)


@st.composite
def _checks(draw):
    names = draw(st.lists(st.sampled_from(_NAMES), unique=True))
    made = []
    for name in names:
        verdict = draw(st.sampled_from(list(Verdict)))
        reasons = ["not-applicable", "not-permitted", "not-configured"]
        is_skipped = verdict is Verdict.SKIPPED
        is_blocked = verdict is Verdict.BLOCKED
        made.append(
            check(
                name,
                verdict,
                reason=draw(st.sampled_from(reasons)) if is_skipped else None,
                message=draw(_TEXTS),
                blocked_by=draw(st.none() | st.sampled_from(_NAMES)) if is_blocked else None,
                duration_s=draw(st.sampled_from([0.0, 0.4, 1.0, 1.9, 2.5, 60.0])),
            )
        )
    return made


@st.composite
def results(draw):
    checks = draw(_checks())
    known = ["server-unreachable", "sip-unreachable", "cause-of-another-version"]
    diagnoses = [
        cause(name, *draw(st.lists(st.sampled_from(_NAMES), unique=True)))
        for name in draw(st.lists(st.sampled_from(known), unique=True))
    ]
    number = draw(st.integers(0, 59))
    told = numbered(number, *checks, duration_s=draw(st.floats(0, 900)))
    return replace(told, diagnoses=tuple(diagnoses))
