"""
A mutant: a healthy deployment with one small fault, and the checks that must notice it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.environments.loader import load
from livekit_conformance.environments.profile import Profile
from livekit_conformance.mock import Faults, Mock, MockConfig
from livekit_conformance.observations import Recorder
from livekit_conformance.provisioners.deployment import fill_mock
from livekit_conformance.provisioners.local.address import own_loopback_address
from livekit_conformance.provisioners.local.stack import OUTBOUND_PORT, KeyPair
from livekit_conformance.secrets.patterns import Redactor
from tests.mutants import sabotage
from tests.scenarios.harness import ROOT, Run, run_suites, write_profile

# Each by itself and with all checks, as `make mutants` plays them.
WHOLE = os.environ.get("MUTANTS") == "whole"
_WEBHOOK_PORT = 8080

Change = Callable[[Profile], Profile]
# A component that runs beside the mock; it may change the profile too.
Beside = Callable[[Profile], AbstractAsyncContextManager[Profile]]


@dataclass(frozen=True)
class Mutant:
    """
    A fault of the mock, a profile that does not match it, or a faulty component beside it.

    `red` names the checks that must turn red, and no other may: a check id, or a clause id for all
    checks of the clause. `settings` are fields of MockConfig, and `keys` its key pair. The
    suites get `environ` and the result of `environ_of` for the healthy profile; with `embedded`
    they start the mock themselves.
    """

    id: str
    red: frozenset[str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    change: Change | None = None
    beside: Beside | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    environ_of: Callable[[Profile], Mapping[str, str]] | None = None
    embedded: bool = False

    def expected(self, run: Run) -> set[str]:
        """
        Return the ids of `run`'s checks that must be red; a name without a check stays as it is.
        """
        named = {check["id"] for check in run.checks if _clause(check["id"]) in self.red}
        return named | {name for name in self.red if not any(_clause(n) == name for n in named)}


def fault(name: str, *red: str) -> Mutant:
    return Mutant(name, frozenset(red), {"faults": Faults(**{name: True})})


def misfit(name: str, change: Change, *red: str) -> Mutant:
    return Mutant(name, frozenset(red), change=change)


def changed(section: str, **values: object) -> Change:
    def change(profile: Profile) -> Profile:
        part = getattr(profile, section).model_copy(update=values)
        return profile.model_copy(update={section: part})

    return change


def sabotaged(name: str, *red: str) -> Mutant:
    """
    Return a mutant whose fault is in the suite itself or in its embedded mock (kind `mock`).
    """
    environ = {"PYTEST_PLUGINS": sabotage.__name__, sabotage.VARIABLE: name}
    return Mutant(name, frozenset(red), environ=environ, embedded=True)


async def run_mutant(mutant: Mutant, folder: Path) -> Run:
    """
    Run the checks that the mutant touches: one for each link, and the areas of its red checks.

    With MUTANTS=whole in the environment, and for a mutant without red checks, run all of them.
    """
    if mutant.embedded:
        reports = folder / "reports"
        return await run_suites("mock", reports, *_touched(mutant), environ=dict(mutant.environ))
    async with deployed(mutant, folder) as (profile, environ):
        env = write_profile(profile, folder / "profile.yaml")
        return await run_suites(env, folder / "reports", *_touched(mutant), environ=environ)


def _patient(profile: Profile) -> Profile:
    """
    Return the profile with no limit on jitter: several mutants at a time take each other's time.
    """
    quality = profile.quality.model_copy(update={"mos": 1.0, "jitter": 60.0})
    return profile.model_copy(update={"quality": quality})


@asynccontextmanager
async def deployed(mutant: Mutant, folder: Path) -> AsyncIterator[tuple[Profile, dict[str, str]]]:
    """
    Yield the profile of the mutant's deployment, which runs, and the variables of its suites.
    """
    recorder = Recorder(Redactor())
    settings = {**sabotage.BETTER_THAN_REAL, **mutant.settings}
    keys = settings.pop("keys", KeyPair())
    loaded = load("mock", environ={}, env_file=None, config_dir=ROOT / "config")
    # On a separate address, its ports stay free until the suites listen on them.
    with own_loopback_address() as address:
        webhook_url = f"http://{address}:{_WEBHOOK_PORT}/webhooks/livekit"
        config = MockConfig(
            api_key=keys.key,
            api_secret=keys.secret,
            webhook_url=webhook_url,
            log_dir=folder,
            **settings,
        )
        async with AsyncExitStack() as running:
            mock = await running.enter_async_context(Mock(config))
            listen = f"{address}:{OUTBOUND_PORT}"
            profile = await fill_mock(
                _patient(loaded.profile), mock, keys, webhook_url, recorder, outbound_listen=listen
            )
            of_profile = mutant.environ_of(profile) if mutant.environ_of else {}
            if mutant.change is not None:
                profile = mutant.change(profile)
            if mutant.beside is not None:
                profile = await running.enter_async_context(mutant.beside(profile))
            yield profile, {**mutant.environ, **of_profile}


def _touched(mutant: Mutant) -> tuple[str, ...]:
    if not mutant.red or WHOLE:
        return ()
    areas = sorted({BY_ID[_clause(check)].area for check in mutant.red})
    return ("-m", " or ".join(["chain", *areas]))


def red_checks(run: Run) -> set[str]:
    """
    Return the checks that failed or warned, or are blocked without another check as the reason.
    """
    return {
        check["id"]
        for check in run.checks
        if check["verdict"] in {"FAIL", "WARN", "ERROR"}
        or (check["verdict"] == "BLOCKED" and not check["blocked_by"])
    }


def killed_clauses(mutants: Iterable[Mutant]) -> dict[str, list[str]]:
    """
    Return the ids of the mutants that kill each clause.
    """
    killers: dict[str, list[str]] = {}
    for mutant in mutants:
        for clause in sorted({_clause(check) for check in mutant.red}):
            killers.setdefault(clause, []).append(mutant.id)
    return killers


def _clause(check: str) -> str:
    return check.partition("[")[0]
