"""
The scan finds a secret in a file in any encoding, and nothing in a file without one.
"""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import zipfile
from urllib.parse import quote, quote_plus

import pytest

from livekit_conformance.secrets.file_scan import SecretScan

SECRET = 'canary/"secret"\\<&é+ 0123456789'
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJBUEljYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ"


def base64_of(text, before="a"):
    return base64.b64encode(f"{before}{text}zz".encode()).decode()


def zipped(text):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("log.txt", text)
    return file.getvalue()


def scan(content, secrets=(SECRET,)):
    return SecretScan(secrets).where(content if isinstance(content, bytes) else content.encode())


@pytest.mark.parametrize(
    "encode",
    [
        str,
        json.dumps,
        lambda text: json.dumps(json.dumps(text)),
        lambda text: json.dumps(text, ensure_ascii=False),
        repr,
        html.escape,
        lambda text: "".join(f"&#{ord(letter)};" for letter in text),
        quote,
        quote_plus,
        lambda text: quote(quote(text, safe="")),
        lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
        base64_of,
        lambda text: base64_of(text, before=""),
        lambda text: base64_of(text, before="ab"),
        lambda text: base64_of(text).replace("+", "-").replace("/", "_").rstrip("="),
        lambda text: base64_of(html.escape(json.dumps({"a": text}))),
        lambda text: html.escape(json.dumps({"a": f"<b>{html.escape(text)}</b>"})),
        lambda text: f'src="data:text/html;base64,{base64_of(base64_of(quote(text)), before="")}"',
        lambda text: base64.b64encode(zipped(text)).decode(),
        lambda text: zipped(base64_of(text)),
        lambda text: gzip.compress(json.dumps(text).encode()),
        lambda text: text.encode("utf-16"),
        lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
        lambda text: base64.encodebytes(f"some words in front of {text}".encode()).decode(),
        str.swapcase,
        lambda text: text.encode().hex(),
        lambda text: text.encode().hex().upper(),
        lambda text: gzip.compress(zipped(text)),
        lambda text: text[5:17],
    ],
)
def test_a_secret_is_found_in_every_encoding(encode):
    content = encode(SECRET)
    if isinstance(content, str):
        content = f"before {content} after"

    assert scan(content) is not None


def test_a_token_is_found_without_being_known_and_one_without_signature_is_none():
    assert scan(f"x {TOKEN}", []) is not None
    assert scan(json.dumps(f"x {base64_of(TOKEN)}"), []) is not None
    assert scan(TOKEN.rpartition(".")[0] + ".", []) is None


def test_what_the_suite_made_itself_is_found_in_parts():
    signature, digest = "c2lnbmF0dXJlLWNhbmFyeQ-0123456", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
    scan = SecretScan([], [signature, digest])

    assert scan.where(f"x {signature[9:17]} y".encode()) is not None
    assert scan.where(f"x {digest[3:15]} y".encode()) is not None
    assert scan.where(f"x {signature[9:15]} {digest[3:11]} y".encode()) is None


def test_a_file_without_a_secret_is_fit():
    text = f"{SECRET[:11]} {base64_of('another text')} %41 \\u00e9 &amp; \\ PK eyJ.no.token"

    assert scan(text) is None
    assert scan(zipped(text)) is None
    assert scan(b"\xff\xfe\x00") is None


def test_values_that_stand_in_a_page_by_chance_are_not_looked_for():
    assert scan("the password, 1234567", ["password", "1234567"]) is None
    assert scan("the pass-w0rd", ["pass-w0rd"]) is not None


def test_unfit_files_are_told_with_the_way_in_and_without_the_secret(tmp_path):
    (tmp_path / "fit").write_text("fit")
    (tmp_path / "leaky.html").write_text(html.escape(SECRET))
    (tmp_path / "logs.zip").write_bytes(zipped(SECRET))
    (tmp_path / "torn.zip").write_bytes(zipped(SECRET)[:40])
    (tmp_path / "folder").mkdir()

    unfit = list(SecretScan([SECRET]).unfit(sorted(tmp_path.iterdir())))

    assert {(one.path.name, one.why) for one in unfit} == {
        ("folder", "could not be looked at: IsADirectoryError"),
        ("leaky.html", "holds a secret (as it is)"),
        ("logs.zip", "holds a secret (as it is in log.txt in a zip)"),
        ("torn.zip", "could not be looked at: BadZipFile"),
    }


def test_a_blob_that_only_looks_like_an_archive_is_no_reason_to_refuse_a_file():
    assert scan(base64.b64encode(b"PK\x03\x04 and nothing more of it").decode()) is None
