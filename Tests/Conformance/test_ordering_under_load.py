"""Ordering Guarantees under Load

basic/security_model.md "Ordering Guarantees", with many publishers, subscribers, callers and callees at once.
"""

import collections
import threading

import pytest

from wire import Message

pytestmark = pytest.mark.long
WIRES = [(transport, codec) for transport in ("websocket", "rawsocket") for codec in ("json", "msgpack", "cbor")]


def together(*jobs):
    """Runs them at once; the first failure is the case's."""
    failures = []

    def guarded(job):
        try:
            job()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def paced(client, count, send):
    """Sends so many, and waits for the router now and then, so that no queue runs over."""
    for number in range(count):
        send(number)
        if number % 200 == 199:
            client.kept += client.until_answered()


def test_events(peer, uri):
    """Each subscriber gets the events of each publisher in their order, across topics, and all of them."""
    publishers, subscribers = [peer(*wire) for wire in WIRES], [peer(*wire) for wire in WIRES]
    for subscriber in subscribers:
        subscriber.wire.stream.timeout = 60
        for topic in range(5):
            subscriber.subscribe(uri(f"t{topic}"))
    count = 4000

    def publish(index):
        publisher = publishers[index]
        paced(publisher, count, lambda n: publisher.request(Message.PUBLISH, {}, uri(f"t{n % 5}"), [index, n]))

    def receive(subscriber):
        next_of = collections.Counter()
        for _ in range(count * len(publishers)):
            index, number = subscriber.expect(Message.EVENT)[4]
            assert number == next_of[index], (index, number, next_of)
            next_of[index] += 1

    jobs = [lambda index=index: publish(index) for index in range(len(publishers))]
    together(*jobs, *[lambda one=one: receive(one) for one in subscribers])


def test_invocations(peer, uri):
    """A callee gets the invocations of each caller in their order, across procedures; each result finds its call."""
    callee, callers = peer("rawsocket", "msgpack"), [peer(*wire) for wire in WIRES]
    count, depth = 3000, 100
    for procedure in range(5):
        callee.register(uri(f"p{procedure}"))
    callee.wire.stream.timeout = 60

    def call(index):
        caller = callers[index]
        caller.wire.stream.timeout = 60
        waiting = {}
        for number in range(count):
            waiting[caller.start_call(uri(f"p{number % 5}"), index, number)] = number
            while len(waiting) >= depth or (number == count - 1 and waiting):
                result = caller.expect(Message.RESULT)
                assert result[3] == [index, waiting.pop(result[1])]

    def answer():
        next_of = collections.Counter()
        for _ in range(count * len(callers)):
            invocation, _, (index, number) = callee.expect_invocation()
            assert number == next_of[index], (index, number, next_of)
            next_of[index] += 1
            callee.give(invocation, index, number)

    together(answer, *[lambda index=index: call(index) for index in range(len(callers))])


def test_subscribing_under_load(peer, uri):
    """SUBSCRIBED comes before the first event, and the events from there on have no gap, whatever is under way."""
    publisher, subscriber = peer("rawsocket", "msgpack"), peer("websocket", "json")
    count = 20_000
    stop = threading.Event()

    def publish():
        paced(publisher, count, lambda number: publisher.request(Message.PUBLISH, {}, uri(), [number]))
        stop.set()

    def subscribe():
        while not stop.is_set():
            request = subscriber.request(Message.SUBSCRIBE, {}, uri())
            subscribed = subscriber.receive()
            assert subscribed[:2] == [Message.SUBSCRIBED, request], subscribed
            request, numbers = subscriber.request(Message.UNSUBSCRIBE, subscribed[2]), []
            while (message := subscriber.receive())[0] == Message.EVENT:
                numbers.append(message[4][0])
            assert message == [Message.UNSUBSCRIBED, request], message
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True

    together(publish, subscribe)
