"""Plain realms: peers that their transport makes known, by a cookie or by a client certificate."""

import ssl
import subprocess

import pytest

import gantry as process
import wire
from wire import Message

REALM = "com.example.plant"
FAILED = "wamp.error.authentication_failed"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """An authority, and a client's certificate of it."""
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=ca",
            "-keyout", "ca.key", "-out", "ca.pem")  # fmt: skip
    for name in ("press", "lathe", "stranger"):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/O=Plant/CN={name}.example",
                "-keyout", f"{name}.key", "-out", f"{name}.csr")  # fmt: skip
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", "2", "-out", f"{name}.pem")  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def router(gantry_binary, certificates, tmp_path_factory):
    fingerprint = subprocess.run(
        ["openssl", "x509", "-in", "lathe.pem", "-noout", "-fingerprint", "-sha256"],
        cwd=certificates, check=True, capture_output=True, text=True,
    ).stdout.strip().split("=")[1]  # fmt: skip
    router = process.Gantry(tmp_path_factory.mktemp("transport"), plain=True)
    router.init()
    router.settings(
        f"""listener:
  tls: {{client_ca: {certificates / "ca.pem"}, client_certificates: optional}}
realms:
  {REALM}:
    roles: {{guest: {{}}, engineer: {{}}}}
    auth:
      cookie: {{max_age: 1h}}
      ticket: {{principals: {{joe: {{ticket: s3cret, role: guest}}}}}}
      tls:
        principals:
          press: {{common_name: press.example, role: guest}}
          lathe: {{fingerprint: "{fingerprint}", role: engineer}}
  com.example.other:
    roles: {{guest: {{}}}}
    auth: {{cookie: {{}}, ticket: {{principals: {{joe: {{ticket: other, role: guest}}}}}}}}
"""
    )
    router.start()
    yield router
    assert router.stop() == 0, router.log.read_text()[-4000:]


def context(router, certificates, client=None):
    tls = ssl.create_default_context(cafile=router.certificate_authority)
    tls.check_hostname = False
    if client:
        tls.load_cert_chain(certificates / f"{client}.pem", certificates / f"{client}.key")
    return tls


def visit(router, cookie=None, tls=None):
    """A browser's connection, and the cookie that it has from now on."""
    headers = f"Cookie: theme=dark; {cookie}\r\n" if cookie else ""
    socket = wire.WebSocket(router.address, wire.CODECS["json"], tls=tls, headers=headers)
    given = socket.headers.get("set-cookie")
    return wire.Peer(socket), given.split(";")[0] if given else cookie, given


def join(peer, methods, authid=None, ticket=None, realm=REALM):
    """WELCOME's details, or the reason of the refusal."""
    peer.hello(realm, authmethods=methods, **({"authid": authid} if authid else {}))
    message = peer.receive(timeout=5)
    if message[0] == Message.CHALLENGE:
        peer.send(Message.AUTHENTICATE, ticket, {})
        message = peer.receive(timeout=5)
    return message[2]


@pytest.mark.parametrize("is_encrypted", [False, True], ids=["plain", "tls"])
def test_a_browser_that_has_authenticated_is_known_again(router, certificates, is_encrypted):
    tls = context(router, certificates) if is_encrypted else None
    peer, cookie, header = visit(router, tls=tls)
    assert "HttpOnly" in header and "SameSite=Strict" in header and ("Secure" in header) == is_encrypted
    assert cookie.startswith("__Host-gantry=" if is_encrypted else "gantry=")
    assert join(peer, ["cookie"]) == FAILED

    peer, cookie, header = visit(router, cookie, tls)
    assert header is None
    assert join(peer, ["cookie", "ticket"], "joe", "s3cret")["authmethod"] == "ticket"

    peer, _, _ = visit(router, cookie, tls)
    welcome = join(peer, ["cookie", "ticket"])
    assert welcome["authmethod"] == "cookie" and welcome["authid"] == "joe" and welcome["authrole"] == "guest"
    # In another realm it stands for nobody
    other, _, _ = visit(router, cookie, tls)
    assert join(other, ["cookie"], realm="com.example.other") == FAILED

    peer.send(Message.GOODBYE, {}, "wamp.close.logout")
    peer.expect(Message.GOODBYE)
    peer, _, _ = visit(router, cookie, tls)
    assert join(peer, ["cookie"]) == FAILED


def test_a_cookie_of_a_plain_page_is_worth_nothing_over_tls(router, certificates):
    peer, cookie, _ = visit(router)
    assert join(peer, ["ticket"], "joe", "s3cret")["authid"] == "joe"
    peer, given, header = visit(router, cookie.replace("gantry=", "__Host-gantry="), context(router, certificates))
    assert header is not None and given.split("=")[1] != cookie.split("=")[1]
    assert join(peer, ["cookie"]) == FAILED


@pytest.mark.parametrize("name, role", [("press", "guest"), ("lathe", "engineer"), ("stranger", None)])
def test_a_client_certificate_is_its_principal(router, certificates, name, role):
    for authid in (None, name):
        tls = context(router, certificates, name)
        answer = join(wire.Peer(wire.RawSocket(router.address, wire.CODECS["json"], tls=tls)), ["tls"], authid)
        if role is None:
            assert answer == FAILED
        else:
            assert answer["authid"] == name and answer["authrole"] == role and answer["authmethod"] == "tls"


def test_without_a_certificate_there_are_the_other_methods(router, certificates):
    peer = wire.Peer(wire.RawSocket(router.address, wire.CODECS["json"], tls=context(router, certificates)))
    assert join(peer, ["tls", "ticket"], "joe", "s3cret")["authmethod"] == "ticket"
    peer = wire.Peer(wire.RawSocket(router.address, wire.CODECS["json"], tls=context(router, certificates)))
    assert join(peer, ["tls"]) == FAILED
