"""WebSocket Transport (RFC 6455), Opening Handshake

RFC 6455 section 4.2, and section 10.2 of origins.
"""

import base64
import os

import pytest

import wire

KEY = base64.b64encode(os.urandom(16)).decode()
HEADERS = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": "wamp.2.json",
}


@pytest.fixture
def answer(router):
    """Asks for an upgrade; returns (status, headers), the headers' names in lower case."""
    streams = []

    def request(method="GET", version="HTTP/1.1", split=None, **changes):
        stream = wire._Stream(router.address, timeout=router.timeout)
        streams.append(stream)
        host = f"{router.address[0]}:{router.address[1]}"
        headers = {"Host": host, **HEADERS}
        for name, value in changes.items():
            name = name.replace("_", "-")
            headers.pop(name, None) if value is None else headers.update({name: value})
        text = f"{method} {router.path} {version}\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n"
        octets = text.encode()
        for start in range(0, len(octets), split or len(octets)):
            stream.write(octets[start : start + (split or len(octets))])
        lines = stream.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        names = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
        return int(lines[0].split()[1]), names

    yield request
    for stream in streams:
        stream.close()


def test_the_answer(answer):
    """A handshake that is right is answered with 101, Upgrade, Connection, and the protocol."""
    status, headers = answer()
    assert status == 101 and headers["upgrade"].lower() == "websocket" and headers["connection"].lower() == "upgrade"
    assert headers["sec-websocket-protocol"] == "wamp.2.json"
    assert "sec-websocket-extensions" not in headers, "no extension was asked for"


@pytest.mark.parametrize(
    "changes",
    [
        {"Upgrade": "WebSocket"},
        {"Connection": "keep-alive, Upgrade"},
        {"Connection": "UPGRADE"},
        {"Sec_WebSocket_Protocol": "chat,wamp.2.json"},
        {"Sec_WebSocket_Extensions": "x-unheard-of"},
    ],
    ids=str,
)
def test_other_ways_to_say_it(answer, changes):
    """Tokens are compared without regard to case, in lists, and unknown extensions are passed over."""
    status, headers = answer(**changes)
    assert status == 101 and "sec-websocket-extensions" not in headers


@pytest.mark.parametrize(
    "changes",
    [
        {"Sec_WebSocket_Key": None},
        {"Sec_WebSocket_Key": "not Base64!"},
        {"Sec_WebSocket_Key": base64.b64encode(b"too short").decode()},
        {"Sec_WebSocket_Version": None},
        {"Upgrade": None},
        {"Connection": None},
        {"Connection": "close"},
    ],
    ids=str,
)
def test_what_is_no_handshake(answer, changes):
    """Without one of its headers, or with a key of other than 16 octets, it is no handshake."""
    status, _ = answer(**changes)
    assert status != 101


@pytest.mark.parametrize("version", ["0", "8", "12", "14", "thirteen"])
def test_another_version(answer, version):
    """Another version than 13 is refused, with the header that says which one is spoken."""
    status, headers = answer(Sec_WebSocket_Version=version)
    assert status in (400, 426) and "13" in headers.get("sec-websocket-version", "")


def test_another_method(answer):
    """The handshake is a GET request."""
    assert answer(method="POST", Content_Length="0")[0] != 101


def test_another_version_of_http(answer):
    """The handshake is a request of HTTP/1.1 at least."""
    assert answer(version="HTTP/1.0")[0] != 101


def test_a_foreign_origin(answer):
    """A server may refuse the pages of other hosts, and does so before there is a WebSocket."""
    assert answer(Origin="https://evil.example")[0] in (101, 403)


def test_in_pieces(answer):
    """The request may come in pieces of any size."""
    assert answer(split=7)[0] == 101


def test_a_head_without_end(router):
    """A head that does not end is not read for ever."""
    stream = wire._Stream(router.address, timeout=router.timeout)
    stream.write(f"GET {router.path} HTTP/1.1\r\n".encode())
    with pytest.raises(wire.Closed):
        for _ in range(2000):
            stream.write(b"X-Header: " + b"x" * 1000 + b"\r\n")
        while stream.read(1):
            pass
    stream.close()
