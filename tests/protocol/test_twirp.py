from __future__ import annotations

import pytest

from livekit_conformance.protocol.twirp import HTTP_STATUS, Code, TwirpError, parse_error


def test_every_code_has_a_status() -> None:
    """
    The table is complete, and no error has a status of success.
    """
    assert HTTP_STATUS.keys() == set(Code)
    assert all(status >= 400 for status in HTTP_STATUS.values())


@pytest.mark.parametrize("code", Code)
def test_errors_survive_their_body(code: Code) -> None:
    """
    Code, message and meta are read back from the body.
    """
    read = parse_error(TwirpError(code, "why é", {"a": "b"}).body())

    assert read
    assert (read.code, read.msg, read.meta) == (code, "why é", {"a": "b"})


def test_the_body_is_that_of_the_real_server() -> None:
    """
    Without meta there is no meta.
    """
    error = TwirpError(Code.UNAUTHENTICATED, "permissions denied")

    assert error.body() == b'{"code":"unauthenticated","msg":"permissions denied"}'
    assert error.status == 401


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"invalid authorization token", b"\xff", b"[]", b"1", b"{}"),
        *(b'{"code":"strange"}', b'{"code":[]}', b'{"code":null}', b'{"code":"internal","meta":1}'),
    ],
)
def test_other_bodies_are_no_twirp_errors(body: bytes) -> None:
    """
    Plain text, other JSON and unknown codes parse to None.
    """
    assert parse_error(body) is None


def test_a_message_may_be_missing() -> None:
    """
    An error without a message is still an error.
    """
    read = parse_error(b'{"code":"internal"}')

    assert read
    assert (read.code, read.msg) == (Code.INTERNAL, "")
