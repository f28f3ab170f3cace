"""
Result of `config check`, as lines for people and as JSON for programs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import yaml

from livekit_conformance.config_doctor.findings import ConfigFinding, Severity
from livekit_conformance.config_doctor.services import ConfiguredService
from livekit_conformance.config_doctor.settings import entries, parse
from livekit_conformance.secrets.names import names_secret
from livekit_conformance.secrets.patterns import Redactor

FINE, ERRORS, UNCLEAR = 0, 1, 4
SCHEMA = 1
# Maps API keys to secrets.
_PAIRS = "keys"
# Masking a shorter secret would also mask parts of ordinary words.
_SHORTEST_SECRET = 8


@dataclass(frozen=True, slots=True)
class Judged:
    """
    Findings about one file, or about two together; for two, `service` is None.

    `findings` is None if there was nothing to compare.
    """

    name: str
    service: str | None
    findings: tuple[ConfigFinding, ...] | None

    def __iter__(self) -> Iterator[ConfigFinding]:
        return iter(sorted(self.findings or (), key=_place))


@dataclass(frozen=True, slots=True)
class FilesVerdict:
    """
    All findings. `unclear` lists the files that could not be checked, with the reason.
    """

    judged: Sequence[Judged]
    unclear: Sequence[str]
    redact: Redactor

    @property
    def status(self) -> int:
        """
        The exit status of the command.
        """
        if self.unclear:
            return UNCLEAR
        return ERRORS if self._count(Severity.ERROR) else FINE

    def as_text(self) -> str:
        """
        Return the findings grouped by file, and the verdict in the last line.
        """
        return self.redact("".join(f"{line}\n" for line in self._lines()))

    def as_json(self) -> str:
        """
        Return the findings and the verdict as one JSON object.
        """
        content = {
            "schema": SCHEMA,
            "exit_status": self.status,
            "verdict": self._sentence(),
            "errors": self._count(Severity.ERROR),
            "warnings": self._count(Severity.WARNING),
            "not_judged": self.unclear,
            "checked": [
                {
                    "name": each.name,
                    "service": each.service,
                    "was_judged": each.findings is not None,
                    "findings": [finding.as_json() for finding in each],
                }
                for each in self.judged
            ],
        }
        return self.redact(f"{json.dumps(content, ensure_ascii=False, indent=1)}\n")

    def _lines(self) -> Iterator[str]:
        for each in self.judged:
            title = f"{each.name} ({each.service})" if each.service else each.name
            if each.findings:
                yield title
            elif each.findings is None:
                yield f"{title}: not compared, because one of them cannot be read"
            else:
                yield f"{title}: nothing is wrong"
            for found in each:
                yield f"{found.place}: {found.severity}: {found.key}: {found.problem.en}"
                yield f"    therefore: {found.consequence.en}"
                yield f"    to do: {found.remedy.en}"
            yield ""
        for reason in self.unclear:
            yield f"not checked: {reason}"
        yield self._sentence()

    def _sentence(self) -> str:
        errors, warnings = self._count(Severity.ERROR), self._count(Severity.WARNING)
        counts = f"{_counted(errors, 'error')}, {_counted(warnings, 'warning')}"
        if self.unclear:
            return f"INCOMPLETE: {len(self.unclear)} not checked; {counts}"
        return f"{'NOT OK' if errors else 'OK'}: {counts}"

    def _count(self, severity: Severity) -> int:
        return sum(finding.severity is severity for each in self.judged for finding in each)


def redactor(texts: Iterable[tuple[ConfiguredService, str]]) -> Redactor:
    """
    Return a redactor that removes the secrets of these files from any output about them.
    """
    secrets = (
        secret for service, text in texts for secret in _secrets(parse(text, "", service)[0].root)
    )
    return Redactor(secret for secret in secrets if len(secret) >= _SHORTEST_SECRET)


def _secrets(root: yaml.Node) -> Iterator[str]:
    waiting, seen = [(root, False)], set[tuple[int, bool]]()
    while waiting:
        node, is_secret = waiting.pop()
        if (id(node), is_secret) in seen:
            continue
        seen.add((id(node), is_secret))
        if isinstance(node, yaml.MappingNode):
            waiting += [
                (value, is_secret or key.value == _PAIRS or names_secret(key.value))
                for key, value in entries(node)
            ]
        elif isinstance(node, yaml.SequenceNode):
            waiting += [(value, is_secret) for value in node.value]
        elif is_secret and isinstance(node, yaml.ScalarNode):
            yield str(node.value)


def _place(finding: ConfigFinding) -> tuple[str, int, int]:
    return finding.file, finding.line, finding.column


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
