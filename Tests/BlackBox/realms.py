"""A router with plain realms that know every method, and the clients that join them."""

import base64
import contextlib
import hashlib
import hmac

import argon2.low_level
from autobahn.wamp import auth
from autobahn.wamp.cryptosign import CryptosignKey

import peers
import wire
from wire import Message

REALM = "com.example.plant"
FAILED = "wamp.error.authentication_failed"
PASSWORD = "pencil case"
CLIENT_KEY = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510"
SALT = bytes(range(16))


def argon2id(password):
    return argon2.low_level.hash_secret_raw(
        password.encode(), SALT, time_cost=2, memory_cost=64, parallelism=1, hash_len=32, type=argon2.low_level.Type.ID
    )


def pbkdf2(password):
    return hashlib.pbkdf2_hmac("sha256", password.encode(), SALT, 4096, 32)


def scram_lines(kdf, salted, iterations, memory=""):
    client = hmac.new(salted, b"Client Key", hashlib.sha256).digest()
    server = hmac.new(salted, b"Server Key", hashlib.sha256).digest()
    stored = hashlib.sha256(client).hexdigest()
    return (
        f"role: guest, kdf: {kdf}, iterations: {iterations}, {memory} salt: '{SALT.hex()}', "
        f"stored_key: '{stored}', server_key: '{server.hex()}'"
    )


def settings(folder):
    secret = folder / "jim"
    secret.write_text("from a file\n")
    secret.chmod(0o600)
    public = CryptosignKey.from_bytes(bytes.fromhex(CLIENT_KEY)).public_key()
    autobahns = base64.b64encode(argon2id(PASSWORD)).rstrip(b"=")
    salted = auth.derive_key("secret1", "salt123", 1000, 32).decode()
    return f"""realms:
  {REALM}:
    roles:
      guest:
        trustlevel: 1
        permissions:
          - {{uri: com.example.*, allow: {{publish: true, subscribe: true, call: true, register: true}}}}
          - {{uri: com.example.loud, allow: [publish], disclose: {{publisher: true}}}}
      caller: {{permissions: [{{uri: "*", allow: [call]}}]}}
      operator: {{permissions: [{{uri: "*", allow: [call, publish, register, subscribe]}}]}}
      service: {{permissions: [{{uri: "com.example.authenticate*", allow: [register]}}]}}
    auth:
      ticket:
        principals:
          joe: {{ticket: s3cret, role: guest}}
          jim: {{ticket_file: {secret}, role: caller}}
          root: {{ticket: t00r, role: operator}}
          backend: {{ticket: b4ckend, role: service}}
      wampcra:
        users:
          peter: {{secret: "{salted}", salt: salt123, iterations: 1000, keylen: 32, role: guest}}
          paula: {{secret: secret2, role: guest}}
      scram:
        users:
          carol: {{{scram_lines("argon2id-13", autobahns, 2, "memory: 64,")}}}
          clara: {{{scram_lines("argon2id13", argon2id(PASSWORD), 2, "memory: 64,")}}}
          "a=b,c": {{{scram_lines("pbkdf2", pbkdf2(PASSWORD), 4096)}}}
      cryptosign: {{principals: {{client01: {{authorized_keys: ["{public}"], role: guest}}}}}}
  com.example.dynamic:
    roles: {{user: {{permissions: [{{uri: "*", allow: [call]}}]}}}}
    auth:
      ticket: {{type: dynamic, authenticator: com.example.authenticate, authenticator_realm: {REALM}}}
      wampcra: {{type: dynamic, authenticator: com.example.authenticate, authenticator_realm: {REALM}}}
      scram: {{type: dynamic, authenticator: com.example.authenticate, authenticator_realm: {REALM}}}
      cryptosign: {{type: dynamic, authenticator: com.example.authenticate, authenticator_realm: {REALM}}}
      anonymous: {{type: dynamic, authenticator: com.example.authenticate, authenticator_realm: {REALM}}}
  com.example.orphan:
    roles: {{user: {{}}}}
    auth:
      ticket: {{type: dynamic, authenticator: com.example.nobody, timeout: 1s}}
"""


@contextlib.asynccontextmanager
async def join(router, realm=REALM, wires=("websocket", "json"), method="ticket", authid=None, authextra=None, **secret):
    """A session of autobahn's that its own authenticator opens."""
    authenticator = auth.create_authenticator(method, authid=authid, **secret)

    class Session(peers.Session):
        def onConnect(self):
            extra = {**(authenticator.authextra or {}), **(authextra or {})}
            self.join(realm, authmethods=[method], authid=authid, authextra=extra)

        def onChallenge(self, challenge):
            self.challenge = challenge
            return authenticator.on_challenge(self, challenge)

        def onWelcome(self, welcome):
            return authenticator.on_welcome(self, welcome.authextra)

    async with peers.join(router, wires, realm, session=Session) as session:
        yield session


def open_wire(router, codec="json"):
    return wire.Peer(wire.WebSocket(router.address, wire.CODECS[codec]))


def hello(router, method, authid=None, realm=REALM, **authextra):
    peer = open_wire(router)
    details = {"authmethods": method if isinstance(method, list) else [method], "authextra": authextra}
    if authid is not None:
        details["authid"] = authid
    peer.hello(realm, **details)
    return peer


def scram(router, authid, salted, realm=REALM, nonce=None, channel_binding=None):
    """A whole exchange as the specification writes it; returns the last message, and whether its verifier is right."""
    peer = hello(router, "wamp-scram", authid, realm, nonce="egVDf3DMJh0=", channel_binding=channel_binding)
    challenge = peer.receive(timeout=5)
    if challenge[0] == Message.ABORT:
        return challenge, False
    assert challenge[:2] == [Message.CHALLENGE, "wamp-scram"], challenge
    extra = challenge[2]
    assert extra["nonce"].startswith("egVDf3DMJh0=") and len(base64.b64decode(extra["nonce"][12:])) == 16
    name = authid.replace("=", "=3D").replace(",", "=2C")
    message = (
        f"n={name},r=egVDf3DMJh0=,r={extra['nonce']},s={extra['salt']},i={extra['iterations']},c=biws,r={extra['nonce']}"
    ).encode()
    client = hmac.new(salted, b"Client Key", hashlib.sha256).digest()
    signature = hmac.new(hashlib.sha256(client).digest(), message, hashlib.sha256).digest()
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(client, signature))).decode()
    peer.send(
        Message.AUTHENTICATE, proof, {"nonce": nonce or extra["nonce"], "channel_binding": None, "cbind_data": None}
    )
    answer = peer.receive(timeout=5)
    server = hmac.new(salted, b"Server Key", hashlib.sha256).digest()
    verifier = base64.b64encode(hmac.new(server, message, hashlib.sha256).digest()).decode()
    peer.wire.close()
    return answer, answer[0] == Message.WELCOME and answer[2]["authextra"]["verifier"] == verifier


def as_ticket(router, authid, ticket, realm=REALM):
    return show_ticket(hello(router, "ticket", authid, realm), ticket)


def show_ticket(peer, ticket):
    """Answers the challenge that follows a HELLO."""
    peer.expect(Message.CHALLENGE)
    peer.send(Message.AUTHENTICATE, ticket, {})
    welcome = peer.receive(timeout=5)
    assert welcome[0] == Message.WELCOME, welcome
    peer.session, peer.welcome = welcome[1], welcome[2]
    return peer
