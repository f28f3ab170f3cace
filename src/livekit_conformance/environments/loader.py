"""
Load the profile of an environment; report all problems of a file at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.environments import yaml_document
from livekit_conformance.environments.addresses import is_loopback
from livekit_conformance.environments.env_file import EnvFile, read_env_file
from livekit_conformance.environments.problems import Problem, ProfileError, hint
from livekit_conformance.environments.profile import Profile
from livekit_conformance.environments.secret_checks import unfit
from livekit_conformance.environments.validation import validated
from livekit_conformance.environments.variable_checks import Oddity, SchemeMisfit, scheme_misfit
from livekit_conformance.environments.variables import Absent, LeftOut, Origin, Variables
from livekit_conformance.environments.yaml_document import KeyPath, shown
from livekit_conformance.shipped import CONFIG
from livekit_conformance.wording import Phrase, phrase

# Every profile has this key; other files beside profiles do not.
_KIND = "kind"
LIVE_KEYS = {"livekit": ("url", "api_key", "api_secret")}


@dataclass(frozen=True, slots=True)
class Loaded:
    """
    Profile, the file it came from, and the origin of the value of each variable.
    """

    profile: Profile
    path: Path
    origins: Mapping[str, Origin] = field(default_factory=dict)
    # Variables that are set to an empty value, with the keys that refer to them.
    empty: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Oddities in the values of variables; a value that is usable all the same is taken.
    oddities: Mapping[str, tuple[Oddity | SchemeMisfit, ...]] = field(default_factory=dict)
    env_file: EnvFile | None = None
    # Variables whose value in the env file differs; the one in the environment is taken.
    differing: tuple[str, ...] = ()
    # Unused names in the env file, each with the variable that is probably meant.
    misspelt: Mapping[str, str] = field(default_factory=dict)
    # Keys of the profile that are left out because an optional variable is not set.
    left_out: Mapping[str, LeftOut] = field(default_factory=dict)
    # Unset optional variables, each with the name probably meant for it and where that is set.
    meant: Mapping[str, tuple[str, Origin]] = field(default_factory=dict)


def known_environments(config_dir: Path) -> list[str]:
    """
    Return the names that `--env` accepts: the profiles in `config_dir` and those of the package.
    """
    return sorted(
        {
            path.stem
            for folder in (config_dir, CONFIG)
            for path in folder.glob("*.yaml")
            if is_profile(path)
        }
    )


def is_profile(path: Path) -> bool:
    """
    Return whether a YAML file is a profile: it has a `kind`. A file that is not YAML may be one.
    """
    try:
        return _KIND in yaml_document.read(path).data
    except ProfileError:
        # Loading it reports what is wrong.
        return True


def in_config(config_dir: Path, name: str) -> Path:
    """
    Return the path of the file `name` in `config_dir`, or in the package if `config_dir` has none.
    """
    own, shipped = config_dir / name, CONFIG / name
    return own if own.is_file() or not shipped.is_file() else shipped


def find(name_or_path: str, *, config_dir: Path) -> Path:
    """
    Return the file of an environment: the path itself if a path is given, else
    `config_dir/NAME.yaml`, else the file of that name in the package.

    Raises ProfileError naming the known environments.
    """
    is_path = "/" in name_or_path or name_or_path.endswith((".yaml", ".yml"))
    path = Path(name_or_path) if is_path else in_config(config_dir, f"{name_or_path}.yaml")
    if path.is_file():
        return path
    known = known_environments(config_dir)
    unknown = phrase(
        "profile.unknown",
        name=name_or_path,
        path=str(path),
        known=", ".join(known) or phrase("names.none"),
        hint=hint(name_or_path, known),
    )
    raise ProfileError([Problem(unknown)])


def load(
    name_or_path: str,
    *,
    environ: Mapping[str, str],
    env_file: Path | None,
    config_dir: Path,
) -> Loaded:
    """
    Load and check the profile of an environment.

    `env_file` is None if there is no env file. Raises ProfileError with every problem of the
    profile.
    """
    path = find(name_or_path, config_dir=config_dir)
    document = yaml_document.read(path)
    if _KIND not in document.data:
        known = ", ".join(known_environments(config_dir))
        raise ProfileError([Problem(phrase("profile.not-a-profile", known=known), source=path)])
    variables = Variables(environ, read_env_file(env_file) if env_file else None)
    data, unknown = expanded(document.data, (), variables)
    problems = [*document.problems, *variables.problems]
    profile, wrong = validated(Profile, data, document.lines, unknown, document.columns)
    odd = variables.odd()
    problems += (_attributed(problem, variables, odd) for problem in wrong)
    problems += _missing_for_live(document.data)
    if profile is not None and not unknown:
        problems += _contradictions(profile, variables.left_out)
        problems += (_attributed(p, variables, odd) for p in _unfit_secrets(profile))
    if problems or profile is None:
        raise ProfileError([replace(problem, source=path) for problem in _once(problems)])
    oddities: dict[str, tuple[Oddity | SchemeMisfit, ...]] = {**odd}
    for name, misfit in _misfits(profile, variables):
        oddities[name] = (*oddities.get(name, ()), misfit)
    return Loaded(
        profile,
        path,
        origins=dict(sorted(variables.origins.items())),
        empty=variables.empty(),
        oddities=oddities,
        env_file=variables.file,
        differing=variables.differing(),
        misspelt=variables.misspelt(),
        left_out=variables.left_out,
        meant={
            name: near for name in variables.unset() if (near := variables.misspelling_of(name))
        },
    )


def _once(problems: Iterable[Problem]) -> list[Problem]:
    """
    Return the problems without those that say the same.
    """
    return [*{str(problem): problem for problem in problems}.values()]


def _attributed(
    problem: Problem, variables: Variables, odd: Mapping[str, tuple[Oddity, ...]]
) -> Problem:
    """
    Return `problem` with the variables that its value came from: the odd ones, else all of them.
    """
    names = [name for name, keys in variables.uses.items() if problem.key in keys]
    suspects = [name for name in names if name in odd] or names
    return replace(
        problem,
        origins=tuple(
            _suspicion(name, variables.origins[name], odd.get(name, ())) for name in suspects
        ),
    )


def _suspicion(name: str, origin: Origin, odd: tuple[Oddity, ...]) -> Phrase:
    of = {"name": name, "origin": phrase(f"origin.{origin.strip('.')}")}
    if not odd:
        return phrase("variable.holds-it", **of)
    oddities = reduce(
        lambda one, other: phrase("oddity.two", one=one, other=other), (one.what for one in odd)
    )
    return phrase("variable.is-odd", **of, oddity=oddities)


def _misfits(profile: Profile, variables: Variables) -> Iterator[tuple[str, SchemeMisfit]]:
    """
    Yield variables whose URL has a scheme that does not fit its port, each with the problem.
    """
    for key, url in (("livekit.url", profile.livekit.url), ("webhook.url", profile.webhook.url)):
        users = [name for name, keys in variables.uses.items() if key in keys]
        if users and (misfit := scheme_misfit(key, url)):
            yield users[-1], misfit


def expanded(value: Any, path: KeyPath, variables: Variables) -> tuple[Any, set[KeyPath]]:
    """
    Return `value` with variables replaced, and the places where that was impossible.

    A key whose optional variables are not set is left out.
    """
    match value:
        case str():
            text = variables.expand(value, shown(path))
            return ("", {path}) if text is Absent.MISSING else (text, set())
        case dict():
            pairs = {key: expanded(inner, (*path, key), variables) for key, inner in value.items()}
            unknown = {place for _, places in pairs.values() for place in places}
            kept = {
                str(key): inner for key, (inner, _) in pairs.items() if inner is not Absent.LEFT_OUT
            }
            return kept, unknown
        case list():
            items = [expanded(inner, (*path, n), variables) for n, inner in enumerate(value)]
            kept_items = [inner for inner, _ in items if inner is not Absent.LEFT_OUT]
            return kept_items, {place for _, places in items for place in places}
        case _:
            return value, set()


def _missing_for_live(data: Mapping[str, Any]) -> Iterator[Problem]:
    """
    Yield a problem for each key that a profile of kind `live` requires and lacks. For the other
    kinds, a provisioner fills these keys in.
    """
    if data.get("kind") != "live":
        return
    for section, keys in LIVE_KEYS.items():
        given = data.get(section)
        for key in keys:
            if not (isinstance(given, dict) and given.get(key)):
                lacking = phrase("live.key-missing", name=key, section=section)
                yield Problem(lacking, f"{section}.{key}")


def _contradictions(profile: Profile, left_out: Collection[str]) -> Iterator[Problem]:
    if profile.kind == "live":
        empty = [key for key in LIVE_KEYS["livekit"] if not _plain(getattr(profile.livekit, key))]
        for key in empty:
            yield Problem(phrase("live.empty"), f"livekit.{key}")
        if Effect.DISRUPT in profile.allow | profile.may_raise and not _is_loopback(profile):
            yield Problem(phrase("allow.disrupt"), "allow")
    # A key that is left out because a variable is unset is a gap; `completeness` reports it.
    if profile.sip.server and not profile.sip.number and "sip.number" not in left_out:
        yield Problem(phrase("number.empty"), "sip.number")
    has_password = _plain(profile.sip.password) or "sip.password" in left_out
    if profile.sip.username and not has_password:
        yield Problem(phrase("password.empty"), "sip.password")


def _unfit_secrets(profile: Profile) -> Iterator[Problem]:
    for key, secret in profile.secrets_by_key():
        if reason := unfit(secret):
            yield Problem(reason, key)


def _plain(value: Any) -> str:
    return str(getattr(value, "get_secret_value", lambda: value)())


def _is_loopback(profile: Profile) -> bool:
    hosts = [urlsplit(profile.livekit.url).hostname or ""]
    if profile.sip.server:
        hosts.append(urlsplit(f"//{profile.sip.server}").hostname or "")
    return all(is_loopback(host) for host in hosts)
