"""
Parse the blocks of a declarative Jenkinsfile as ours have them: no slashy or tripled strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"""
    (?P<gap>\s+|//[^\n]*)
    | (?P<text>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")
    | (?P<bracket>[{}()\[\]])
    | (?P<word>[A-Za-z_]\w*)
    | (?P<other>[-.,:;=+$0-9!&|<>?])
    """,
    re.VERBOSE,
)
_CLOSED_BY = {"{": "}", "(": ")", "[": "]"}


class BrokenJenkinsfile(Exception):
    """
    The text is not a Jenkinsfile; the message has the place and the reason.
    """


@dataclass
class Block:
    """
    `name(argument) { ... }`: its inner blocks, and all its tokens, including those of inner blocks.
    """

    name: str
    argument: str
    blocks: list[Block] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> Block:
        found = [block for block in self.blocks if block.name == name]
        if len(found) != 1:
            raise BrokenJenkinsfile(f"{self.name} has {len(found)} blocks {name}")
        return found[0]

    @property
    def shell(self) -> list[str]:
        """
        Shell commands after `sh`, unquoted.
        """
        pairs = zip(self.tokens, self.tokens[1:], strict=False)
        return [unquoted(text) for word, text in pairs if word == "sh" and text[0] in "'\""]

    def settings(self) -> dict[str, str]:
        """
        Return the value of each `NAME =`: its tokens up to the next name, joined.
        """
        found: dict[str, list[str]] = {}
        for position, token in enumerate(self.tokens):
            if self.tokens[position + 1 : position + 2] == ["="]:
                found[token] = []
            elif found and token != "=":
                found[next(reversed(found))].append(token)
        return {name: "".join(tokens) for name, tokens in found.items()}


def parse(text: str) -> Block:
    """
    Return the block `pipeline`; raise BrokenJenkinsfile.
    """
    top = Block("the file", "")
    within = [top]
    statement: list[str] = []  # its tokens so far: the name and argument of a block
    brackets: list[str] = []
    for token in _tokens(text):
        _match(token, brackets)
        if token == "{":
            block = Block(statement[0] if statement else "", "".join(statement[1:]))
            within[-1].blocks.append(block)
            within.append(block)
        elif token == "}":
            within.pop()
        elif token != "\n":
            for block in within:
                block.tokens.append(token)
            statement.append(token)
        # A line ends a statement, unless it is in the middle of a list.
        if token in "{}" or (token == "\n" and brackets[-1:] in ([], ["{"])):
            statement = []
    if brackets:
        raise BrokenJenkinsfile(f"{brackets[-1]} is not closed")
    return top["pipeline"]


def _match(token: str, brackets: list[str]) -> None:
    if token in _CLOSED_BY:
        brackets.append(token)
    elif token in _CLOSED_BY.values() and (not brackets or _CLOSED_BY[brackets.pop()] != token):
        raise BrokenJenkinsfile(f"{token} closes nothing")


def unquoted(text: str) -> str:
    """
    Return a quoted text as Groovy reads it.
    """
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def _tokens(text: str) -> Iterator[str]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            line = text.count("\n", 0, position) + 1
            raise BrokenJenkinsfile(f"line {line}: {text[position : position + 20]!r}")
        position = match.end()
        if match["gap"] is None:
            yield match.group()
        elif "\n" in match.group():
            yield "\n"
