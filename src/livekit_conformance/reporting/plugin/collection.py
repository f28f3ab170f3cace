"""
Collection of checks: the items that are checks, the clause that each claims, and their order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterable, Sequence

import pytest

from livekit_conformance.catalogue.clause import AREAS, REQUIREMENTS, Clause
from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.environments.spelling import did_you_mean
from livekit_conformance.verdict import CheckRecord, Verdict

SUITES = "suites"
# Looked up in the markers once, because it is needed a dozen times.
_CLAUSE: pytest.StashKey[Clause] = pytest.StashKey()
_ORDER = {clause: position for position, clause in enumerate(BY_ID)}


def marker_lines() -> Iterable[str]:
    """
    Yield the markers that checks have, as lines of the ini option `markers`.
    """
    yield "clause(id): the clause of the catalogue that a check claims"
    yield "smoke: checks that only read or create rooms of their own, without the long families"
    yield "chain: one check of each link of a call, to find the one that broke on a dead line"
    yield from (f"{area}: checks of the area {area}" for area in AREAS)
    yield from (f"{number}: {title}" for number, title in REQUIREMENTS.items())


def asks_for_suites(config: pytest.Config) -> bool:
    """
    Return whether the command line selects checks, as far as it is known before collection.
    """
    suites = config.rootpath / SUITES
    if not suites.is_dir():
        return False
    for argument in config.args:
        path = (config.invocation_params.dir / argument.partition("::")[0]).resolve()
        if path == suites or suites in path.parents or path in suites.parents:
            return True
    return False


def is_check(item: pytest.Item) -> bool:
    """
    Return whether an item claims a clause; any other test is the user's own, wherever it is.
    """
    return next(item.iter_markers("clause"), None) is not None


def clause_of(item: pytest.Item) -> Clause:
    """
    Return the clause that a check claims; the item must have passed `refuse_offenders`.
    """
    clause = item.stash.get(_CLAUSE, None)
    if clause is None:
        clause = item.stash[_CLAUSE] = BY_ID[_claimed(item)[0]]
    return clause


def check_id(item: pytest.Item) -> str:
    """
    Return the clause id, with the parameters of a parametrised check in brackets.

    If each parameter brings a clause of its own, the clause id alone is unique.
    """
    callspec = getattr(item, "callspec", None)
    if callspec is None or any(mark.name == "clause" for mark in callspec.marks):
        return clause_of(item).id
    return f"{clause_of(item).id}[{callspec.id}]"


def mark(item: pytest.Item) -> None:
    """
    Add the markers that select checks by area, requirement, `smoke` and `chain`.
    """
    for claimed in _claimed(item):
        if (clause := BY_ID.get(claimed)) is not None:
            item.add_marker(clause.area)
            item.add_marker(clause.requirement)
            if clause.is_smoke:
                item.add_marker("smoke")
            if clause.in_chain:
                item.add_marker("chain")


def refuse_offenders(items: Sequence[pytest.Item]) -> None:
    """
    Raise UsageError that lists every check whose claim is not exactly one clause of the catalogue.
    """
    offences = [f"{item.nodeid}: {offence}" for item in items if (offence := _offence(item))]
    if not offences:
        owners: defaultdict[str, list[str]] = defaultdict(list)
        for item in items:
            owners[check_id(item)].append(item.nodeid)
        offences = [
            f"{', '.join(nodes)}: {name} is claimed by more than one check"
            for name, nodes in owners.items()
            if len(nodes) > 1
        ]
    if offences:
        raise pytest.UsageError(
            "\n  ".join(["every check carries exactly one @pytest.mark.clause(ID):", *offences])
        )


class CatalogueOrder:
    """
    Hooks that keep the checks in the catalogue's order, before all other tests.

    The class must be registered last. Then it sorts after plugins that shuffle, before those that
    continue from a certain test (`--sw`), and once more after all that move tests (`--ff`, `--nf`).
    """

    @pytest.hookimpl(specname="pytest_collection_modifyitems")
    def pytest_sort_checks(self, items: list[pytest.Item]) -> None:
        """
        Sort `items` in place.
        """
        checks = sorted(filter(is_check, items), key=_position)
        items[:] = [*checks, *(item for item in items if not is_check(item))]

    @pytest.hookimpl(wrapper=True, tryfirst=True, specname="pytest_collection_modifyitems")
    def pytest_sort_checks_again(self, items: list[pytest.Item]) -> Generator[None]:
        """
        Sort `items` in place after all other plugins.
        """
        yield
        self.pytest_sort_checks(items)


def _position(item: pytest.Item) -> tuple[int, str]:
    return _ORDER[clause_of(item).id], item.nodeid


def planned(item: pytest.Item) -> CheckRecord:
    """
    Return the record of a check that has not been run yet.
    """
    clause = clause_of(item)
    return CheckRecord(
        id=check_id(item),
        node_id=item.nodeid,
        requirement=clause.requirement,
        area=clause.area,
        level=clause.level,
        statement=clause.statement,
        verdict=Verdict.BLOCKED,
    )


def _claimed(item: pytest.Item) -> list[str]:
    return [str(a) for marker in item.iter_markers("clause") for a in marker.args or ("",)]


def _offence(item: pytest.Item) -> str | None:
    match _claimed(item):
        case [clause] if clause in BY_ID:
            return None
        case [clause]:
            return f"claims the unknown clause {clause!r}{did_you_mean(clause, BY_ID)}"
        case several:
            return f"claims {len(several)} clauses: {', '.join(several)}"
