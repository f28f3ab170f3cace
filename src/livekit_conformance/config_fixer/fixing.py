"""
Repair a text: try each repair on the doctor, and keep it if fewer findings remain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import yaml

from livekit_conformance.config_doctor import ConfigFinding, Severity, check_server, check_sip
from livekit_conformance.config_doctor.reading import Unreadable
from livekit_conformance.config_doctor.services import SIP, ConfiguredService
from livekit_conformance.config_fixer import edits
from livekit_conformance.config_fixer.edits import CannotEdit, Edit
from livekit_conformance.config_fixer.repairs import candidates
from livekit_conformance.config_fixer.source import YamlSource
from livekit_conformance.config_fixer.wishes import Wish

# A renamed key may expose a wrong value, and its repair in turn a missing key.
_IN_ONE_GO = 4
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Left:
    """
    Finding that remains. `hindrance` is the reason why an existing remedy was not applied.
    """

    finding: ConfigFinding
    hindrance: str = ""


@dataclass(frozen=True, slots=True)
class Fixed:
    """
    Text after all repairs, a description of each, the remaining findings, and an answer to each
    wish.
    """

    text: str
    does: tuple[str, ...]
    left: tuple[Left, ...]
    answers: tuple[str, ...] = ()

    @property
    def has_errors(self) -> bool:
        """
        True if a definite error remains.
        """
        return any(left.finding.severity is Severity.ERROR for left in self.left)


@dataclass(frozen=True, slots=True)
class _Step:
    text: str
    does: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Examined:
    """
    Text and the doctor's findings about it.
    """

    text: str
    findings: tuple[ConfigFinding, ...]

    @property
    def errors(self) -> int:
        return sum(finding.severity is Severity.ERROR for finding in self.findings)

    def beyond(self, before: _Examined) -> list[ConfigFinding]:
        """
        Return the findings that are not in `before`.
        """
        known = Counter(map(_what, before.findings))
        new: list[ConfigFinding] = []
        for finding in self.findings:
            known[_what(finding)] -= 1
            if known[_what(finding)] < 0:
                new.append(finding)
        return new


def fix(
    text: str,
    service: ConfiguredService,
    *,
    file: str | None = None,
    wishes: Iterable[tuple[Wish, str]] = (),
    removes: bool = False,
) -> Fixed:
    """
    Apply all repairs to a text of this service, then the wishes; findings call the text `file`.

    With `removes`, keys that livekit-sip ignores and that cannot be replaced are deleted; otherwise
    they stay, because they do no harm, and are reported. Raises AssertionError if the doctor finds
    something new at the end, although it checked each repair.
    """
    name = file or service.file
    fixer = _Fixer(service, name, removes)
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
    text = text.removeprefix(mark)
    does: list[str] = []
    now = before = fixer.examined(text)
    hindered: dict[tuple[str, str, str], str] = {}
    while (step := _next_step(fixer, now, hindered)) is not None:
        does += step.does
        now = fixer.examined(step.text)
    answers = []
    for wish, value in wishes:
        changed, answer = fixer.granted(now, wish, value)
        answers.append(answer)
        if changed is not None:
            does += changed.does
            now = fixer.examined(changed.text)
    assert not now.beyond(before), "a repair must not lead to a new finding"
    left = tuple(Left(finding, hindered.get(_what(finding), "")) for finding in now.findings)
    return Fixed(mark + now.text, tuple(does), left, tuple(answers))


def _next_step(
    fixer: _Fixer, now: _Examined, hindered: dict[tuple[str, str, str], str]
) -> _Step | None:
    for finding in now.findings:
        if finding.severity is not Severity.ERROR:
            continue
        step, hindrance = fixer.repaired(now, finding)
        if step is not None:
            return step
        if hindrance:
            hindered[_what(finding)] = hindrance
    return None


@dataclass(frozen=True, slots=True)
class _Fixer:
    service: ConfiguredService
    file: str
    removes: bool

    def examined(self, text: str) -> _Examined:
        check: Callable[[str, str], list[ConfigFinding]] = (
            check_sip if self.service is SIP else check_server
        )
        return _Examined(text, tuple(check(text, self.file)))

    def repaired(
        self, now: _Examined, finding: ConfigFinding, in_one_go: int = _IN_ONE_GO
    ) -> tuple[_Step | None, str]:
        """
        Return the first remedy that leaves fewer errors and nothing new, else the reason why the
        last one was rejected.

        New findings that a remedy exposes, such as in the values of a key that is now read, are
        repaired in the same step.
        """
        hindrance = ""
        try:
            source = YamlSource(now.text)
        except Unreadable:
            return None, ""
        for repair in candidates(source, self.service, finding, removes=self.removes):
            step = _Step(edits.applied(now.text, repair.edits), (repair.does,))
            after = self.examined(step.text)
            while (new := after.beyond(now)) and in_one_go > 1:
                further = self._further(after, new[0], in_one_go - 1)
                if further is None:
                    break
                step = _Step(further.text, (*step.does, *further.does))
                after = self.examined(step.text)
            if not new and after.errors < now.errors:
                return step, ""
            if new:
                hindrance = (
                    f"{repair.does}: not done, because then {new[0].key} {new[0].problem.en}"
                )
        return None, hindrance

    def _further(self, now: _Examined, new: ConfigFinding, in_one_go: int) -> _Step | None:
        """
        Return a repair of the new finding, or of a misplaced key that belongs in the same section.
        """
        section = self.service.keys.get(new.key.partition(".")[0])
        names = section.keys() if isinstance(section, dict) else frozenset[str]()
        strayed = [finding for finding in now.findings if finding.key in names]
        for finding in (new, *strayed):
            step, _ = self.repaired(now, finding, in_one_go)
            if step is not None:
                return step
        return None

    def granted(self, now: _Examined, wish: Wish, value: str) -> tuple[_Step | None, str]:
        """
        Return the change that fulfils a wish, if there is one, and the answer to the wish.
        """
        answer = f"{wish.name} ({value}): {wish.answer}"
        if wish.name != "health-check" or self.service is not SIP:
            return None, answer
        try:
            splices = self._with_health_port(YamlSource(now.text), value)
        except (CannotEdit, Unreadable) as error:
            return None, f"{answer}. Nothing was written: {error}"
        after = self.examined(edits.applied(now.text, splices))
        if new := after.beyond(now):
            return None, f"{answer}. Nothing was written: then {new[0].key} {new[0].problem.en}"
        return _Step(after.text, (f"health_port: {value} is set",)), answer

    def _with_health_port(self, source: YamlSource, value: str) -> Sequence[Edit]:
        place = source.at(("health_port",))
        if place is not None and isinstance(place.value, yaml.ScalarNode):
            written = str(place.value.value)
            if written.isdecimal() and int(written):
                raise CannotEdit(f"health_port is {written} already")
            text = value if source.raw(place.value) else f" {value}"
            return edits.replaced(source, place, text)
        if source.root is None:
            raise CannotEdit("the file has no keys")
        return edits.inserted(source, source.root, f"health_port: {value}")


def _what(finding: ConfigFinding) -> tuple[str, str, str]:
    """
    Return the content of a finding, regardless of its place.
    """
    is_repeated = finding.first_line is not None
    return finding.severity.value, finding.key, "repeated" if is_repeated else finding.problem.en
