"""Ways into a realm of an appliance: a device's secret, an app's credential, a person's token."""

import base64
import hashlib
import hmac
import json

import gantry
import wire
from wire import Message


class Refused(Exception):
    def __init__(self, reason, message=""):
        super().__init__(f"{reason} {message}")
        self.reason, self.message = reason, message


class SignInRefused(Exception):
    def __init__(self, status, answer):
        super().__init__(f"{status} {answer}")
        self.status, self.answer = status, answer


def open_peer(installation, transport="websocket", codec="msgpack", path="/ws"):
    tls = installation.tls_context()
    if transport == "websocket":
        return wire.Peer(wire.WebSocket(installation.address, wire.CODECS[codec], path=path, tls=tls))
    return wire.Peer(wire.RawSocket(installation.address, wire.CODECS[codec], tls=tls))


def join(installation, realm, authid=None, secret=None, method="wampcra", peer=None, **details):
    """A joined session; raises Refused with the reason of the router's ABORT."""
    peer = peer or open_peer(installation)
    details = {"authmethods": [method], **details}
    if authid is not None:
        details["authid"] = authid
    peer.hello(realm, **details)
    message = peer.receive(timeout=10)
    if message[0] == Message.CHALLENGE:
        assert message[1] == method, message
        peer.send(Message.AUTHENTICATE, answer(message, secret), {})
        message = peer.receive(timeout=10)
    if message[0] == Message.ABORT:
        peer.wire.close()
        raise Refused(message[2], message[1].get("message", ""))
    assert message[0] == Message.WELCOME, message
    peer.session, peer.welcome = message[1], message[2]
    return peer


def answer(challenge, secret):
    if challenge[1] == "ticket":
        return secret
    extra = challenge[2]
    assert "salt" not in extra, "the vendor's SDK does not know salted secrets"
    assert json.loads(extra["challenge"])["session"], "the challenge names its session"
    digest = hmac.new(secret.encode(), extra["challenge"].encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def post(installation, path, body, token=None, headers=None):
    headers = {"Content-Type": "application/json", **(headers or {})}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    status, _, data = installation.http(path, "POST", json.dumps(body).encode(), headers, timeout=15)
    return status, json.loads(data) if data else None


def sign_in(installation, name, password=gantry.ADMIN_PASSWORD):
    """A session token, for the method `ticket`."""
    status, body = post(installation, "/api/sign-in", {"name": name, "password": password})
    if status != 200:
        raise SignInRefused(status, body)
    return body["token"]


def join_as_person(installation, name, realm=None, token=None):
    token = token or sign_in(installation, name)
    return join(installation, realm or installation.realm, name, token, "ticket")


def join_as_app(installation, device=0, realm=None):
    environment = installation.apps[device]
    authid, secret = environment["APP_AUTH_ID"], environment["APP_AUTH_SECRET"]
    return join(installation, realm or installation.realm, authid, secret)


def join_as_device(installation, device=0, realm=None):
    device = installation.devices[device]
    return join(installation, realm or installation.realm, device["serial"], device["secret"])
