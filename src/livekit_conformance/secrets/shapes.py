r"""
The one list of what opens a secret in a text: names, headers, URLs, tokens and keys.

A text is searched in lower case for what opens a secret; the secret is matched from there on, in
the text itself. In text that is quoted inside other text, quotes are escaped: `\"`, `\\\"`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from livekit_conformance.secrets.names import HINTS, NAME, WEAK_ENDS, is_misspelt

# Start, end and mask of a secret in a text.
Span = tuple[int, int, str]

MASK: Final = "***"
# Replaces a JSON Web Token: that there was one is of interest.
TOKEN_MASK: Final = "<token>"  # noqa: S105  # no password
# Three base64url parts; the first is the JSON header, which always begins with `{"` -> `eyJ`.
TOKEN: Final = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")

# What ends a value without quotes; the same character inside a value does not end it.
_END = (
    r"""(?:["'`](?:[\s,;:&)\]}\\]|$)|[,;&)\]}](?:[\s"'`,;&)\]}\\]|$|[\w.-]+["']?[=:])"""
    r"""|(?<!\\)\\+[nrt"'/]|%26)"""
)
_BARE = rf"""(?!["'`])(?:(?!{_END})[^\s<>])+"""
# Up to the same quote. Inside an escaped quote, an inner one has more backslashes.
_IN_ESCAPED = r"(?:(?!(?<!\\)(?P=escaped)).)+"
_IN_QUOTES = r"(?:\\.|(?P=quote){2}|(?!(?P=quote)).)+"
_OPENED = r"""(?:[bru]?(?:(?P<escaped>\\+["'])|(?P<quote>["'`])))?"""
# Placeholders, masks, API keys (which are no secrets), small numbers.
_NONE = (
    r"(?:(?:null|none|nil|true|false|undefined|(?-i:API)[A-Z0-9.]+|\d{1,3})(?![\w+/=-])"
    r"|\*{3}|\.{3}(?!\w)|[<\[({]|\$[{(])"
)
# After a colon or a blank, a word without a digit before others: "invalid token: token is expired".
_PROSE = r"(?<=[:\w]\s)[^\s\d]*[^\s\d,;] (?![\w.-]+=)\S"
_VALUE = (
    rf"(?!\\*[\"'`]?{_NONE}){_OPENED}"
    rf"(?P<secret>(?(escaped){_IN_ESCAPED}|(?(quote){_IN_QUOTES}|(?!{_PROSE}){_BARE})))"
)
_API_KEY = r"(?-i:API)[A-Z0-9.]+(?![\w+/=-])"
# A credential of RFC 7235, or one like it: letters only are a word.
_CREDENTIAL = (
    rf"(?!{_API_KEY}|\d{{4}}-)"
    r"(?P<secret>(?=[\w.~+/=-]*(?:\d|(?-i:[a-z][A-Z])|=(?!=)))[\w.~+/=-]{6,})"
)
# A credential by its characters alone: no word, id (`RM_...`, UUID), API key, path or date.
_C = r"[\w.~+/=!#$%^*?-]"
_STRONG = (
    rf"(?=[^\s\d\"'`<>,;:@&|\\(){{}}\[\]]{{,63}}+\d)(?=(?-i:{_C}{{,63}}[a-z]))"
    rf"(?![/._]|{_API_KEY}|(?-i:[A-Z]{{2,4}}_)|[0-9a-f]{{8}}-|\d{{4}}-)"
    rf"(?!{_C}{{,63}}\.(?:go|py|ya?ml|json|log|md|txt|pem|crt|key|env)(?!{_C}))"
    rf"(?P<secret>(?=(?-i:{_C}{{,63}}[A-Z])){_C}{{12,}}|[a-z0-9]{{20,}}(?!{_C}))"
)
# What may stand between a name and its value: no other name, unless it is `value`.
_GAP = r"(?:(?![,;&]\s*\\*[\"']?(?!val)\w+\\*[\"']?\s*[:=]|\s(?!val)\w+=).)"
# The first one nearby, and not in the middle of a word.
_NEARBY = rf"(?:(?<![\w+-])|(?<=%[0-9a-f]{{2}})){_STRONG}"
_JWT = (
    r"(?-i:(?P<secret>eyJ[\w-]{6,}(?:\.[\w-]+)*\.?"
    r"(?:\\?\r?\n[ \t|>]*[\w-]{16,}(?:\.[\w-]*)*(?=[\\\"'\s]|\Z))*))"
)
_CLOSED = r"""\\*["'`]?[\])]?"""
_IS = rf"{_CLOSED}[ \t]*(?:[=-]>|:=|[=:]|%3d)[ \t]*"


@dataclass(frozen=True, slots=True)
class Shape:
    """
    Secret that follows an opener: the group `secret` of `value`, which `mask` replaces.

    `hints` and `opener` are in lower case. A text without any of the hints has no opener.
    """

    hints: tuple[str, ...]
    opener: str
    value: str
    mask: str = MASK
    # Judges the name in the opener.
    opens: Callable[[str], bool] | None = None

    @classmethod
    def of(
        cls,
        hints: tuple[str, ...] | str,
        opener: str,
        value: str = _VALUE,
        mask: str = MASK,
        opens: Callable[[str], bool] | None = None,
    ) -> Shape:
        """
        Return a shape; a single hint may be a text.
        """
        all_hints = (hints,) if isinstance(hints, str) else hints
        return cls(all_hints, opener, value, mask, opens)

    def spans(self, text: str, lower: str) -> Iterator[Span]:
        """
        Yield the spans of the secrets of this shape; `lower` is `text` in lower case.
        """
        opener, value = _compiled(self.opener), _compiled(self.value, re.IGNORECASE | re.DOTALL)
        at = 0
        while opened := opener.search(lower, at):
            at = max(opened.end(), opened.start() + 1)
            if self.opens is not None and not self.opens(text[slice(*opened.span(1))]):
                continue
            if secret := value.match(text, opened.end()):
                # A secret opens no other one, so that a text is read once.
                at = max(at, secret.end("secret"))
                yield (*secret.span("secret"), self.mask)


# Compiled on first use: all of them together take as long as the start of a command.
@cache
def _compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(pattern, flags)


SHAPES: Final = (
    # The last parts of a truncated token may be missing, and it may be broken over lines.
    Shape.of("eyj", "(?=eyj)", _JWT, TOKEN_MASK),
    # NAME=VALUE, "NAME": "VALUE", NAME => VALUE, ?NAME=VALUE&, NAME "VALUE"
    Shape.of(HINTS, rf"{NAME}(?:{_IS}|[ \t]+(?=\\*[\"'`]))"),
    # NAME VALUE, NAME is VALUE, NAME(VALUE), NAME: [VALUE]
    Shape.of(
        HINTS,
        rf"{NAME}(?:[ \t]+(?:is +)?|(?:[=:] ?)?[\[({{][\"']?)",
        rf"(?=[\w.~+/=-]*[a-z]){_CREDENTIAL}",
    ),
    # The name and the value are near each other, whatever stands between.
    Shape.of(HINTS, NAME, rf"{_GAP}{{0,24}}?{_NEARBY}"),
    Shape.of(
        WEAK_ENDS,
        rf"(?:{'|'.join(WEAK_ENDS)})(?![a-z])",
        rf"[\s\"'\]\[(,:={{]{{1,6}}(?:\w{{1,16}}[\s\"',:]{{1,4}})?{_STRONG}",
    ),
    Shape.of(
        (":", "="),
        rf"(?<![\w.-])([a-z][\w.-]{{4,40}}){_IS}",
        rf"[\"']?{_STRONG}",
        opens=is_misspelt,
    ),
    # A block of YAML: the secret is on the next lines.
    Shape.of(
        ("|\n", "|-\n", "|+\n", ">\n", ">-\n", ">+\n"),
        rf"{NAME}[\"']?[ \t]*:[ \t]+[|>][-+]?\n",
        r"(?P<secret>(?:[ \t]+[^\n]*(?:\n|\Z)|[ \t]*\n)+)",
    ),
    Shape.of("</", rf"<{NAME}[^<>]*>", r"(?P<secret>[^<>]+)"),
    # Options, and settings of Redis, netrc and livekit-server (`keys: {APIabc: ...}`).
    Shape.of("--", rf"(?<!-)--[\w-]{{0,24}}?(?:{NAME}|keys)[ =]"),
    Shape.of(
        ("user", "-u"),
        r"(?:--(?:proxy-)?user|(?<!\S)-u)[ =][\"']?[^\s:]+:",
        r"(?P<secret>[^\s\"']+)",
    ),
    Shape.of(
        ("requirepass", "masterauth", "auth-pass"),
        "(?:requirepass|masterauth|auth-pass +[^ ]+) +",
    ),
    Shape.of("login", r"login +[^\s]+ +password +"),
    Shape.of("api", rf"(?<![a-z0-9])api(?=[a-z]*\d)[a-z0-9]{{8,}}{_IS}"),
    Shape.of("api", r"(?<![a-z0-9])api(?=[a-z]*\d)[a-z0-9]{8,}", rf"{_GAP}{{1,12}}?{_NEARBY}"),
    Shape.of((" -a", " -p"), r"(?<!\S)-[ap] ?", rf"[\"']?{_STRONG}"),
    Shape.of("user", r"user +\S+ +(?:\S+ +){0,4}?>", _CREDENTIAL),
    # RFC 7617, RFC 6750: credentials of HTTP.
    Shape.of(
        "authorization",
        rf"authorization{_IS}{_CLOSED}(?:basic|bearer) +",
        r"(?P<secret>[\w.~+/=-]+)",
    ),
    Shape.of("authorization", rf"authorization{_IS}{_CLOSED}(?!digest)(?:[a-z]+ +)?", _CREDENTIAL),
    Shape.of(("basic", "bearer"), r"\b(?:basic|bearer) +", _CREDENTIAL),
    Shape.of("cookie", rf"cookie{_IS}", r"\\*[\"']?(?P<secret>[^\r\n\"'\\]+)"),
    # A digest response can be attacked offline, RFC 7616 section 5; so can most of one.
    Shape.of("response", rf"response{_IS}", r"\\*[\"']?(?P<secret>[0-9a-f]{8,})"),
    Shape.of("response", "response +", r"(?P<secret>[0-9a-f]{16,})"),
    # RFC 4568: the key of SRTP. RFC 8839: the key of the connectivity checks.
    Shape.of("inline:", "inline:", r"(?P<secret>[\w+/=-]{16,})"),
    Shape.of("ice-pwd:", "ice-pwd:", r"(?P<secret>[\w+/]+)"),
    # Passwords of URLs and of SIP URIs; a long user without a password is a token.
    Shape.of("://", r"://[^\s/:@\"'<>]*:", r"(?P<secret>[^\s/\"'<>]+)@"),
    Shape.of("://", "://", r"(?P<secret>[^\s/:@\"'<>]{16,})@"),
    Shape.of("@", r"(?<=[\w.+-]):(?<!sip:)(?<!sips:)", rf"{_STRONG}@"),
    Shape.of(("sip:", "sips:"), r"sips?:[^\s:@;,\"<>]+:", r"(?P<secret>[^\s@;,\"<>]{1,256})@"),
    Shape.of(
        "-----begin",
        r"-----begin (?:\w+ )*private key-----",
        r"(?P<secret>.*?)(?:-----END (?:\w+ )*PRIVATE KEY-----|\Z)",
    ),
)
# Each hint with the numbers of its shapes: texts are searched for each hint once.
_BY_HINT: Final = [
    (hint, [number for number, shape in enumerate(SHAPES) if hint in shape.hints])
    for hint in dict.fromkeys(hint for shape in SHAPES for hint in shape.hints)
]
_WHOLE: Final = re.compile(_STRONG, re.IGNORECASE)
# Latin and Cyrillic letters; the length of a text stays.
_LOWER: Final = str.maketrans(
    {letter: letter.lower() for letter in map(chr, (*range(65, 91), *range(0x410, 0x430)))}
)


def opened_secrets(text: str) -> list[Span]:
    """
    Return the span of everything in `text` that is a secret by its place, with its mask.
    """
    lower = text.lower() if text.isascii() else text.translate(_LOWER)
    numbers = {number for hint, numbers in _BY_HINT if hint in lower for number in numbers}
    return [span for number in sorted(numbers) for span in SHAPES[number].spans(text, lower)]


def looks_like_credential(text: str) -> bool:
    """
    Return whether a text is a credential by its characters alone.
    """
    return _WHOLE.fullmatch(text) is not None


def replaced(text: str, spans: Iterable[Span]) -> str:
    """
    Return `text` with each span replaced by its mask; those that touch get the first one's.
    """
    parts: list[str] = []
    end = 0
    for start, stop, mask in sorted(spans, key=lambda span: span[0]):
        if start > end or not parts:
            parts += [text[end:start], mask]
        end = max(end, stop)
    return "".join([*parts, text[end:]])
