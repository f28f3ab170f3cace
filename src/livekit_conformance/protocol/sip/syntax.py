"""
Common grammar of SIP: tokens, quoted strings and parameters.

Source: RFC 3261 section 25.1. Patterns are named after their production and are always matched in
full.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# token = 1*(alphanum / "-" / "." / "!" / "%" / "*" / "_" / "+" / "`" / "'" / "~")
TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
# Characters not allowed inside a line of a message, RFC 3261 section 7.3.1; HTAB is allowed.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# quoted-string = DQUOTE *(qdtext / quoted-pair) DQUOTE
_QUOTED = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_QUOTED_STRING = re.compile(_QUOTED, re.DOTALL)
# A generic parameter value is a token, a host (so brackets and colons of IPv6) or a quoted string.
# Commas, semicolons and white space would end the value.
_PARAMETER_VALUE = re.compile(_QUOTED + r'|[^\s",;<>\\]+')

# Limits that no working device reaches; they bound the time that a hostile message takes.
LARGEST_LINE = 64 * 1024
MOST_PARTS = 100
_LONGEST_QUOTE = 200


class SipSyntaxError(ValueError):
    """
    Bytes or text that RFC 3261 does not allow; the message quotes the offending part, shortened.
    """

    def __init__(self, message: str) -> None:
        is_long = len(message) > _LONGEST_QUOTE
        super().__init__(f"{message[:_LONGEST_QUOTE]}..." if is_long else message)


def is_token(text: str) -> bool:
    """
    Return True if `text` is exactly one token.
    """
    return TOKEN.fullmatch(text) is not None


def checked_line(text: str, what: str) -> str:
    """
    Return `text` if it can stand in one line of a message.

    Raises SipSyntaxError: it is too long, or holds a control character or a character that UTF-8
    cannot encode.
    """
    if len(text) > LARGEST_LINE:
        raise SipSyntaxError(f"{what} of {len(text)} characters is longer than {LARGEST_LINE}")
    if _CONTROL.search(text):
        raise SipSyntaxError(f"{what} holds a control character: {text!r}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise SipSyntaxError(f"{what} is not text: {text!r}") from error
    return text


def number(text: str, what: str, *, largest: int) -> int:
    """
    Return `text` as a decimal number, at most `largest`.

    Only ASCII digits count; `int` would accept signs, blanks and the digits of other scripts.

    Raises SipSyntaxError: anything else.
    """
    # Every number of the protocol has at most ten digits; a longer run is an attack.
    if re.fullmatch(r"[0-9]{1,10}", text) is None or int(text) > largest:
        raise SipSyntaxError(f"{what} is not a number up to {largest}: {text!r}")
    return int(text)


def quote(text: str) -> str:
    """
    Return `text` as a quoted string.
    """
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquote(text: str) -> str:
    """
    Return the content of a quoted string; return text that is not quoted unchanged.

    Raises SipSyntaxError: the closing quote is missing or an inner one is not escaped.
    """
    if not text.startswith('"'):
        return text
    if _QUOTED_STRING.fullmatch(text) is None:
        raise SipSyntaxError(f"quoted string does not end where it should: {text!r}")
    return re.sub(r"\\(.)", lambda pair: pair[1], text[1:-1], flags=re.DOTALL)


def split_outside_quotes(text: str, separator: str) -> list[str]:
    """
    Return the parts of `text` between separators that are neither in quotes nor in angle brackets.

    Parts are stripped of white space; an empty text has one empty part.

    Raises SipSyntaxError: a quote or a bracket is left open, or there are too many parts.
    """
    parts, start, bracketed = [], 0, False
    for found in re.finditer(f'{_QUOTED}|[<>]+|["{separator}]', text, re.DOTALL):
        if found[0] == '"':
            raise SipSyntaxError(f"quote left open: {text!r}")
        if found[0][0] in "<>":
            bracketed = found[0][-1] == "<"
        elif found[0] == separator and not bracketed:
            parts.append(text[start : found.start()].strip())
            start = found.end()
            if len(parts) == MOST_PARTS:
                raise SipSyntaxError(f"more than {MOST_PARTS} parts: {text!r}")
    if bracketed:
        raise SipSyntaxError(f"bracket left open: {text!r}")
    return [*parts, text[start:].strip()]


@dataclass(frozen=True, slots=True)
class Parameters:
    """
    `;name=value` parameters of a header or URI, in order; names compare case-insensitively.

    A parameter without a value, such as `lr`, has the value None.
    """

    items: tuple[tuple[str, str | None], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Parameters:
        """
        Parse the text after the first semicolon of a header or URI.

        Raises SipSyntaxError: a parameter has no name or an impossible value.
        """
        return cls(tuple(map(_parameter, split_outside_quotes(text, ";")))) if text else cls()

    def get(self, name: str) -> str | None:
        """
        Return the unquoted value of the first parameter of that name; None if it has no value.
        """
        for key, value in self.items:
            if key.lower() == name.lower():
                return None if value is None else unquote(value)
        return None

    def with_value(self, name: str, value: str | None) -> Parameters:
        """
        Return the same parameters with `name` set to `value`, in its old place or at the end.
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
