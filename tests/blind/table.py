"""
The table of blind faults: a line of 80 columns for each, what was seen where it is wrong, a sum.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from tests.blind.about import described
from tests.blind.marks import GOOD, Answer, Mark

_WIDTH = 80
# Of a line that shows what was seen: enough to recognise it.
_SEEN = 240
_DIAGNOSES, _CHECKS = 3, 4


def lines(answer: Answer) -> Iterator[str]:
    """
    Yield the row of a fault, and what was seen of one that is not answered well.
    """
    hurt = ", ".join(answer.hurts) or "nobody hurt"
    yield _cut(f"{answer.mark:<2} {answer.fault.id} | {hurt}")
    names = f", names {answer.named} of {len(answer.fault.changes)}" if answer.named else ""
    yield _cut(f"   {answer.said.verdict} | {answer.said.first}{names}")
    if answer.mark in GOOD:
        return
    yield from (_cut(f"      {line}", _SEEN) for line in _seen(answer))


def _seen(answer: Answer) -> Iterator[str]:
    for change in answer.fault.changes:
        old, new = described(change.old), described(change.new)
        yield f"changed: {change.thing} {change.path}: {old} -> {new}"
    for note in (*answer.notes, *answer.hurts):
        yield f"truth:   {note}"
    for each in answer.said.diagnoses[:_DIAGNOSES]:
        yield f"said:    {each['id']} ({each['confidence']}, {each['link']}): {each['title']}"
        for evidence in each["evidence"][:2]:
            yield f"  evidence: {evidence}"
    tried = [check for check in answer.said.checks if check.get("blocked_by") is None]
    for check in tried[:_CHECKS]:
        yield f"{check['verdict']:<7} {check['id']}: {check['message']}"


def summary(answers: Sequence[Answer]) -> str:
    """
    Return the sums: of the faults that hurt, and of those that do not.
    """
    counts = Counter(answer.mark for answer in answers)
    hurt = (Mark.NAMED, Mark.UNKNOWN, Mark.WRONG, Mark.MISSED)
    of_hurt = sum(counts[mark] for mark in hurt)
    figures = " ".join(f"{mark}={counts[mark]}" for mark in hurt)
    share = f" (A {100 * counts[Mark.NAMED] / of_hurt:.0f} %)" if of_hurt else ""
    harmless = counts[Mark.OK] + counts[Mark.FALSE]
    return (
        f"{of_hurt} hurt: {figures}{share}; "
        f"{harmless} harmless: ok={counts[Mark.OK]} false={counts[Mark.FALSE]}; "
        f"{counts[Mark.REFUSED]} refused"
    )


def as_json(answer: Answer) -> str:
    """
    Return an answer as one line of JSON.
    """
    content: dict[str, Any] = {
        "fault": answer.fault.id,
        "changes": [str(change) for change in answer.fault.changes],
        "hurts": answer.hurts,
        "notes": answer.notes,
        "verdict": answer.said.verdict,
        "diagnoses": [
            {key: each[key] for key in ("id", "link", "confidence")}
            for each in answer.said.diagnoses
        ],
        "mark": answer.mark,
        "named": answer.named,
        "seconds": round(answer.seconds, 1),
    }
    return json.dumps(content)


def _cut(text: str, width: int = _WIDTH) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."
