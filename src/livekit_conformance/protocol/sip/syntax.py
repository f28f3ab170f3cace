"""
The pieces of grammar that all of SIP shares: tokens, quoted strings and parameters.

Source: RFC 3261 section 25.1. Patterns carry the name of their production and always match whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# token = 1*(alphanum / "-" / "." / "!" / "%" / "*" / "_" / "+" / "`" / "'" / "~")
TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
# A generic parameter value is a token, a host (so brackets and colons of IPv6) or a quoted string.
# Commas, semicolons and white space would start something else.
_PARAMETER_VALUE = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s",;<>\\]+')
# Everything that must not stand inside a line of a message, RFC 3261 section 7.3.1; HTAB may.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class SipSyntaxError(ValueError):
    """
    Bytes or text that are not what RFC 3261 allows; the message quotes the offending part.
    """


def is_token(text: str) -> bool:
    """
    Whether `text` is exactly one token.
    """
    return TOKEN.fullmatch(text) is not None


def checked_line(text: str, what: str) -> str:
    """
    `text`, when it can stand in one line of a message.

    Raises SipSyntaxError: it holds a control character, or a character that UTF-8 cannot carry.
    """
    if _CONTROL.search(text):
        raise SipSyntaxError(f"{what} holds a control character: {text!r}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise SipSyntaxError(f"{what} is not text: {text!r}") from error
    return text


def number(text: str, what: str, *, largest: int) -> int:
    """
    The decimal number that `text` is, at most `largest`.

    Only ASCII digits count; `int` would take signs, blanks and the digits of other scripts.

    Raises SipSyntaxError: anything else.
    """
    # Ten digits hold every number of the protocol; a longer run is an attack, not a number.
    if re.fullmatch(r"[0-9]{1,10}", text) is None or int(text) > largest:
        raise SipSyntaxError(f"{what} is not a number up to {largest}: {text!r}")
    return int(text)


def quote(text: str) -> str:
    """
    `text` as a quoted string.
    """
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquote(text: str) -> str:
    """
    The content of a quoted string; text that is not quoted is returned as it is.

    Raises SipSyntaxError: the closing quote is missing or an inner one is not escaped.
    """
    if not text.startswith('"'):
        return text
    if re.fullmatch(r'"(?:[^"\\]|\\.)*"', text, re.DOTALL) is None:
        raise SipSyntaxError(f"quoted string does not end where it should: {text!r}")
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


def split_outside_quotes(text: str, separator: str) -> Iterator[str]:
    """
    The parts of `text` between separators that stand neither in quotes nor in angle brackets.

    Parts are stripped of white space; an empty text has one empty part.

    Raises SipSyntaxError: a quote or a bracket is left open.
    """
    start, quoted, bracketed, escaped = 0, False, False, False
    for position, character in enumerate(text):
        if quoted:
            quoted = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            quoted = True
        elif character in "<>":
            bracketed = character == "<"
        elif character == separator and not bracketed:
            yield text[start:position].strip()
            start = position + 1
    if quoted or bracketed:
        raise SipSyntaxError(f"quote or bracket left open: {text!r}")
    yield text[start:].strip()


@dataclass(frozen=True, slots=True)
class Parameters:
    """
    The `;name=value` parameters of a header or URI, in order; names compare without case.

    A parameter without a value, such as `lr`, has the value None.
    """

    items: tuple[tuple[str, str | None], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Parameters:
        """
        Read what follows the first semicolon of a header or URI.

        Raises SipSyntaxError: a parameter has no name or an impossible value.
        """
        return cls(tuple(map(_parameter, split_outside_quotes(text, ";")))) if text else cls()

    def get(self, name: str) -> str | None:
        """
        The value of the first parameter of that name, unquoted; None when it has no value.
        """
        for key, value in self.items:
            if key.lower() == name.lower():
                return None if value is None else unquote(value)
        return None

    def with_value(self, name: str, value: str | None) -> Parameters:
        """
        The same parameters with `name` set to `value`, in its old place or at the end.
        """
        pair = (name, value)
        if name not in self:
            return Parameters((*self.items, pair))
        return Parameters(tuple(pair if k.lower() == name.lower() else (k, v) for k, v in self))

    def __contains__(self, name: str) -> bool:
        return any(key.lower() == name.lower() for key, _ in self.items)

    def __iter__(self) -> Iterator[tuple[str, str | None]]:
        return iter(self.items)

    def __str__(self) -> str:
        return "".join(f";{k}" if v is None else f";{k}={v}" for k, v in self.items)


def _parameter(text: str) -> tuple[str, str | None]:
    # generic-param = token [ EQUAL gen-value ], where EQUAL may have white space around it
    name, equals, value = text.partition("=")
    name, value = name.strip(), value.strip()
    if not is_token(name) or (equals and _PARAMETER_VALUE.fullmatch(value) is None):
        raise SipSyntaxError(f"not a parameter: {text!r}")
    return name, value if equals else None
