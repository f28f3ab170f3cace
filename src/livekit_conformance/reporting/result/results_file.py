"""
Read a run back: from its results.json, its folder, or the journal of a run that was killed.

The figures are computed anew from the checks, so that they always agree with them. Unknown fields
are ignored: a later version may have added them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.checks import not_selected
from livekit_conformance.diagnosis.model import Diagnosis
from livekit_conformance.errors import in_system_words
from livekit_conformance.findings import Finding
from livekit_conformance.reporting.result import journal
from livekit_conformance.reporting.result.model import SCHEMA, Result, Run, clause_of
from livekit_conformance.verdict import CheckRecord, Verdict

NAME = "results.json"
# Figures are computed anew from the checks, so those of schema 1 become those of today.
_READABLE = (1, SCHEMA)
_Made = TypeVar("_Made", Run, CheckRecord, Diagnosis)
_LINKS = frozenset(Link)


class ResultsError(Exception):
    """
    File that does not hold the result of a run; the message names the file and its defect.
    """


def load(path: Path) -> Result:
    """
    Return the run at `path`: a result file, a journal, or the folder of a run.

    In a folder the journal is read only if there is no result file. Raises ResultsError.
    """
    try:
        file = _file_in(path) if path.is_dir() else path
        if file.suffix == ".jsonl":
            return journal.read(file, lives=journal.is_held(file))
        return parse(file)
    except journal.JournalError as error:
        raise ResultsError(str(error)) from error
    except (KeyError, TypeError, ValueError) as error:
        # Only a journal gets here: its lines are JSON, but not the ones that we write.
        raise ResultsError(f"{path}: not the journal of a run: {error}") from error
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read: {in_system_words(error)}") from error


def parse(file: Path) -> Result:
    """
    Return the run with the result file `file`.

    Raises ResultsError if it is not one, OSError if it cannot be read.
    """
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        return result_of(data)
    except UnicodeDecodeError as error:
        raise ResultsError(f"{file}: not a result file: it is not UTF-8") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}: {error.msg}"
        raise ResultsError(f"{file}: not a result file: not JSON: {where}") from error
    except RecursionError as error:
        raise ResultsError(f"{file}: not a result file: nested too deeply") from error
    except ResultsError as error:
        raise ResultsError(f"{file}: not a result file: {error}") from error


def result_of(data: Any) -> Result:
    """
    Return the result that `Result.as_json` wrote, without timelines, which are not in the file.

    Raises ResultsError if a field is missing or has an invalid value.
    """
    content = _object(data, "it")
    if (schema := content.get("schema")) not in _READABLE:
        readable = " and ".join(map(str, _READABLE))
        raise ResultsError(f"its schema is {schema!r}, this version reads {readable}")
    run = _object(content.get("run"), "run")
    target = _object(run.get("target"), "run.target")
    versions = {key: text for key, text in target.items() if key != "url" and text is not None}
    flat = {**run, "url": target.get("url", ""), "versions": versions}
    checks = tuple(_made(CheckRecord, one, name) for name, one in _each(content, "checks"))
    left = _texts(run.get("not_selected", []), "run.not_selected")
    return Result(
        _made(Run, flat, "run"),
        checks,
        tuple(
            # The first versions did not write the link.
            _made(Diagnosis, {"link": "", **found}, name)
            for name, found in _each(content, "diagnoses")
        ),
        not_selected=left if schema == SCHEMA else _checks_left_out(left, checks),
    )


def _checks_left_out(clauses: Iterable[str], checks: Iterable[CheckRecord]) -> tuple[str, ...]:
    """
    Return the checks that a run of schema 1 left out; that schema lists whole clauses only.

    Checks of clauses that the run's version did not know are not among them.
    """
    ids = [check.id for check in checks]
    known = {*clauses, *map(clause_of, ids)}
    return tuple(check for check in not_selected(ids) if clause_of(check) in known)


def _file_in(folder: Path) -> Path:
    for name in (NAME, journal.NAME):
        if (file := folder / name).is_file():
            return file
    latest = folder / "latest"
    hint = f"; did you mean {latest}?" if latest.is_dir() else ""
    raise ResultsError(f"{folder}: not the folder of a run: no {NAME} and no {journal.NAME}{hint}")


def _each(content: Mapping[str, Any], name: str) -> list[tuple[str, Mapping[str, Any]]]:
    return _entries(content.get(name), name)


def _entries(found: Any, name: str) -> list[tuple[str, Mapping[str, Any]]]:
    if not isinstance(found, list):
        raise ResultsError(f"{name} is not a list")
    return [(at := f"{name}[{n}]", _object(one, at)) for n, one in enumerate(found)]


def _finding(data: Mapping[str, Any], at: str) -> Finding:
    try:
        return Finding.from_json(data)
    except (KeyError, TypeError, ValueError) as error:
        raise ResultsError(f"{at} is no finding: {error}") from error


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ResultsError(f"{name} is not an object")
    return value


def _texts(value: Any, at: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ResultsError(f"{at} is not a list of texts")
    return tuple(value)


def _made(kind: type[_Made], data: Mapping[str, Any], name: str) -> _Made:
    values: dict[str, Any] = {}
    for field in fields(kind):
        at = f"{name}.{field.name}"
        if field.name in data:
            values[field.name] = _value(field, data[field.name], at)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise ResultsError(f"{at} is missing")
    return kind(**values)


def _value(field: Field[Any], value: Any, at: str) -> Any:
    """
    Return a JSON value converted to the annotated type of its field.
    """
    kind = str(field.type)
    if kind == "Verdict":
        if value not in set(Verdict):
            raise ResultsError(f"{at} is {value!r}, not one of {', '.join(Verdict)}")
        return Verdict(value)
    if kind == "tuple[Finding, ...]":
        return tuple(_finding(found, name) for name, found in _entries(value, at))
    if kind.startswith("tuple"):
        return _texts(value, at)
    if kind.startswith("Mapping"):
        return dict(_object(value, at))
    if kind in ("int", "float"):
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise ResultsError(f"{at} is not a number")
        return value
    if not isinstance(value, str) and not (value is None and kind.endswith("None")):
        raise ResultsError(f"{at} is not a text")
    # A link that this version does not know is of no use to it.
    return None if field.name == "broken_link" and value not in _LINKS else value
