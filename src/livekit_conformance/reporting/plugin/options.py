"""
Options of the suite: command line, then environment variable, then ini, then default.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pytest

from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.environments import loader
from livekit_conformance.environments.loader import Loaded
from livekit_conformance.environments.places import CONFIG, env_file_in
from livekit_conformance.environments.problems import Problem, ProfileError, hint
from livekit_conformance.reporting.plugin.annotations import SERVICES, Service
from livekit_conformance.wording import LANGUAGES, Language, phrase

_PREFIX = "LIVEKIT_CONFORMANCE_"
_HOME = "livekit_home"
_ALL = 100.0
_OPTIONS: dict[str, dict[str, Any]] = {
    "env": {"metavar": "NAME|PATH", "help": "environment to test: config/NAME.yaml or a file"},
    "env-file": {"metavar": "FILE", "help": "file with variables (default: .env if present)"},
    "allow": {
        "metavar": "EFFECT",
        "action": "append",
        "help": "allow an effect that the profile names in may_raise (repeatable)",
    },
    "reports": {"metavar": "DIR", "help": "where reports go (default: reports/)"},
    "lang": {
        "metavar": "LANGUAGE",
        "help": f"language of diagnosis and reports: {', '.join(LANGUAGES)} (default: that of the "
        "locale for the terminal, en for reports)",
    },
    "annotations": {
        "metavar": "SERVICE",
        "help": f"annotate the job of a CI system: {', '.join(SERVICES)} (default: none)",
    },
    "require-coverage": {
        "metavar": "PERCENT",
        "help": "exit with 1 if the coverage is lower than this (default: 0)",
    },
    "budget": {"metavar": "SECONDS", "help": "time for the whole run (default: limits.run)"},
}


@dataclass(frozen=True, slots=True)
class Options:
    """
    Options of the operator.

    `home` is the folder of config/, .env and reports/. `budget` is in seconds, None if the profile
    decides. `language` is None if each output has its own default. `required_coverage` is in per
    cent.
    """

    environment: str
    env_file: Path | None
    allow: frozenset[Effect]
    reports: Path
    budget: float | None
    home: Path
    language: Language | None
    annotations: Service | None = None
    required_coverage: float = 0.0

    def find(self) -> Path:
        """
        Return the profile file; raise ProfileError if there is none. No variable is read.
        """
        return loader.find(self.environment, config_dir=self.home / CONFIG)

    def load(self) -> Loaded:
        """
        Return the profile with the effects of --allow; raise ProfileError with all problems.
        """
        loaded = loader.load(
            self.environment,
            environ=os.environ,
            env_file=self.env_file,
            config_dir=self.home / CONFIG,
        )
        profile = loaded.profile
        refused = self.allow - profile.allow - profile.may_raise
        if refused:
            raise ProfileError(
                [
                    _problem("allow", effect, "allow.no-consent", path=loaded.path, effect=effect)
                    for effect in sorted(refused)
                ]
            )
        raised = profile.model_copy(update={"allow": profile.allow | self.allow})
        return replace(loaded, profile=raised)


def add_options(parser: pytest.Parser) -> None:
    """
    Declare the options and their ini twins (`livekit_env`, ...).
    """
    group = parser.getgroup("livekit-conformance")
    for name, settings in _OPTIONS.items():
        group.addoption(f"--{name}", dest=_dest(name), default=None, **settings)
        # A list if the option is repeatable, else one text.
        is_list = settings.get("action") == "append"
        kind: Literal["args", "string"] = "args" if is_list else "string"
        parser.addini(_dest(name), settings["help"], type=kind, default=None)
    parser.addini(_HOME, "folder of config/, .env and reports/ (default: rootdir)", default="")


def read_options(config: pytest.Config) -> Options:
    """
    Return the options of this run; raise ProfileError for unusable ones.
    """
    home = home_of(config)
    env_file = _text(config, "env-file")
    return Options(
        environment=_text(config, "env") or "mock",
        env_file=Path(env_file) if env_file else env_file_in(home),
        allow=_effects(_values(config, "allow")),
        reports=Path(_text(config, "reports") or home / "reports").absolute(),
        budget=_budget(_text(config, "budget")),
        home=home,
        language=_language(_text(config, "lang")),
        annotations=_service(_text(config, "annotations")),
        required_coverage=_per_cent(_text(config, "require-coverage")),
    )


def home_of(config: pytest.Config) -> Path:
    """
    Return the folder of the operator's files: rootdir, unless the suites are elsewhere.
    """
    return Path(config.getini(_HOME) or config.rootpath)


def _dest(name: str) -> str:
    return f"livekit_{name.replace('-', '_')}"


def _values(config: pytest.Config, name: str) -> list[str]:
    given = config.getoption(_dest(name))
    if given is not None:
        return [given] if isinstance(given, str) else list(given)
    if variable := os.environ.get(_PREFIX + name.replace("-", "_").upper()):
        return variable.replace(",", " ").split() if name == "allow" else [variable]
    ini = config.getini(_dest(name))
    return [ini] if isinstance(ini, str) else list(ini or [])


def _text(config: pytest.Config, name: str) -> str | None:
    return next(iter(_values(config, name)), None)


def _effects(names: list[str]) -> frozenset[Effect]:
    known = [effect.value for effect in Effect]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ProfileError(
            [
                _problem(
                    "allow",
                    name,
                    "allow.unknown",
                    known=", ".join(known),
                    hint=hint(name, known),
                )
                for name in unknown
            ]
        )
    return frozenset(Effect(name) for name in names)


def _language(text: str | None) -> Language | None:
    known = next((language for language in LANGUAGES if language == text), None)
    if text is not None and known is None:
        allowed = ", ".join(LANGUAGES)
        raise ProfileError([_problem("lang", text, "option.not-one-of", allowed=allowed)])
    return known


def _service(text: str | None) -> Service | None:
    known = next((service for service in SERVICES if service == text), None)
    if text is not None and known is None:
        allowed = ", ".join(SERVICES)
        raise ProfileError([_problem("annotations", text, "option.not-one-of", allowed=allowed)])
    return known


def _budget(text: str | None) -> float | None:
    if text is None:
        return None
    if not 0 < (budget := _number(text)) < math.inf:
        raise ProfileError([_problem("budget", text, "option.budget")])
    return budget


def _per_cent(text: str | None) -> float:
    if text is None:
        return 0.0
    if not 0 <= (per_cent := _number(text.removesuffix("%"))) <= _ALL:
        raise ProfileError([_problem("require-coverage", text, "option.coverage")])
    return per_cent


def _problem(option: str, value: str, code: str, /, **data: Any) -> Problem:
    return Problem(phrase(code, **data), source=f"--{option} {value}")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
