"""Limits hold on every transport, and whoever runs into one disturbs nobody else."""

import socket
import threading
import time

import pytest

import gantry as process
import wire
from wire import Closed, Message


@pytest.fixture
def limited(gantry_binary, tmp_path):
    """Starts a plain router with other limits; `peer` opens sessions of it."""
    routers = []

    def start(**limits):
        router = process.Gantry(tmp_path, plain=True)
        router.init()
        router.settings("limits:\n" + "".join(f"  {name}: {value}\n" for name, value in limits.items()))
        routers.append(router.start())
        return router

    yield start
    for router in routers:
        assert router.stop() == 0


def join(router, transport="rawsocket", codec="msgpack"):
    kind = wire.WebSocket if transport == "websocket" else wire.RawSocket
    return wire.Peer(kind(router.address, wire.CODECS[codec])).join()


def is_closed(stream, timeout=3):
    try:
        while True:
            stream.read(1, timeout)
    except Closed:
        return True
    except TimeoutError:
        return False


def test_connections_that_have_not_said_who_they_are(limited):
    router = limited(connections_unauthenticated=10)
    joined = [join(router, transport) for transport in ("rawsocket", "websocket")]
    strangers = [wire._Stream(router.address) for _ in range(20)]
    time.sleep(1.2)
    assert sum(is_closed(stream, 0.1) for stream in strangers) >= 10, "beyond the limit a connection is soon closed"
    assert all(session.is_alive() for session in joined)
    for stream in strangers:
        stream.close()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            assert join(router).is_alive(), "and afterwards there is room again"
            return
        except (Closed, OSError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError("nobody gets in after the strangers have gone")


def test_connections_all_together(limited):
    router = limited(connections=8)
    sessions = [join(router) for _ in range(8)]
    with pytest.raises((Closed, OSError)):
        join(router)
    assert all(session.is_alive() for session in sessions)
    sessions.pop().wire.close()
    time.sleep(0.3)
    assert join(router).is_alive()


def test_a_rawsocket_for_which_there_is_no_room_is_told_so_in_its_handshake(limited):
    """Error 4 of the handshake, maximum connection count reached. Whoever speaks anything else just sees the end."""
    router = limited(connections=2)
    sessions = [join(router) for _ in range(2)]
    told = wire.RawSocket(router.address, wire.CODECS["json"])
    assert told.refusal == 4 and is_closed(told.stream)
    slow = wire._Stream(router.address)
    slow.write(b"\x7f\xf1")
    time.sleep(0.1)
    slow.write(b"\0\0")
    assert slow.read(4) == b"\x7f\x40\0\0" and is_closed(slow)
    with pytest.raises((Closed, OSError)):
        wire.WebSocket(router.address, wire.CODECS["json"])
    assert router.json("status")["connections_refused"] >= 3
    silent = [wire._Stream(router.address) for _ in range(100)]
    assert all(is_closed(stream) for stream in silent), "nor does it help to say nothing, however many do so"
    assert all(session.is_alive() for session in sessions)


@pytest.mark.parametrize("transport", ["websocket", "rawsocket"])
def test_a_smaller_message_limit_holds(limited, transport):
    router = limited(message="64KiB")
    session, other = join(router, transport), join(router)
    session.publish("org.example.limit", "x" * 60_000)
    session.request(Message.PUBLISH, {"acknowledge": True}, "org.example.limit", ["x" * 70_000])
    try:
        message = session.receive()
        assert message[0] == Message.ABORT and message[2] in (
            "wamp.error.payload_size_exceeded", "wamp.error.protocol_violation"
        )
        session.expect_closed()
    except Closed as closed:
        assert closed.code in (None, 1009)
    assert other.is_alive()


def test_who_never_says_hello_is_sent_away(limited):
    router = limited(welcome_timeout="1s", http_head_timeout="1s")
    begin = time.monotonic()
    raw = wire.RawSocket(router.address, wire.CODECS["json"])
    web = wire.WebSocket(router.address, wire.CODECS["json"])
    head = wire._Stream(router.address)
    head.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
    for stream in (raw.stream, web.stream, head):
        assert is_closed(stream, 5)
    assert time.monotonic() - begin < 5


def test_a_dead_peer_is_noticed(limited):
    """It answers no ping: it is gone after the second one, and its registration with it."""
    router = limited(ping_interval="1s", pings_missed=2)
    for transport in ("websocket", "rawsocket"):
        dead, caller = join(router, transport, "json"), join(router)
        dead.register(f"org.example.dead.{transport}")
        deadline = time.monotonic() + 8
        while time.monotonic() < deadline:
            request = caller.request(Message.CALL, {"timeout": 100}, f"org.example.dead.{transport}")
            message = caller.expect(Message.ERROR)
            assert message[2] == request
            if message[4] == "wamp.error.no_such_procedure":
                break
            assert message[4] in ("wamp.error.timeout", "wamp.error.canceled")
            time.sleep(0.2)
            # It has to keep answering pings itself, or it is gone as well.
        else:
            raise AssertionError(f"a dead {transport} peer is still registered")


def test_a_reader_that_reads_nothing_costs_little_and_is_dropped(limited):
    router = limited(outbox="1MiB", outbox_stall="2s")
    victim = wire.RawSocket(router.address, wire.CODECS["msgpack"])
    victim.stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    victim = wire.Peer(victim).join()
    reader, publisher = join(router), join(router, "websocket")
    victim.subscribe("org.example.flood")
    reader.subscribe("org.example.flood")
    before = router.status_of_process("VmRSS")
    count, received = 20_000, []

    def read():
        while len(received) < count:
            received.append(reader.expect(Message.EVENT, 20)[4][0])

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    payload = "x" * 4_096
    for number in range(count):
        if number % 100 == 99:
            publisher.publish("org.example.flood", number, payload)
            # The outbox of a megabyte holds 250 events: whoever reads must not fall behind so far, and does not.
            while len(received) < number - 100 and thread.is_alive():
                time.sleep(0.001)
            # At most 200 events ahead of the reader that reads: what is tested is the other one.
            while thread.is_alive() and number - len(received) > 200:
                time.sleep(0.001)
        else:
            publisher.request(Message.PUBLISH, {}, "org.example.flood", [number, payload])
    thread.join(30)
    assert received == list(range(count)), "the reader that reads gets everything"
    grown = router.status_of_process("VmRSS") - before
    assert grown < 24 * 1_024, f"80 MB were published to a reader that reads nothing: {grown} KiB more"
    deadline = time.monotonic() + 10
    while victim.session in publisher.call("wamp.session.list")[0]:
        assert time.monotonic() < deadline, "the reader that reads nothing is still there"
        time.sleep(0.05)


def test_a_reader_that_reads_slowly_stays(limited):
    """It takes something all the time, and never so much that it has caught up."""
    router = limited(outbox_stall="2s")
    slow = wire.RawSocket(router.address, wire.CODECS["msgpack"])
    slow.stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    slow = wire.Peer(slow).join()
    callee = join(router)
    callee.register("org.example.large")
    request = slow.request(Message.CALL, {}, "org.example.large")
    invocation = callee.expect(Message.INVOCATION)[1]
    callee.send(Message.YIELD, invocation, {}, ["x" * 12_000_000])
    begin, received = time.monotonic(), b""
    while time.monotonic() - begin < 6:
        received += slow.wire.stream.read(100_000, 5)
        time.sleep(0.1)
    slow.wire.stream.buffer = received + slow.wire.stream.buffer
    assert slow.expect(Message.RESULT, 20)[1] == request and slow.is_alive()


@pytest.mark.parametrize("transport", ["websocket", "rawsocket"])
def test_the_limit_before_welcome_holds_for_every_session_of_a_connection(limited, transport):
    session = join(limited(), transport)
    session.send(Message.GOODBYE, {}, "wamp.close.normal")
    session.expect(Message.GOODBYE)
    session.hello("realm1", authid="x" * 20_000)
    session.expect_abort("wamp.error.payload_size_exceeded")


def test_the_limit_before_welcome_holds_for_what_comes_right_behind_a_goodbye(limited):
    session = join(limited())
    goodbye = session.wire.codec.dumps([int(Message.GOODBYE), {}, "wamp.close.normal"])
    hello = session.wire.codec.dumps([int(Message.HELLO), "realm1", {"roles": {}, "authid": "x" * 20_000}])
    session.wire.stream.write(b"".join(len(frame).to_bytes(4, "big") + frame for frame in (goodbye, hello)))
    session.expect(Message.GOODBYE)
    session.expect_abort("wamp.error.payload_size_exceeded")


def test_a_session_that_is_over_makes_its_connection_one_without_a_session(limited):
    router = limited(connections_unauthenticated=3)
    sessions = [join(router) for _ in range(5)]
    for session in sessions:
        session.send(Message.GOODBYE, {}, "wamp.close.normal")
    assert [session.receive()[0] for session in sessions] == [Message.GOODBYE] * 5
    time.sleep(0.5)
    # Which of them were the last to leave, nobody can say.
    closed = [session for session in sessions if is_closed(session.wire.stream, 0.1)]
    assert len(closed) == 2
    assert all(session.join().is_alive() for session in sessions if session not in closed)


def test_a_thousand_sessions_come_and_go(plain_router):
    first = wire.Peer(wire.RawSocket(plain_router.address, wire.CODECS["json"])).join()
    for _ in range(10):
        peers = [wire.Peer(wire.RawSocket(plain_router.address, wire.CODECS["json"])).join() for _ in range(100)]
        assert first.call("wamp.session.count")[0] >= 100
        for peer in peers:
            peer.wire.close()
    deadline = time.monotonic() + 5
    while first.call("wamp.session.count")[0] > 20:
        assert time.monotonic() < deadline, "sessions stay behind"
        time.sleep(0.05)
