"""WebSocket Transport (RFC 6455), UTF-8

Family 6 of the Autobahn testsuite: what is in a text message is UTF-8, to the end of it.
"""

import pytest

import wire
from wire import Message

VALID = {
    "Greek": "κόσμε",
    "all lengths": "\x7f\u0080\u07ff\u0800\uffff\U00010000\U0010ffff",
    "around the surrogates": "\ud7ff\ue000\ufffd",
    "no characters": "\ufdd0\ufdef\ufffe\uffff\U0001fffe\U0010fffe",
    "byte order mark": "\ufeffHello\ufeff",
    "emoji": "👩‍👩‍👧‍👦",
}

INVALID = {
    "the word of the testsuite": b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
    "a continuation alone": b"\x80",
    "the last continuation alone": b"\xbf",
    "two continuations": b"\x80\xbf",
    "a first octet alone": b"\xc0 ",
    "a first octet of three": b"\xe0\x80 ",
    "a first octet of four": b"\xf0\x80\x80 ",
    "of five": b"\xf8\x88\x80\x80\x80",
    "of six": b"\xfc\x84\x80\x80\x80\x80",
    "fe": b"\xfe",
    "ff": b"\xff",
    "overlong /": b"\xc0\xaf",
    "overlong / of three": b"\xe0\x80\xaf",
    "overlong / of four": b"\xf0\x80\x80\xaf",
    "overlong 7f": b"\xc1\xbf",
    "overlong 7ff": b"\xe0\x9f\xbf",
    "overlong ffff": b"\xf0\x8f\xbf\xbf",
    "overlong NUL": b"\xc0\x80",
    "a high surrogate": b"\xed\xa0\x80",
    "a low surrogate": b"\xed\xbf\xbf",
    "a pair of surrogates": b"\xed\xa0\x80\xed\xb0\x80",
    "above 10ffff": b"\xf4\x90\x80\x80",
    "cut": b"\xce",
}


def around(client, topic, text):
    """A PUBLISH whose one argument is these octets."""
    client.requests += 1
    head = f'[16,{client.requests},{{"exclude_me":false}},"{topic}",["'
    return head.encode() + text + b'"]]'


@pytest.mark.parametrize("name", VALID)
@pytest.mark.parametrize("octets_a_frame", [None, 1, 7])
def test_valid(peer, uri, name, octets_a_frame):
    """Any valid UTF-8 passes, however it is cut into fragments."""
    client = peer("websocket", "json")
    client.subscribe(uri())
    message = around(client, uri(), VALID[name].encode("utf-8", "surrogatepass"))
    step = octets_a_frame or len(message)
    for start in range(0, len(message), step):
        client.wire.send_frame(0 if start else 1, message[start : start + step], fin=start + step >= len(message))
    assert client.expect(Message.EVENT)[4] == [VALID[name]]


@pytest.mark.parametrize("name", INVALID)
@pytest.mark.parametrize("fragmented", [False, True])
def test_invalid(peer, uri, bystander, name, fragmented):
    """Invalid UTF-8 in a text message fails the connection, in whichever fragment it is."""
    client, subscriber = peer("websocket", "json"), peer()
    subscriber.subscribe(uri())
    message = around(client, uri(), INVALID[name])
    if fragmented:
        for index in range(len(message)):
            client.wire.send_frame(0 if index else 1, message[index : index + 1], fin=index == len(message) - 1)
    else:
        client.wire.send_frame(1, message)
    with pytest.raises(wire.Closed) as ended:
        while True:
            client.wire.receive()
    assert ended.value.code in (1007, 1002, 1000, None), ended.value.code
    assert subscriber.events_after(peer()) == []
