"""
Profile and its variables: the file, the source of each value, and values that look wrong.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clauses import CLAUSES
from livekit_conformance.doctor.env_file import judge_env_file
from livekit_conformance.doctor.findings import (
    LinkFinding,
    LinkMark,
    not_checked,
    ok,
    problem,
    warning,
)
from livekit_conformance.doctor.remedies import REMEDIES
from livekit_conformance.environments import yaml_document
from livekit_conformance.environments.addresses import is_loopback
from livekit_conformance.environments.completeness import gaps
from livekit_conformance.environments.env_file import read_env_file
from livekit_conformance.environments.loader import Loaded, expanded, find
from livekit_conformance.environments.needs import ACCOUNT
from livekit_conformance.environments.problems import Problem, ProfileError
from livekit_conformance.environments.profile import Profile
from livekit_conformance.environments.proxies import proxies_in
from livekit_conformance.environments.variable_checks import (
    DEPLOYMENT_VARIABLES,
    Oddity,
    SchemeMisfit,
)
from livekit_conformance.environments.variables import MISSING, Origin, Variables
from livekit_conformance.wording import Phrase, Text, phrase

# For each flaw in the value of a variable, what to do about it.
_FIXES: Mapping[str, str] = MappingProxyType(
    {
        "oddity.control-characters": "fix.set-again",
        "oddity.white-space": "fix.set-again",
        "oddity.quotes": "fix.set-again",
        "oddity.carriage-return": "fix.line-ends",
        "oddity.placeholder": "fix.real-value",
        "oddity.url": "fix.own-value",
        "oddity.telephone": "fix.own-value",
        "oddity.address": "fix.own-value",
        "oddity.number": "fix.own-value",
        "oddity.no-port": "fix.own-value",
        "oddity.more-than-host": "fix.host-only",
        "oddity.like-a-key": "fix.swap",
        "oddity.unlike-a-key": "fix.swap",
        "oddity.same": "fix.swap",
        "oddity.scheme": "fix.scheme-or-port",
    }
)
_FROM: Mapping[Origin, str] = MappingProxyType(
    {
        "environment": "from.environment",
        ".env": "from.env-file",
        "missing": "from.nowhere",
    }
)


def judge_loaded(loaded: Loaded, env_file: Path | None) -> Iterator[LinkFinding]:
    """
    Yield the findings of a usable profile: its file, the source of its variables, odd values.
    """
    loads = phrase("profile.loads", path=str(loaded.path), kind=loaded.profile.kind)
    yield ok(Link.CONFIGURATION, loads)
    if proxies := proxies_in(os.environ):
        yield ok(Link.CONFIGURATION, phrase("proxy.not-used", names=", ".join(proxies)))
    if loaded.env_file and loaded.origins:
        rest = _not_among(loaded.meant, loaded.misspelt)
        yield from judge_env_file(loaded.env_file, loaded.origins, rest)
    found = gaps(loaded.profile, loaded, CLAUSES)
    yield from judge_variables(
        loaded.origins,
        loaded.oddities,
        {name: gap.beside for gap in found for name in gap.variables},
        env_file or Path(".env"),
        differing=loaded.differing,
        misspelt=loaded.meant,
        unset=[name for absent in loaded.left_out.values() for name in absent.unset],
        is_live=loaded.profile.kind == "live",
    )
    # Only of a group of keys, a gap has no variable.
    if lacking := tuple(gap.key for gap in found if not gap.variables):
        yield problem(Link.CONFIGURATION, phrase("profile.half-an-outbound", keys=lacking))
    yield from _on_loopback(loaded.profile)


def judge_unusable(
    path: Path | None, error: ProfileError, environ: Mapping[str, str], env_file: Path | None
) -> Iterator[LinkFinding]:
    """
    Yield the findings of an unusable profile: all its problems, and its variables as far as known.
    """
    variables = _variables(path, environ, env_file)
    empty = _really_empty(variables)
    blamed = {key for name in {*variables.odd(), *empty} for key in variables.uses[name]}
    for each in error.problems:
        # Findings about the variables themselves follow below.
        if each.what.code == MISSING or each.key in blamed:
            continue
        yield unusable(each)
    if not variables.origins:
        return
    missing = [name for name, origin in variables.origins.items() if origin == "missing"]
    misspelt = {name: near for name in missing if (near := variables.misspelling_of(name))}
    if variables.file:
        rest = _not_among(misspelt, variables.misspelt())
        yield from judge_env_file(variables.file, variables.origins, rest)
    yield from judge_variables(
        variables.origins,
        variables.odd(),
        dict.fromkeys(empty, ()),
        env_file or Path(".env"),
        differing=variables.differing(),
        misspelt=misspelt,
        unset=variables.unset(),
    )


def unusable(found: Problem) -> LinkFinding:
    """
    Return the finding of a problem by which a profile cannot be used.
    """
    said = Text(en=found.say("en"), ru=found.say("ru"))
    return LinkFinding(
        Link.CONFIGURATION,
        LinkMark.PROBLEM,
        found.what,
        said,
        lambda _: REMEDIES["profile.invalid"],
    )


def _not_among(
    meant: Mapping[str, tuple[str, Origin]], misspelt: Mapping[str, str]
) -> dict[str, str]:
    """
    Return the misspelt names of the env file that are not reported beside the variable they mean.
    """
    reported = {near for near, _ in meant.values()}
    return {name: wanted for name, wanted in misspelt.items() if name not in reported}


def _variables(path: Path | None, environ: Mapping[str, str], env_file: Path | None) -> Variables:
    """
    Return the variables of a profile, as far as it can be read; read errors are among its problems.
    """
    variables = Variables(environ, None)
    if path is not None:
        with suppress(ProfileError):
            document = yaml_document.read(path)
            variables = Variables(environ, read_env_file(env_file) if env_file else None)
            expanded(document.data, (), variables)
    return variables


def path_of(env: str, config_dir: Path) -> Path | None:
    """
    Return the profile file of an environment; None when there is none.
    """
    try:
        return find(env, config_dir=config_dir)
    except ProfileError:
        return None


def judge_variables(
    origins: Mapping[str, Origin],
    oddities: Mapping[str, tuple[Oddity | SchemeMisfit, ...]],
    needed: Mapping[str, tuple[str, ...]],
    env_file: Path,
    *,
    differing: Collection[str] = (),
    misspelt: Mapping[str, tuple[str, Origin]] = MappingProxyType({}),
    unset: Collection[str] = (),
    is_live: bool = True,
) -> Iterator[LinkFinding]:
    """
    Yield one line for each variable that the profile uses, the nine of a deployment first.

    `needed` are the variables without a value that something needs, each with the values that are
    given beside it; `unset` are optional ones without a value. `differing` have another value in
    the env file; `misspelt` maps missing ones to the name that may be meant.
    """
    asked = [
        *(n for n in DEPLOYMENT_VARIABLES if n in origins),
        *sorted(set(origins) - set(DEPLOYMENT_VARIABLES)),
    ]
    optional = set(unset).difference(needed)
    choice = optional.difference(differing, misspelt)
    hollow = {*needed, *unset}
    for name in (name for name in asked if name not in choice):
        # Without an optional variable, the checks that need it are skipped: nothing breaks.
        mark = warning if name in optional else problem
        if name in misspelt:
            yield mark(Link.CONFIGURATION, _misspelt(name, *misspelt[name], env_file))
        elif origins[name] == "missing":
            yield _missing(name, env_file, needed.get(name, ()))
        elif name in hollow:
            hides = name in differing
            what = _empty(name, origins[name], env_file, needed.get(name, ()), hides=hides)
            yield mark(Link.CONFIGURATION, what)
        else:
            yield from _valued(name, origins[name], oddities.get(name, ()), env_file, differing)
    if only := [name for name in asked if origins[name] == ".env"]:
        yield _only_in_file(only, env_file)
    rest = [name for name in DEPLOYMENT_VARIABLES if name not in origins]
    if left := [name for name in asked if name in choice]:
        yield _not_set(left, env_file)
    if rest and is_live:
        yield not_checked(Link.CONFIGURATION, phrase("variables.not-used", names=tuple(rest)))


def _valued(
    name: str,
    origin: Origin,
    oddities: Sequence[Oddity | SchemeMisfit],
    env_file: Path,
    differing: Collection[str],
) -> Iterator[LinkFinding]:
    for oddity in oddities:
        yield _odd(name, oddity, origin, env_file)
    if not oddities:
        yield _differing(name, env_file) if name in differing else _set(name, origin, env_file)


def _not_set(names: Iterable[str], env_file: Path) -> LinkFinding:
    what = phrase("variables.optional", names=tuple(names), file=str(env_file))
    return not_checked(Link.CONFIGURATION, what)


def _missing(name: str, env_file: Path, beside: tuple[str, ...]) -> LinkFinding:
    code = "variable.absent-beside" if beside else "variable.absent"
    what = phrase(code, name=name, file=str(env_file), beside=beside)
    return problem(Link.CONFIGURATION, what)


def _misspelt(name: str, near: str, origin: Origin, env_file: Path) -> Phrase:
    return phrase("variable.misspelt", name=name, near=near, origin=_from(origin, env_file))


def _differing(name: str, env_file: Path) -> LinkFinding:
    return warning(Link.CONFIGURATION, phrase("variable.differs", name=name, file=str(env_file)))


def _empty(
    name: str, origin: Origin, env_file: Path, beside: tuple[str, ...], *, hides: bool
) -> Phrase:
    if hides:
        return phrase("variable.hides-the-file", name=name, file=str(env_file))
    return phrase(
        "variable.empty-beside" if beside else "variable.empty",
        name=name,
        origin=_from(origin, env_file),
        how=_how(name, origin, env_file),
        beside=beside,
    )


def _odd(name: str, odd: Oddity | SchemeMisfit, origin: Origin, env_file: Path) -> LinkFinding:
    what = phrase(
        "variable.odd",
        name=name,
        origin=_from(origin, env_file),
        oddity=odd.what,
        fix=phrase(_FIXES[odd.what.code], how=_how(name, origin, env_file)),
    )
    return problem(Link.CONFIGURATION, what)


def _set(name: str, origin: Origin, env_file: Path) -> LinkFinding:
    what = phrase("variable.set", name=name, origin=_from(origin, env_file))
    return ok(Link.CONFIGURATION, what)


def _only_in_file(names: Iterable[str], env_file: Path) -> LinkFinding:
    what = phrase("variables.only-in-file", names=tuple(names), file=str(env_file))
    return warning(Link.CONFIGURATION, what)


def _from(origin: Origin, env_file: Path) -> Phrase:
    return phrase(_FROM[origin], file=str(env_file))


def _how(name: str, origin: Origin, env_file: Path) -> Phrase:
    """
    Return the way to set a variable where it is set now.
    """
    code = "how.env-file" if origin == ".env" else "how.environment"
    return phrase(code, name=name, file=str(env_file))


def _really_empty(variables: Variables) -> set[str]:
    """
    Return the variables that are set to nothing, except for an account that is left out.
    """
    empty = variables.empty()
    account = {name for name, keys in empty.items() if set(ACCOUNT).intersection(keys)}
    return set(empty) - (account if len(account) == len(ACCOUNT) else set())


def _on_loopback(profile: Profile) -> Iterator[LinkFinding]:
    """
    Yield a warning if a livekit-server on another machine is to deliver webhooks to loopback.
    """
    endpoint, server = _host(profile.webhook.url), _host(profile.livekit.url)
    if endpoint and server and is_loopback(endpoint) and not is_loopback(server):
        yield warning(Link.CONFIGURATION, phrase("profile.endpoint-on-loopback", host=endpoint))


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]
