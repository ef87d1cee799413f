"""WAMP on a plain socket, small enough to be wrong on purpose.

The transcript tests need to send what no client library would: gaps, broken frames, half messages. So this file
speaks WebSocket and RawSocket by hand and hides nothing. It checks what it receives, and it never repairs anything.
"""

import base64
import hashlib
import json
import os
import socket
import ssl
import struct
import time
from enum import IntEnum

import cbor2
import msgpack


class Message(IntEnum):
    HELLO, WELCOME, ABORT, CHALLENGE, AUTHENTICATE, GOODBYE, ERROR = 1, 2, 3, 4, 5, 6, 8
    PUBLISH, PUBLISHED = 16, 17
    SUBSCRIBE, SUBSCRIBED, UNSUBSCRIBE, UNSUBSCRIBED, EVENT = 32, 33, 34, 35, 36
    CALL, CANCEL, RESULT = 48, 49, 50
    REGISTER, REGISTERED, UNREGISTER, UNREGISTERED = 64, 65, 66, 67
    INVOCATION, INTERRUPT, YIELD = 68, 69, 70


class Closed(Exception):
    """The router closed the connection; `code` is the WebSocket close code, None for a bare end of stream."""

    def __init__(self, code=None, reason=""):
        super().__init__(f"closed by the router: {code} {reason}")
        self.code, self.reason = code, reason


class Codec:
    def __init__(self, name, rawsocket_id, text, dumps, loads):
        self.name, self.rawsocket_id, self.text = name, rawsocket_id, text
        self.dumps, self.loads = dumps, loads
        self.subprotocol = f"wamp.2.{name}"


CODECS = {
    "json": Codec(
        "json", 1, True, lambda m: json.dumps(m, separators=(",", ":")).encode(), lambda b: json.loads(b.decode("utf-8"))
    ),
    "msgpack": Codec(
        "msgpack", 2, False, lambda m: msgpack.packb(m, use_bin_type=True), lambda b: msgpack.unpackb(b, raw=False)
    ),
    "cbor": Codec("cbor", 3, False, cbor2.dumps, cbor2.loads),
}


class _Stream:
    """A TCP or TLS connection that is read to an exact length, with a deadline."""

    def __init__(self, address, tls=None, server_hostname=None, timeout=5):
        self.timeout = timeout
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(address)
        else:
            self.socket = socket.create_connection(address, timeout=timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname=server_hostname or address[0])
        self.buffer = b""

    def write(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass  # The router hung up first: what it said before is still to be read.

    def _fill(self, deadline):
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the router sent nothing in time")
        self.socket.settimeout(remaining)
        try:
            data = self.socket.recv(262_144)
        except (ConnectionResetError, ssl.SSLError) as error:
            raise Closed(None, str(error)) from None
        if not data:
            raise Closed()
        self.buffer += data

    def read(self, count, timeout=None):
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while len(self.buffer) < count:
            self._fill(deadline)
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def read_until(self, mark, timeout=None):
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while mark not in self.buffer:
            self._fill(deadline)
        data, _, self.buffer = self.buffer.partition(mark)
        return data

    def close(self):
        self.socket.close()


class WebSocket:
    """The client's end of RFC 6455, one frame at a time."""

    def __init__(self, address, codec, path="/ws", tls=None, server_hostname=None, subprotocol=None, headers=""):
        self.codec = codec
        self.reserved = 0  # RSV1 to RSV3 of the last frame
        self.stream = _Stream(address, tls, server_hostname)
        key = base64.b64encode(os.urandom(16)).decode()
        host = "localhost" if isinstance(address, str) else f"{address[0]}:{address[1]}"
        self.stream.write(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: {subprotocol or codec.subprotocol}\r\n{headers}\r\n".encode()
        )
        lines = self.stream.read_until(b"\r\n\r\n").decode().split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
        if self.status == 101:
            accept = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
            assert self.headers["sec-websocket-accept"] == base64.b64encode(accept).decode()

    def send_frame(self, opcode, payload=b"", fin=True, masked=True, reserved=0, length=None):
        """One frame. `length` lies about the payload's length."""
        size = len(payload) if length is None else length
        head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
        mask_bit = 0x80 if masked else 0
        if size < 126:
            head += bytes([mask_bit | size])
        elif size < 65_536:
            head += bytes([mask_bit | 126]) + struct.pack(">H", size)
        else:
            head += bytes([mask_bit | 127]) + struct.pack(">Q", size)
        if masked:
            # A zero mask is as valid as any other, and leaves the payload readable in a capture.
            head += b"\0\0\0\0"
        self.stream.write(head + payload)

    def send(self, payload):
        self.send_frame(1 if self.codec.text else 2, payload)

    def receive_frame(self, timeout=None):
        first, second = self.stream.read(2, timeout)
        assert not second & 0x80, "a server must not mask its frames"
        self.reserved = first >> 4 & 7
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack(">H", self.stream.read(2, timeout))
        elif size == 127:
            (size,) = struct.unpack(">Q", self.stream.read(8, timeout))
        return first & 0x0F, bool(first & 0x80), self.stream.read(size, timeout)

    def receive(self, timeout=None):
        message = b""
        while True:
            opcode, final, payload = self.receive_frame(timeout)
            if opcode == 8:
                code = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 1005
                raise Closed(code, payload[2:].decode("utf-8"))
            if opcode == 9:
                self.send_frame(10, payload)
            elif opcode in (0, 1, 2):
                assert opcode == 0 or opcode == (1 if self.codec.text else 2), f"wrong opcode {opcode}"
                message += payload
                if final:
                    return message

    def close(self):
        self.stream.close()


class RawSocket:
    """The client's end of WAMP over RawSocket. `handshake` is what is sent instead of a correct one."""

    def __init__(self, address, codec, tls=None, server_hostname=None, handshake=None, exponent=15):
        self.codec = codec
        self.stream = _Stream(address, tls, server_hostname)
        self.stream.write(handshake or bytes([0x7F, exponent << 4 | codec.rawsocket_id, 0, 0]))
        self.answer = self.stream.read(4)
        assert self.answer[0] == 0x7F and self.answer[2:] == b"\0\0"

    @property
    def refusal(self):
        """The error nibble of the router's answer, or None when it accepted."""
        return None if self.answer[1] & 0x0F else self.answer[1] >> 4

    def send_frame(self, kind, payload=b"", length=None, reserved=0):
        size = len(payload) if length is None else length
        self.stream.write(bytes([reserved << 3 | kind]) + size.to_bytes(3, "big") + payload)

    def send(self, payload):
        self.send_frame(0, payload)

    def receive_frame(self, timeout=None):
        head = self.stream.read(4, timeout)
        size = int.from_bytes(head[1:], "big") | (1 << 24 if head[0] & 0x08 else 0)
        return head[0] & 0x07, self.stream.read(size, timeout)

    def receive(self, timeout=None):
        while True:
            kind, payload = self.receive_frame(timeout)
            if kind == 0:
                return payload
            if kind == 1:
                self.send_frame(2, payload)

    def close(self):
        self.stream.close()


ROLES = {
    "publisher": {"features": {"publisher_exclusion": True, "subscriber_blackwhite_listing": True}},
    "subscriber": {"features": {"pattern_based_subscription": True, "publisher_identification": True}},
    "caller": {"features": {"progressive_call_results": True, "call_canceling": True, "call_timeout": True}},
    "callee": {
        "features": {
            "progressive_call_results": True,
            "call_canceling": True,
            "shared_registration": True,
            "pattern_based_registration": True,
            "caller_identification": True,
            "registration_revocation": True,
        }
    },
}


class Peer:
    """A WAMP session on a wire: sends lists, expects lists."""

    def __init__(self, wire):
        self.wire = wire
        self.requests = 0
        self.session = None
        self.welcome = None
        self.events = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wire.close()

    def send(self, *message):
        self.wire.send(self.wire.codec.dumps([int(message[0]), *message[1:]]))

    def receive(self, timeout=None):
        message = self.wire.codec.loads(self.wire.receive(timeout))
        assert isinstance(message, list) and message, message
        return message

    def expect(self, kind, timeout=None):
        if kind == Message.EVENT and self.events:
            return self.events.pop(0)
        message = self.receive(timeout)
        assert message[0] == kind, f"expected {kind.name}, got {message}"
        return message

    def expect_error(self, kind, request, error):
        message = self.expect(Message.ERROR)
        assert message[1:3] == [kind, request] and message[4] == error, message
        return message

    def expect_abort(self, reason, timeout=None):
        """ABORT with this reason and then the end of the connection; events that were under way may come first."""
        while True:
            message = self.receive(timeout)
            if message[0] == Message.ABORT:
                assert message[2] == reason, message
                break
            assert message[0] == Message.EVENT, message
        try:
            extra = self.receive(timeout)
        except (Closed, ConnectionError):
            return message
        raise AssertionError(f"the router went on after ABORT: {extra}")

    def expect_closed(self, timeout=None):
        """Whatever is said before, the connection ends; returns the Closed."""
        try:
            while True:
                self.wire.receive(timeout)
        except Closed as closed:
            return closed

    def hello(self, realm, **details):
        self.send(Message.HELLO, realm, {"roles": ROLES, **details})

    def join(self, realm="realm1", **details):
        self.hello(realm, **details)
        welcome = self.expect(Message.WELCOME)
        self.session, self.welcome = welcome[1], welcome[2]
        return self

    def request(self, kind, *rest):
        self.requests += 1
        self.send(kind, self.requests, *rest)
        return self.requests

    def ask(self, kind, answer, *rest):
        """Sends a request and returns its answer, which must be of that type and carry the request's id.

        Events that come before it are kept for the next `expect`.
        """
        request = self.request(kind, *rest)
        while (message := self.receive())[0] == Message.EVENT:
            self.events.append(message)
        assert message[0] == answer, f"expected {answer.name}, got {message}"
        assert message[1] == request, message
        return message

    def subscribe(self, topic, **options):
        return self.ask(Message.SUBSCRIBE, Message.SUBSCRIBED, options, topic)[2]

    def register(self, procedure, **options):
        return self.ask(Message.REGISTER, Message.REGISTERED, options, procedure)[2]

    def publish(self, topic, *args, **options):
        return self.ask(Message.PUBLISH, Message.PUBLISHED, {"acknowledge": True, **options}, topic, list(args))[2]

    def call(self, procedure, *args, **options):
        """Calls and returns the RESULT's arguments."""
        message = self.ask(Message.CALL, Message.RESULT, options, procedure, list(args))
        return message[3] if len(message) > 3 else []

    def is_alive(self):
        """Answers only if the session still has a working way to the router and back."""
        request = self.request(Message.CALL, {}, "org.example.nobody.registers.this")
        self.expect_error(Message.CALL, request, "wamp.error.no_such_procedure")
        return True
