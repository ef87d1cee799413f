"""What stands in front of a connection: compression (RFC 7692), a load balancer (HAProxy's PROXY protocol), client
certificates.
"""

import json
import socket
import ssl
import struct
import subprocess
import time
import zlib

import pytest
import websockets.sync.client

import gantry as process
import wire
from batches import cut, parts
from wire import Closed, Message

CODECS = pytest.mark.parametrize("codec", ["json", "msgpack", "cbor"])

# Compression, proxies: a router with both --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fronted(gantry_binary, tmp_path_factory):
    """A plain router that compresses, and that a proxy at 127.0.0.1 stands in front of."""
    router = process.Gantry(tmp_path_factory.mktemp("fronted"), plain=True)
    router.init()
    router.settings(
        "listener:\n  plain: lan\n  compression: on\n  proxy_protocol: [127.0.0.1]\n  long_poll: /longpoll\n"
        "limits:\n  connections_per_address: 3\n"
        "realms:\n  realm1:\n    anonymous: {role: guest, from: lan}\n    roles:\n      guest:\n        permissions:\n"
        "          - {uri: '', match: prefix, allow: [publish, subscribe, call, register]}\n"
    )
    router.start(wait=False)
    deadline = time.monotonic() + 20
    while b"200 OK" not in ask(router, proxy_line("192.0.2.1") + b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n", wait=0.2):
        assert time.monotonic() < deadline, router.log.read_text()[-4000:]
    yield router
    assert router.stop() == 0, router.log.read_text()[-4000:]


def ask(router, data, wait=5):
    """What is answered to some bytes, until the router closes or says no more."""
    answer = b""
    try:
        with socket.create_connection(router.address, timeout=wait) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65_536):
                answer += piece
    except OSError:
        pass
    return answer


def proxy_line(source, family="TCP4"):
    return f"PROXY {family} {source} 10.0.0.1 49152 8443\r\n".encode()


def proxy_header(source, command=1, family=0x11, tls=False, octets=None):
    body = (octets or socket.inet_aton(source)) + b"\x0a\0\0\x01" + struct.pack(">HH", 49152, 8443)
    if tls:
        body += b"\x20\0\x05\x01\0\0\0\0"
    return b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x20 | command, family]) + struct.pack(">H", len(body)) + body


class Fronted(wire._Stream):
    """A connection through the proxy."""

    preface = b""

    def __init__(self, address, tls=None, server_hostname=None, timeout=5):
        super().__init__(address, timeout=timeout)
        self.write(self.preface)


@pytest.fixture
def through(fronted, monkeypatch):
    """Opens a wire behind a PROXY header."""
    opened = []

    def open_wire(preface, kind=wire.RawSocket, codec="json", **options):
        monkeypatch.setattr(Fronted, "preface", preface)
        monkeypatch.setattr(wire, "_Stream", Fronted)
        opened.append(kind(fronted.address, wire.CODECS[codec], **options))
        monkeypatch.undo()
        return wire.Peer(opened[-1])

    yield open_wire
    for connection in opened:
        connection.close()


OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"


class Deflated(wire.WebSocket):
    """A client that compresses what it sends, and counts what came compressed."""

    def __init__(self, address, codec, offer=OFFER, **options):
        super().__init__(address, codec, headers=offer, **options)
        self.compressed = 0

    @staticmethod
    def pack(payload):
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        return (packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]

    def send(self, payload):
        self.send_frame(1 if self.codec.text else 2, self.pack(payload), reserved=4)

    def receive(self, timeout=None):
        opcode, final, payload = self.receive_frame(timeout)
        if opcode == 9:
            self.send_frame(10, payload)
            return self.receive(timeout)
        if opcode == 8:
            raise Closed(struct.unpack(">H", payload[:2])[0], payload[2:].decode())
        assert final and opcode == (1 if self.codec.text else 2)
        if not self.reserved:
            return payload
        assert self.reserved == 4
        self.compressed += 1
        return zlib.decompressobj(-15).decompress(payload + b"\0\0\xff\xff")


@CODECS
def test_a_session_with_compressed_messages(through, codec):
    session = through(proxy_line("192.0.2.10"), Deflated, codec)
    agreed = session.wire.headers["sec-websocket-extensions"]
    assert agreed == "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    session.join()
    session.subscribe("org.example.deflate")
    for text in ("short", "long " * 10_000):
        session.publish("org.example.deflate", text, exclude_me=False)
        assert session.expect(Message.EVENT)[4] == [text]
    assert session.wire.compressed >= 2, "WELCOME and the long event were worth it"


def test_compressed_batches(through):
    session = through(proxy_line("192.0.2.11"), Deflated, "json", subprotocol="wamp.2.json.batched")
    session.wire.send(parts(session.wire.codec, [[Message.HELLO, "realm1", {"roles": wire.ROLES}]]))
    assert cut(session.wire.codec, session.wire.receive())[0][0] == Message.WELCOME
    subscribes = [[Message.SUBSCRIBE, number, {}, f"org.example.deflate.{number}"] for number in range(1, 101)]
    session.wire.send(parts(session.wire.codec, subscribes))
    answers = []
    while len(answers) < 100:
        answers += cut(session.wire.codec, session.wire.receive())
    assert [answer[1] for answer in answers] == list(range(1, 101))


def test_a_library_that_others_wrote_compresses_too(fronted):
    with socket.create_connection(fronted.address, timeout=5) as connection:
        connection.sendall(proxy_line("192.0.2.12"))
        with websockets.sync.client.connect(
            f"ws://{fronted.host}:{fronted.port}/ws", sock=connection, subprotocols=["wamp.2.json"], compression="deflate"
        ) as client:
            assert any("deflate" in type(extension).__name__.lower() for extension in client.protocol.extensions)
            client.send(json.dumps([1, "realm1", {"roles": {"caller": {}, "publisher": {}}}]))
            assert json.loads(client.recv(5))[0] == Message.WELCOME
            for number in range(1, 30):
                client.send(json.dumps([48, number, {}, "org.example.nobody." + "x" * 100, ["y" * 3000]]))
                assert json.loads(client.recv(5))[2] == number


@pytest.mark.parametrize("offer", ["", "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=8\r\n"])
def test_without_an_offer_that_can_be_kept_nothing_is_compressed(through, offer):
    session = through(proxy_line("192.0.2.13"), Deflated, "json", offer=offer)
    assert "sec-websocket-extensions" not in session.wire.headers
    session.hello("realm1")
    assert session.expect_closed().code == 1002


def test_compression_is_off_by_default(connect):
    session = connect(headers=OFFER)
    assert "sec-websocket-extensions" not in session.wire.headers
    session.join()


def test_a_kilobyte_that_would_be_a_gigabyte(through, fronted):
    """Deflate in deflate is not needed: a mebibyte of zeros is a kilobyte, and there are a thousand of them."""
    session = through(proxy_line("192.0.2.14"), Deflated, "msgpack").join()
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    mebibyte = b"\0" * 2**20
    bomb = b"".join(packer.compress(mebibyte) for _ in range(1024)) + packer.flush(zlib.Z_SYNC_FLUSH)
    before = fronted.status_of_process("VmRSS")
    session.wire.send_frame(2, bomb[:-4], reserved=4)
    try:
        while True:
            session.wire.receive(20)
    except Closed as closed:
        assert closed.code in (1009, None)
    assert fronted.status_of_process("VmHWM") - before < 100_000, "16 MiB and what growing to it takes, not a gigabyte"


def test_the_limit_before_welcome_is_that_of_what_comes_out(through):
    session = through(proxy_line("192.0.2.15"), Deflated, "json")
    session.hello("realm1", authextra={"padding": "x" * 20_000})
    assert session.receive()[2] == "wamp.error.payload_size_exceeded"
    assert session.expect_closed().code == 1009


# PROXY protocol ----------------------------------------------------------------------------------------------------------

HEADERS = pytest.mark.parametrize(
    "header", [proxy_line("198.51.100.7"), proxy_header("198.51.100.7"), proxy_header("198.51.100.7", tls=True)], ids=repr
)


@HEADERS
@pytest.mark.parametrize("kind", [wire.RawSocket, wire.WebSocket])
def test_both_versions_in_front_of_both_transports(through, header, kind):
    session = through(header, kind, "json").join()
    assert session.is_alive()


@pytest.mark.parametrize(
    "data",
    [
        b"\x7f\xf1\0\0",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        proxy_line("198.51.100.300") + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        proxy_header("198.51.100.7", family=0x12) + b"\x7f\xf1\0\0",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff" + b"\0" * 2000,
    ],
    ids=lambda data: repr(data[:40]),
)
def test_a_proxy_that_does_not_say_for_whom_it_speaks_gets_nothing(fronted, data):
    assert ask(fronted, data) == b""


def test_the_address_that_the_proxy_names_has_the_limit(through, fronted):
    """Three connections each; 127.0.0.1 behind a proxy is no exception, and the proxy itself has no limit."""
    for source in ("198.51.100.20", "198.51.100.21", "127.0.0.1"):
        for _ in range(3):
            assert through(proxy_header(source)).join().is_alive()
        assert ask(fronted, proxy_header(source) + b"\x7f\xf1\0\0") == b""


def test_a_header_may_come_in_pieces_and_with_the_first_bytes(fronted):
    stream = wire._Stream(fronted.address)
    for octet in proxy_header("198.51.100.30") + b"\x7f\xf1\0":
        stream.write(bytes([octet]))
    stream.write(b"\0")
    assert stream.read(4) == b"\x7f\xf1\0\0"
    stream.close()


def test_a_health_check_of_the_proxy_itself(fronted):
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    assert b"200 OK" in ask(fronted, proxy_header("198.51.100.7", command=0) + request)
    assert b"200 OK" in ask(fronted, b"PROXY UNKNOWN\r\n" + request)


def test_without_the_setting_a_header_is_no_protocol(plain_router):
    assert ask(plain_router, proxy_header("198.51.100.7")) == b""


def test_the_path_of_long_poll_is_a_setting(fronted):
    head = b"POST %s/open HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    assert b" 400 " in ask(fronted, proxy_line("198.51.100.40") + head % b"/longpoll").split(b"\r\n")[0]
    assert b" 404 " in ask(fronted, proxy_line("198.51.100.41") + head % b"/lp").split(b"\r\n")[0]


# Client certificates -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """An authority, a certificate of it, and one of an authority that nobody knows."""
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=30)

    for authority, client in (("ca", "press"), ("other-ca", "stranger")):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={authority}",
                "-keyout", f"{authority}.key", "-out", f"{authority}.pem")  # fmt: skip
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/O=Plant/CN={client}-7",
                "-keyout", f"{client}.key", "-out", f"{client}.csr")  # fmt: skip
        openssl("x509", "-req", "-in", f"{client}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
                "-CAcreateserial", "-days", "2", "-out", f"{client}.pem")  # fmt: skip
    return folder


def joined_over_tls(router, certificates, client=None):
    context = ssl.create_default_context(cafile=router.certificate_authority)
    context.check_hostname = False
    if client:
        context.load_cert_chain(certificates / f"{client}.pem", certificates / f"{client}.key")
    return wire.Peer(wire.RawSocket(router.address, wire.CODECS["json"], tls=context)).join()


@pytest.mark.parametrize("mode", ["optional", "required"])
def test_certificates_of_clients(gantry_binary, certificates, tmp_path, mode):
    router = process.Gantry(tmp_path, plain=True)
    router.init()
    router.settings(f"listener:\n  tls:\n    client_ca: {certificates / 'ca.pem'}\n    client_certificates: {mode}\n")
    router.start()
    try:
        for _ in range(2):  # once more, with a session ticket from before if there is one
            assert joined_over_tls(router, certificates, "press").is_alive()
        if mode == "optional":
            assert joined_over_tls(router, certificates).is_alive()
        else:
            with pytest.raises((Closed, OSError)):
                joined_over_tls(router, certificates)
        with pytest.raises((Closed, OSError)):
            joined_over_tls(router, certificates, "stranger")
    finally:
        assert router.stop() == 0


def test_a_client_ca_that_cannot_be_read_is_a_mistake_in_gantry_yml(gantry_binary, tmp_path):
    router = process.Gantry(tmp_path, plain=True)
    router.init()
    router.settings("listener:\n  tls:\n    client_ca: /nowhere/ca.pem\n")
    router.start(wait=False)
    assert router.process.wait(20) == 78
    assert "listener.tls.client_ca" in router.log.read_text()
