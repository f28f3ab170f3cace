"""
Whatever opens a secret is known from one list, and every command masks by it.
"""

from __future__ import annotations

import pytest

from livekit_conformance.config_doctor.services import SIP
from livekit_conformance.config_doctor.verdict import redactor
from livekit_conformance.config_fixer import showing
from livekit_conformance.log_diagnosis.telling import describe
from livekit_conformance.protocol.logline import parse
from livekit_conformance.secrets.names import names_secret
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.secrets.scrubber import Scrubber

SECRET = "Tr0ub4dor-Xq9zLm2w"
NAMES = (
    *("password", "SIP_PASSWORD", "authPassword", "passwd", "Passphrase", "pwd", "ice_pwd"),
    *("SIP_PASS", "db_pass", "dbpass", "api_secret", "apiSecret", "clientSecret", "credential"),
    *("private_key", "accessKey", "LIVEKIT_KEYS", "token", "webhook_token", "signature", "ha1"),
    *("pin", "api-key", "expectedResponse", "receivedResponse", "passwordHash", "пароль"),
)
SHAPES = (
    "password={}",
    "password = {}",
    "pwd:{}",
    "token: {}",
    "token: {}, user: x",
    "password => {}",
    'user: u, :password=>"{}"',
    "password := {}",
    "password is {}",
    "password {}",
    "password\t{}",
    "password({})",
    "secrets: [{}, x]",
    "password `{}`",
    "the password '{}' is wrong",
    'password: "two {} words"',
    "password='it''s {}'",
    r'"password": "a \" quote {}"',
    '{{"a":1,"password":"{}"}}',
    r"{{\"a\":1,\"password\":\"{}\"}}",
    r"{{\\\"password\\\": \\\"{}\\\"}}",
    r"{{\"password\": \"a \\\" quote {}\"}}",
    'msg="wrong password: {}"',
    "Password:{} User:x",
    'auth_password:"{}" auth_username:"u"',
    "password: {} # a comment",
    "export SIP_PASSWORD='{} more'",
    "api_secret: |\n  {}\nroom: 1",
    "api_secret: >-\n\n    {}\n",
    "password: 'over\n  lines {}'",
    "?password={}&x=1",
    "password%3D{}%26x",
    "<password>{}</password>",
    "--password {}",
    "--password '{}'",
    "--api-secret={}",
    '--keys "devkey: {}"',
    "curl -u user:{} http://h",
    "curl --user 'user:{}' http://h",
    "requirepass {}",
    "masterauth {}",
    "sentinel auth-pass mymaster {}",
    "machine h login u password {}",
    "keys: {{APIabcd1234: {}}}",
    "APIabcd1234={}",
    "invalid API key: {}",
    "X-Api-Key: {}",
    "Bearer {}",
    "Basic {}",
    "Authorization: {}",
    "Authorization: Token {}",
    "Cookie: sid={}; theme=dark",
    "redis://:{}@h:6379/0",
    "https://user:{}@h",
    "https://{}@h",
    "sip:user:{}@h",
    "a=ice-pwd:{}",
)
# These show a secret only if it looks like a credential.
CREDENTIAL_SHAPES = (
    "AUTH {}",
    "AUTH default {}",
    "redis-cli -h h -a '{}' ping",
    "ACL SETUSER alice on >{}",
    "webhook_key: {}",
    "encryptionKey={}",
    "auth=('user', '{}')",
    "keys:\n  devkey: {}",
    "{{Key:APIabcd12345678 Value:{}}}",
    'NewAccessToken("APIabcd12345678", "{}")',
    "turn:user:{}@h",
    "pin-code: {}",
    "ключ: {}",
)
NO_SECRETS = (
    "livekit.api_secret: is empty: kind live needs a value",
    "sip.password: variable SIP_PASSWORD is missing: looked in the environment",
    "sip.password: SIP_PASSWORD must be set too, because sip.server is",
    "set it with `export SIP_PASSWORD=...` or put a line SIP_PASSWORD=... into .env",
    "livekit.api_secret: must be text: put the value in quotes",
    "api_key: ${LIVEKIT_API_KEY}, password=<secret>, password: ***",
    'password: {a: 1}, "token": null, "token": true, "password": ""',
    "invalid token: token is expired (exp)",
    "invalid token: go-jose/go-jose: error in cryptographic primitive",
    "invalid API key: APIabc, the API key `APIa...34` is refused",
    "could not decode token: token contains an invalid number of segments",
    "the token is refused; the secret must differ; --password is required",
    "key 'password' is missing in section sip; `sip.username` and `sip.password`: the account",
    "1.1-wrong-secret-is-refused PASS: all is well, 12 pass, 3 fail; pass: 3, tokens: 3",
    "Basic authentication failed, bearer token missing, proxy-authorization: required",
    "unexpected status from INVITE response: sip status: 503: Service Unavailable",
    "ListSIPInboundTrunk, API key APId...a1: auth_password of trunk ST_Gy6iyaqcTe8D",
    'Digest realm="r", qop="auth", nonce="1795AbcdefGHIJKLmnop", nc=00000001',
    "token for room voice-ai-call-8f14e45f-ceea-467a-9538-1c2f3b4d5e6f of PA_k7Qx9ZkLm2wT",
    "secret in /etc/livekit/Config12.yaml, pkg/auth/Token2.go:84, at 2026-11-23T04:27:18Z",
    '{"token": "<token>", "room": "Voice-12Ab34cdEF56"}, {"secret":"***","sid":"Ab12cdEF34gh"}',
    "token=<token> room=Voice-12Ab34cdEF56, password=***, identity=Agent12AbcdEFgh",
    "passage: k7Qx9ZkLm2wTr, sector=k7Qx9ZkLm2wTr, sip:User12345abc@h",
    "response=200, response: 200 OK, bypass: always, spin: wait",
)


@pytest.mark.parametrize("shape", [*SHAPES, *CREDENTIAL_SHAPES])
def test_a_secret_is_masked_in_every_shape_and_by_every_command(shape):
    text = shape.format(SECRET)

    assert "Tr0ub" not in Redactor()(text)
    assert "Tr0ub" not in Scrubber()(text)
    assert "Tr0ub" not in describe(parse(f"panic: {text}"))
    assert "***" in Redactor()(text)


@pytest.mark.parametrize("shape", [*SHAPES, *CREDENTIAL_SHAPES])
def test_masked_text_stays_as_it_is(shape):
    masked = Redactor()(shape.format(SECRET))

    assert Redactor()(masked) == masked


@pytest.mark.parametrize("text", NO_SECRETS)
def test_what_holds_no_secret_stays(text):
    assert Redactor()(text) == text


def test_what_follows_a_secret_stays():
    assert Redactor()(f"token: {SECRET}, room=r") == "token: ***, room=r"
    assert Redactor()(f"password={SECRET}&x=1") == "password=***&x=1"
    assert Redactor()(f'{{"password":"{SECRET}","x":1}}') == '{"password":"***","x":1}'


@pytest.mark.parametrize("name", NAMES)
def test_a_name_means_a_secret_to_every_command(name):
    text = f"{name}: '{SECRET}'\nother: 1\n"

    assert names_secret(name)
    assert "Tr0ub" not in Redactor()(text)
    assert "Tr0ub" not in describe(
        parse(f'{{"level":"error","msg":"m","{name}":"{SECRET}"}}'), [name]
    )
    assert "Tr0ub" not in redactor([(SIP, text)])(SECRET)
    assert "Tr0ub" not in showing.without_secrets(text)


@pytest.mark.parametrize(
    "name", ["passive", "bypass", "tokens", "room", "path", "key_file", "spin"]
)
def test_another_name_does_not(name):
    assert not names_secret(name)
    assert redactor([(SIP, f"{name}: '{SECRET}'\n")])(SECRET) == SECRET
