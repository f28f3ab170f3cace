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
from livekit_conformance.wording import Language, Text

FINE, ERRORS, UNCLEAR = 0, 1, 4
SCHEMA = 1
_FINE = Text(en="{title}: nothing is wrong", ru="{title}: замечаний нет")
_NOT_COMPARED = Text(
    en="{title}: not compared, because one of them cannot be read",
    ru="{title}: сравнить нельзя, один из них не прочитать",
)
_SEVERITIES = {
    Severity.ERROR: Text(en="error", ru="ошибка"),
    Severity.WARNING: Text(en="warning", ru="предупреждение"),
}
_THEREFORE = Text(en="    therefore: {words}", ru="    следствие: {words}")
_TO_DO = Text(en="    to do: {words}", ru="    что делать: {words}")
_NOT_CHECKED = Text(en="not checked: {reason}", ru="не проверено: {reason}")
_COUNTS = Text(
    en="{errors:error|errors}, {warnings:warning|warnings}",
    ru="{errors:ошибка|ошибки|ошибок}, {warnings:предупреждение|предупреждения|предупреждений}",
)
# The verdicts themselves are the same in each language.
_INCOMPLETE = Text(
    en="INCOMPLETE: {left} not checked; {counts}", ru="INCOMPLETE: не проверено: {left}; {counts}"
)
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
    All findings. `unclear` lists the files that could not be checked, with the reason, in
    `language`.
    """

    judged: Sequence[Judged]
    unclear: Sequence[str]
    redact: Redactor
    language: Language = "en"

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
                    "findings": [finding.as_json(self.language) for finding in each],
                }
                for each in self.judged
            ],
        }
        return self.redact(f"{json.dumps(content, ensure_ascii=False, indent=1)}\n")

    def _lines(self) -> Iterator[str]:
        language = self.language
        for each in self.judged:
            title = f"{each.name} ({each.service})" if each.service else each.name
            if each.findings:
                yield title
            elif each.findings is None:
                yield _NOT_COMPARED.say(language, title=title)
            else:
                yield _FINE.say(language, title=title)
            for found in each:
                severity = _SEVERITIES[found.severity].say(language)
                yield f"{found.place}: {severity}: {found.key}: {found.problem.say(language)}"
                yield _THEREFORE.say(language, words=found.consequence.say(language))
                yield _TO_DO.say(language, words=found.remedy.say(language))
            yield ""
        for reason in self.unclear:
            yield _NOT_CHECKED.say(language, reason=reason)
        yield self._sentence()

    def _sentence(self) -> str:
        errors, warnings = self._count(Severity.ERROR), self._count(Severity.WARNING)
        counts = _COUNTS.say(self.language, errors=errors, warnings=warnings)
        if self.unclear:
            left = str(len(self.unclear))
            return _INCOMPLETE.say(self.language, left=left, counts=counts)
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
