"""
A mark proves the owner of an object, and nothing else does.
"""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livekit_conformance.protocol import mark
from livekit_conformance.protocol.mark import OwnershipMark

SECRET = "a-secret-that-is-made-up-for-this-test"
MARK = OwnershipMark(
    run="20261123T072805Z-prod-0a1b2c3d",
    kind="room",
    name="voice-ai-call-lkc-0a1b2c3d-1",
    created=1_795_000_000,
    ttl=3600,
    note="Größe",
)


def read(metadata, secret=SECRET, kind=MARK.kind, name=MARK.name):
    return mark.read(metadata, secret, kind=kind, name=name)


def test_a_mark_is_read_back_as_it_was_written():
    assert read(mark.write(MARK, SECRET)) == MARK


def test_whitespace_and_the_order_of_keys_do_not_matter():
    content = json.loads(mark.write(MARK, SECRET))

    assert read(json.dumps(dict(reversed(content.items())), indent=1)) == MARK


def test_it_expires_its_ttl_after_it_was_made():
    assert MARK.expires == 1_795_003_600


@pytest.mark.parametrize("other", [{"kind": "inbound-trunk"}, {"name": MARK.name + "0"}])
def test_a_mark_that_was_copied_to_another_object_is_not_ours(other):
    assert read(mark.write(MARK, SECRET), **other) is None


def test_a_mark_of_another_secret_is_not_ours():
    assert read(mark.write(MARK, SECRET + "x")) is None


@pytest.mark.parametrize("field", ["run", "kind", "name", "created", "ttl", "note", "mac", "suite"])
def test_a_mark_with_a_changed_field_is_not_ours(field):
    content = json.loads(mark.write(MARK, SECRET))
    changed = content | {field: content[field] + (1 if field in {"created", "ttl"} else "x")}
    name = str(changed["name"])

    assert mark.read(json.dumps(changed), SECRET, kind="room", name=name) is None


@pytest.mark.parametrize("field", ["run", "kind", "name", "created", "ttl", "note", "mac", "suite"])
def test_a_mark_without_a_field_is_not_ours(field):
    content = json.loads(mark.write(MARK, SECRET))
    del content[field]

    assert read(json.dumps(content)) is None


@pytest.mark.parametrize(
    "metadata",
    [
        *("", "{}", "[]", "null", "1", '"livekit-conformance"', "{", "[" * 3000),
        '{"suite":"livekit-conformance"}',
        '{"suite":["livekit-conformance"]}',
        json.dumps({**json.loads(mark.write(MARK, SECRET)), "mac": "\ud800"}),
        json.dumps({**json.loads(mark.write(MARK, SECRET)), "run": "\ud800"}),
        mark.write(MARK, SECRET)[:-1] + ',"more":1}',
        mark.write(MARK, SECRET).replace("3600", "3600.0"),
        mark.write(MARK, SECRET).replace("3600", "true"),
        mark.write(MARK, SECRET) + " " * 5000,
        mark.write(replace(MARK, created=0), SECRET).replace('"created":0', '"created":1'),
    ],
    ids=range(17),
)
def test_metadata_of_others_is_not_ours(metadata):
    assert read(metadata) is None


def test_an_empty_secret_signs_nothing():
    with pytest.raises(ValueError, match="empty secret"):
        mark.write(MARK, "")


@given(st.text())
def test_no_text_is_taken_for_a_mark(text):
    assert read(text) is None
