"""
Codes of phrases as the source has them, to compare with the table of their words.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path


def strings(sources: Iterable[Path]) -> set[str]:
    """
    Return all texts that stand in the source.
    """
    return {text for node in nodes(sources) for text in _text(node)}


def first_arguments(sources: Iterable[Path], *functions: str, place: int = 0) -> set[str]:
    """
    Return the texts that are the argument at `place` of calls of these functions.
    """
    return {
        text
        for call in calls(sources, *functions)
        if len(call.args) > place
        for inner in _alternatives(call.args[place])
        for text in _text(inner)
    }


def calls(sources: Iterable[Path], *functions: str) -> Iterator[ast.Call]:
    """
    Yield the calls of these functions.
    """
    for node in nodes(sources):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in functions:
                yield node


def _alternatives(node: ast.expr) -> list[ast.expr]:
    return [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]


def nodes(sources: Iterable[Path]) -> Iterator[ast.AST]:
    """
    Yield all nodes of the source.
    """
    for source in sources:
        yield from ast.walk(ast.parse(source.read_text(encoding="utf-8")))


def _text(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
