"""
The command `livekit-conformance config fix`: repair one file; show the changes and write them.

Exit status: 0 nothing is wrong (any more); 1 something is left that only a person can decide, or,
with --dry-run, there is something to write; 3 it was written, but the disk did not confirm it;
4 the file or an option cannot be used, and nothing was changed.

Keys that livekit-sip ignores are harmless: a key that exists under another name is renamed; the
others are reported and stay, unless --remove-ignored is given. livekit-server refuses to start
because of any key that it does not know, so there a wish that nothing can fulfil is deleted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Container, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from livekit_conformance.config_doctor.recognition import recognise
from livekit_conformance.config_doctor.services import SERVER, SIP
from livekit_conformance.config_doctor.verdict import redactor
from livekit_conformance.config_fixer import backups, showing
from livekit_conformance.config_fixer.fixing import Fixed, fix
from livekit_conformance.config_fixer.target import (
    FileRefused,
    Original,
    Unconfirmed,
    read,
    real_path,
    why_not_writable,
)
from livekit_conformance.config_fixer.wishes import WISHES, Wish, parse_wish, wish_of
from livekit_conformance.config_fixer.writing import locked
from livekit_conformance.errors import in_system_words

_OK, _LEFT, _UNCONFIRMED, _REFUSED = 0, 1, 3, 4
_SERVICES = {service.name: service for service in (SIP, SERVER)}


def add_parser(actions: Any) -> None:
    """
    Declare the command and its options.
    """
    parser = actions.add_parser(
        "fix",
        help="fix what can be fixed in livekit.yaml or livekit-sip.yaml, and show a diff",
        epilog="Exit status: 0 nothing is wrong (any more), 1 errors are left (with --dry-run: or "
        "changes to write), 3 written, but the disk did not confirm it, 4 refused, and nothing was "
        "changed.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="livekit.yaml or livekit-sip.yaml")
    parser.add_argument("--dry-run", action="store_true", help="show what would be written")
    parser.add_argument(
        "--backup-dir", type=Path, metavar="DIR", help="folder for backups (default: beside FILE)"
    )
    parser.add_argument("--restore", action="store_true", help="put the newest backup back")
    parser.add_argument(
        "--wish",
        type=_wish,
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="set it if the service has such a setting, else name the alternative: "
        + ", ".join(f"{wish.name}={wish.wanted}" for wish in WISHES.values()),
    )
    parser.add_argument("--wishes", action="store_true", help="all of these wishes")
    parser.add_argument(
        "--remove-ignored",
        action="store_true",
        help="delete the keys that livekit-sip ignores because nothing can grant them",
    )
    parser.add_argument(
        "--service",
        choices=_SERVICES,
        help="service of the file (default: recognised by its name and its keys)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Show the changes and write them: 0 nothing is wrong any more, 1 something is left, 3
    unconfirmed, 4 refused.
    """
    try:
        path = real_path(options.file)
        if path != Path(options.file).absolute():
            _print(f"{options.file} leads to {path}: that file is used, and links stay as they are")
        # A dry run writes nothing, so it needs neither the lock nor permission to take it.
        with nullcontext() if options.dry_run else locked(path.parent):
            if options.restore:
                return _restore(path, options)
            return _fix(read(path), options)
    except Unconfirmed as unconfirmed:
        sys.stderr.write(f"{unconfirmed}\n")
        return _UNCONFIRMED
    except FileRefused as refused:
        sys.stderr.write(f"{refused}\n")
    except BrokenPipeError:
        # The reader of the output is gone; the caller handles that.
        raise
    except OSError as error:
        sys.stderr.write(f"{error.filename or options.file}: {in_system_words(error)}\n")
    return _REFUSED


def _fix(original: Original, options: argparse.Namespace) -> int:
    try:
        text = original.content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileRefused(f"{original.path}: is not UTF-8 text, at byte {error.start}") from error
    name = options.file.name
    service = _SERVICES.get(options.service) or recognise(name, text)
    if service is None:
        raise FileRefused(f"{name}: for livekit-server or livekit-sip? Name it with --service")
    wishes = _wishes(options)
    fixed = fix(text, service, file=name, wishes=wishes, removes=options.remove_ignored)
    for line in showing.diff(text, fixed.text, name):
        _print(line)
    redact = redactor([(service, text)])
    for line in _report(fixed, {wish.name for wish, _ in wishes}):
        _print(redact(showing.without_secrets(line)))
    if fixed.text == text:
        _print(f"{name} ({service.name}): nothing to change")
        return _LEFT if fixed.has_errors else _OK
    hindrance = why_not_writable(original)
    if options.dry_run:
        _print(f"{name} ({service.name}): nothing was written")
        if hindrance:
            _print(f"It cannot be written: {hindrance}")
        return _LEFT
    if hindrance:
        raise FileRefused(hindrance)
    shelf = _shelf(original.path, options)
    backup = backups.change(original, fixed.text.encode(), shelf)
    _print(f"{name} ({service.name}): written; the old one is {backup}")
    return _LEFT if fixed.has_errors else _OK


def _restore(path: Path, options: argparse.Namespace) -> int:
    shelf = backups.Shelf.of(path, options.backup_dir)
    current = read(path) if path.exists() else None
    if options.dry_run:
        newest = shelf.newest()
        _print(f"{path}: the newest backup is {newest}" if newest else f"{path}: has no backup")
        return _LEFT if newest else _OK
    if current is not None and (hindrance := why_not_writable(current)):
        raise FileRefused(hindrance)
    _report_cleared(shelf)
    restored = backups.restore(shelf, current)
    if restored is None:
        _print(f"{path}: is equal to its newest backup, {shelf.newest()}: nothing to restore")
        return _OK
    _print(f"{path}: restored from {restored.backup}")
    if restored.put_aside is not None:
        _print(f"Its former content is in {restored.put_aside}")
    return _OK


def _shelf(path: Path, options: argparse.Namespace) -> backups.Shelf:
    shelf = backups.Shelf.of(path, options.backup_dir)
    _report_cleared(shelf)
    return shelf


def _report_cleared(shelf: backups.Shelf) -> None:
    for path in shelf.clear():
        _print(f"{path}: deleted; a killed run left it unfinished")


def _report(fixed: Fixed, asked: Container[str]) -> Iterator[str]:
    for does in fixed.does:
        yield f"fixed: {does}"
    for left in fixed.left:
        yield f"left: {left.finding}"
        if left.hindrance:
            yield f"      {left.hindrance}"
        wish = wish_of(tuple(left.finding.key.split(".")))
        if wish is not None and wish.name not in asked:
            yield f"      {wish.name}: {wish.answer}"
    for answer in fixed.answers:
        yield f"wish: {answer}"


def _wishes(options: argparse.Namespace) -> list[tuple[Wish, str]]:
    """
    Return the wishes that were named, and with --wishes all the others after them.
    """
    named: list[tuple[Wish, str]] = options.wish
    names = {wish.name for wish, _ in named}
    others = WISHES.values() if options.wishes else ()
    return [*named, *((wish, wish.wanted) for wish in others if wish.name not in names)]


def _wish(text: str) -> tuple[Wish, str]:
    try:
        return parse_wish(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
