"""
Generate secrets, the texts in which a service echoes them, and what must not be seen of them.

Everything follows from a seed. A secret has an alphabet, a length and a place; an echo has an
encoding, words around it and perhaps a cut.
"""

from __future__ import annotations

import base64
import html
import json
import random
import re
import string
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from ahocorasick_rs import AhoCorasick

from livekit_conformance.protocol import token
from tests.secrecy import everything_in

# So many characters in a row that stem from a secret are a leak.
SEEN = 8
# A part of so many is masked even if it could be a word.
LONG = 12
WORD = re.compile(r"[A-Z]?[a-z _./:,-]*|[A-Z _./:,-]*")
ALPHABETS = {
    "base64url": string.ascii_letters + string.digits + "-_",
    "base64": string.ascii_letters + string.digits + "+/",
    "letters and digits": string.ascii_letters + string.digits,
    "hexadecimal": "0123456789abcdef",
    "lower case": string.ascii_lowercase,
    "printable": string.ascii_letters + string.digits + "!#$%&()*+,-./:;<=>?@[]^_{|}~",
    "quotes": string.ascii_letters + string.digits + "\"'\\<>&% ",
    "unicode": string.ascii_letters + string.digits + "éßжñ",
}
# A part of such a secret may be a word or an id, so a short one alone is no leak.
_LIKE_IDS = ("hexadecimal", "lower case")
# Places of a profile, as `tests.reporting.planted` names them.
PLACES = (
    *("api-secret", "trunk-password", "outbound-password"),
    *("redis-password", "url-password", "webhook-password"),
)
_IN_URLS = ("redis-password", "url-password", "webhook-password")
ENCODINGS = {
    "as it is": str,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "repr": lambda text: repr(text)[1:-1],
    "HTML": html.escape,
    "URL": lambda text: quote(text, safe=""),
    "URL in lower case": lambda text: quote(text, safe="/").replace("%2F", "%2f"),
    "form": quote_plus,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "Basic": lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(f"u:{text}".encode()).decode().rstrip("="),
    "hexadecimal": lambda text: text.encode().hex(),
    "HEXADECIMAL": lambda text: text.encode().hex().upper(),
    "swapped case": str.swapcase,
    "lower case": str.lower,
    "upper case": str.upper,
    "UTF-16": "\0".join,
    "UTF-16 in repr": lambda text: repr("\0".join(text))[1:-1],
    "UTF-16 in JSON": lambda text: json.dumps("\0".join(text))[1:-1],
    "UTF-16 in base64": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
}
# These are escapes, too; eight characters of them are fewer of the secret.
UNCUT = ("UTF-16", "UTF-16 in repr", "UTF-16 in JSON")
ESCAPES = ("JSON", "JSON in JSON", "repr", "HTML", "URL", "URL in lower case", "form")
# A stranger's text that shows a secret by its name: the parts of a name, and what leads from it to
# the value.
SECRET_WORDS = (
    "password",
    "secret",
    "credential",
    "passphrase",
    "pass_word",
    "пароль",
    "apisecret",
)
FIRST_WORDS = ("", "sip_", "SIP ", "livekit.", "x-", "db", "the ", "wrong ", "my_")
LAST_WORDS = ("", "s", "_old", "Value", ".value", "[0]", " key", "-1")
LEADS = (
    *(": ", "=", ",", ";", " | ", "→", " -> ", " was ", " is now ", "/", "?", "%20", "%3A", "："),
    *("(", "[", "{", "<", " <", ': "', "='", ":\n  - ", ":\n  value: ", ": !!str ", ": &a ", "\t"),
    *(
        '":{"value":"',
        '": ["',
        '","value":"',
        '" value="',
        "': ('u', '",
        "&quot;:&quot;",
        "=null, ",
    ),
    *(" mismatch: got ", " for user u: ", "=[REDACTED] ", "=*** ", "{Value:", ":map[a:", "=null, "),
)
# Base64 characters with bytes in front of the secret.
BEFORE_IN = {"Basic": 8, "base64url": 4}
AROUND = (
    "{}",
    "invalid API key: {}",
    "the account {} is unknown",
    "X-Echo: {}",
    '{{"detail": "{}", "code": 3}}',
    "GET /rooms/{}?page=1",
    "line 1\n{}\nline 3",
    "<b>{}</b>",
    "voice-ai-call-{}",
)


@dataclass(frozen=True)
class Secret:
    """A generated secret: its plain value, what stands in the profile, and its alphabet."""

    plain: str
    written: str
    alphabet: str


@dataclass(frozen=True)
class Echo:
    """A text with a secret in some form, and that form."""

    text: str
    form: str
    how: str


class Generator:
    """All that follows from one seed."""

    def __init__(self, seed):
        self.dice = random.Random(seed)  # the same secrets each time

    def secret(self, place="api-secret", shortest=8):
        """Return a secret that a profile may hold in `place`."""
        alphabet = self.dice.choice([*ALPHABETS])
        low = 16 if alphabet in _LIKE_IDS else shortest
        plain = self.text(ALPHABETS[alphabet], self.dice.choice((low, low + 3, 20, 32, 43, 64)))
        # The reports would hold a secret of one kind of characters by chance.
        plain = f"{plain[:3]}{self.dice.choice('gkvxz')}{self.dice.choice('2579')}{plain[5:]}"
        if alphabet == "lower case":
            plain = plain.translate(str.maketrans("2579", "qjxz"))
        if place in _IN_URLS:
            return Secret(plain, quote(plain, safe=self.dice.choice(("", "!$*,;=+"))), alphabet)
        return Secret(plain, plain, alphabet)

    def text(self, characters, length):
        """Return random characters, none of them white space at an end."""
        text = "".join(self.dice.choice(characters) for _ in range(length))
        return f"{text[0].strip() or 'k'}{text[1:-1]}{text[-1].strip() or 'z'}".strip("'\"")

    def token(self):
        """Return a token as the suite makes them."""
        claims = {"iss": f"API{self.text(ALPHABETS['letters and digits'], 12)}", "exp": 4102444800}
        return token.sign(claims, self.text(ALPHABETS["base64url"], 43))

    def shown_by_name(self, value):
        """Return a text with a name that means a secret, perhaps misspelt, and the value."""
        word = self.dice.choice(SECRET_WORDS)
        lead = self.dice.choice(LEADS)
        if lead.startswith((":", "=")) and word.isalpha() and word.isascii():
            word = self.misspelt(word)
            lead, before, after = self.dice.choice((": ", "=", ': "', "='")), "api_", ""
        else:
            before, after = self.dice.choice(FIRST_WORDS), self.dice.choice(LAST_WORDS)
        name = self.dice.choice((str, str.upper, str.title))(before + word + after)
        return f"{name}{lead}{value}"

    def misspelt(self, word):
        """Return a word with a letter missing, twice or changed, or two of them swapped."""
        at = self.dice.randrange(1, len(word) - 1)
        start, letter, rest = word[:at], word[at], word[at + 1 :]
        swapped = rest[:1] + letter + rest[1:]
        return start + self.dice.choice((rest, 2 * letter + rest, f"x{rest}", swapped))

    def digest(self):
        """Return a digest response."""
        return self.text(ALPHABETS["hexadecimal"], 32)

    def echo(self, value, alphabet="", encodings=tuple(ENCODINGS)):
        """Return a text that shows a value, encoded and perhaps cut."""
        encoding = self.dice.choice(encodings)
        whole = ENCODINGS[encoding](value)
        cut, part = self._cut(whole, alphabet, encoding)
        around = self.dice.choice(AROUND)
        # The first characters also encode what stands before the secret.
        form = whole[BEFORE_IN.get(encoding, 0) :].rstrip("=")
        # An escaped character is one, and outputs are decoded.
        form = value if encoding in (*ESCAPES, *UNCUT) else form
        return Echo(around.format(part), form, f"{alphabet}, {encoding}, {cut}, {around!r}")

    def _cut(self, whole, alphabet, encoding):
        kind = self.dice.choice(("whole", "whole", "..", "...", "…", "tail", "middle", "lines"))
        like_ids = alphabet in _LIKE_IDS or "case" in encoding or "HEX" in encoding.upper()
        shortest = LONG if like_ids else SEEN
        if kind == "whole" or len(whole) <= shortest or encoding in UNCUT:
            return "whole", whole
        at = self.dice.randrange(shortest, len(whole))
        start = self.dice.randrange(len(whole) - at + 1)
        parts, text = {
            "tail": ([], "..." + whole[-at:]),
            "middle": ([whole[start : start + at]], whole[start : start + at]),
            "lines": ([whole[:at], whole[at:]], whole[:at] + "\n    " + whole[at:]),
        }.get(kind, ([], whole[:at] + kind))
        # Without the mark of a cut, a short part that could be a word is masked by nobody.
        if any(len(part) < LONG and (like_ids or WORD.fullmatch(part)) for part in parts):
            return "whole", whole
        return kind, text


def traces(forms):
    """Return an automaton for all that must not be seen: `SEEN` characters of a form in a row."""
    windows = {
        form[start : start + SEEN] for form in forms for start in range(len(form) - SEEN + 1)
    }
    return AhoCorasick(sorted(windows))


def seen(automaton, text):
    """Return what is seen in a text once it is decoded."""
    return {
        piece[max(0, start - 30) : end + 20]
        for piece in everything_in(text, depth=2)
        for _, start, end in automaton.find_matches_as_indexes(piece)
    }
