"""A client that announces every feature of the specification, on the plain wires of Tests/BlackBox/wire.py.

What a session receives is kept in order; nothing is repaired. To show that a message does not come, a case waits for a
marker that must come after it: `until_answered` (a call of this session) and `events_after` (an event of a publisher).
"""

import copy
import itertools

import wire
from wire import Closed, Message

UNDER_WAY = (Message.EVENT, Message.INVOCATION, Message.INTERRUPT)
VIOLATION = "wamp.error.protocol_violation"

# roles → features: everything that advanced/features.md and its sections let a client announce.
FEATURES = {
    "publisher": (
        "publisher_identification publisher_exclusion subscriber_blackwhite_listing payload_passthru_mode"
        " sharded_subscription shareded_subscriptions event_retention"
    ),
    "subscriber": (
        "publisher_identification publication_trustlevels pattern_based_subscription sharded_subscription"
        " shareded_subscriptions subscription_revocation payload_passthru_mode event_history event_retention"
    ),
    "caller": (
        "progressive_call_results progressive_call_invocations call_timeout call_canceling caller_identification"
        " sharded_registration payload_passthru_mode"
    ),
    "callee": (
        "progressive_call_results progressive_call_invocations call_timeout call_canceling caller_identification"
        " call_trustlevels pattern_based_registration shared_registration sharded_registration registration_revocation"
        " call_reroute payload_passthru_mode"
    ),
}
ROLES = {role: {"features": {name: True for name in names.split()}} for role, names in FEATURES.items()}

_numbers = itertools.count(1)


def roles(without=()):
    """Everything but some features, each written role.feature."""
    announced = copy.deepcopy(ROLES)
    for name in [without] if isinstance(without, str) else without:
        role, feature = name.split(".")
        del announced[role]["features"][feature]
    return announced


class Refused(AssertionError):
    """The answer is an ERROR."""

    def __init__(self, message):
        super().__init__(f"answered with {message}")
        self.message, self.error, self.arguments = message, message[4], message[5] if len(message) > 5 else []


class Client(wire.Peer):
    """One session, or a transport that has none yet."""

    realm = "realm1"

    def __init__(self, wire, realm="realm1", without=()):
        super().__init__(wire)
        self.realm = realm
        self.roles = roles(without)
        self.kept = []
        self.marker = None

    def receive(self, timeout=None):
        return self.kept.pop(0) if self.kept else super().receive(timeout)

    def expect(self, kind, timeout=None):
        """The next message, which is of this kind."""
        message = self.receive(timeout)
        assert message[0] == kind, f"expected {kind.name}, got {message}"
        return message

    def hello(self, realm=None, **details):
        self.send(Message.HELLO, realm or self.realm, {"roles": self.roles, **details})

    def join(self, realm=None, **details):
        self.hello(realm, **details)
        welcome = self.expect(Message.WELCOME)
        self.session, self.welcome, self.requests = welcome[1], welcome[2], 0
        return self

    def leave(self):
        """GOODBYE and its answer; what was under way may come first."""
        self.send(Message.GOODBYE, {}, "wamp.close.close_realm")
        while (message := self.receive())[0] != Message.GOODBYE:
            assert message[0] in UNDER_WAY, f"expected GOODBYE, got {message}"
        return message

    def is_dismissed(self):
        """The router's GOODBYE, answered as it must be; what was under way may come first."""
        while (message := self.receive())[0] != Message.GOODBYE:
            assert message[0] in UNDER_WAY, f"expected GOODBYE, got {message}"
        self.send(Message.GOODBYE, {}, "wamp.close.goodbye_and_out")
        return message

    def answer(self, kind, request):
        """The answer to a request, an ERROR as `Refused`; whatever comes before it is kept for `receive`."""
        passed, self.kept = self.kept, []
        while True:
            message = wire.Peer.receive(self)
            is_error = message[0] == Message.ERROR and message[2] == request
            if is_error or (message[0] == kind and message[1] == request):
                self.kept = passed
                if is_error:
                    raise Refused(message)
                return message
            passed.append(message)

    def ask(self, kind, answer, *rest):
        return self.answer(answer, self.request(kind, *rest))

    def refused(self, kind, *rest):
        """Sends a request that must be answered with ERROR, and returns its error URI."""
        request = self.request(kind, *rest)
        try:
            message = self.answer(None, request)
        except Refused as refused:
            message = refused.message
            assert message[1] == kind, f"ERROR names request type {message[1]}: {message}"
            assert isinstance(message[3], dict), message
            return message[4]
        raise AssertionError(f"not refused: {message}")

    def until_answered(self):
        """What has come before the answer to a call that is made now; the session lives if it returns."""
        request = self.request(Message.CALL, {}, "org.conformance.nobody.registers.this")
        passed = []
        while (message := self.receive())[:3] != [Message.ERROR, Message.CALL, request]:
            passed.append(message)
        return passed

    def until_answered_or_abort(self):
        """None, or the ABORT by which the router has ended the session."""
        self.request(Message.CALL, {}, "org.conformance.nobody.registers.this")
        while (message := self.receive())[0] not in (Message.ABORT, Message.ERROR):
            assert message[0] in UNDER_WAY, message
        return message if message[0] == Message.ABORT else None

    def is_alive(self):
        self.kept += self.until_answered()
        return True

    def events_after(self, publisher):
        """The EVENTs that this session has from what `publisher` has published so far.

        By the ordering guarantee they come before the event of a marker that is published now.
        """
        if self.marker is None:
            topic = f"org.conformance.marker.{self.session}.n{next(_numbers)}"
            self.marker = topic, self.subscribe(topic)
        topic, subscription = self.marker
        number = next(_numbers)
        publisher.request(Message.PUBLISH, {"exclude_me": False}, topic, [number])
        events = []
        while True:
            message = self.receive()
            if message[0] == Message.EVENT and message[1] == subscription:
                if message[4:] == [[number]]:
                    return events
                continue
            assert message[0] == Message.EVENT, message
            events.append(message)

    def payloads_after(self, publisher):
        """The first argument of each of them."""
        return [event[4][0] for event in self.events_after(publisher)]

    def start_call(self, procedure, *args, **options):
        """Sends a CALL and returns its request id."""
        return self.request(Message.CALL, options, procedure, *([list(args)] if args else []))

    def call(self, procedure, *args, kwargs=None, **options):
        """Calls and returns the RESULT's arguments."""
        rest = [list(args), kwargs] if kwargs else [list(args)] if args else []
        message = self.ask(Message.CALL, Message.RESULT, options, procedure, *rest)
        return message[3] if len(message) > 3 else []

    def expect_result(self, request):
        """The arguments of the final RESULT of a call."""
        message = self.expect(Message.RESULT)
        assert message[1] == request, message
        assert not message[2].get("progress"), message
        return message[3] if len(message) > 3 else []

    def expect_progress(self, request):
        """The payload of the next progressive RESULT of a call."""
        message = self.expect(Message.RESULT)
        assert message[1] == request and message[2].get("progress") is True, message
        return message[3:]

    def expect_call_error(self, request, *errors):
        message = self.expect(Message.ERROR)
        assert message[1:3] == [Message.CALL, request] and message[4] in errors, message
        return message

    def expect_invocation(self):
        """(request id, details, arguments) of the next INVOCATION."""
        message = self.expect(Message.INVOCATION)
        return message[1], message[3], message[4] if len(message) > 4 else []

    def give(self, invocation, *args, **options):
        """Answers an invocation with YIELD."""
        self.send(Message.YIELD, invocation, options, *([list(args)] if args else []))

    def expect_abort(self, reason=VIOLATION, timeout=None):
        """ABORT with this reason; what was under way may come first."""
        while (message := self.receive(timeout))[0] != Message.ABORT:
            assert message[0] in UNDER_WAY, f"expected ABORT, got {message}"
        assert isinstance(message[1], dict), message
        assert message[2] == reason, message
        return message

    def says_nothing_more(self, seconds=0.5):
        """True if the connection ends or is silent; only where nothing can be asked any more."""
        try:
            raise AssertionError(f"received {self.receive(seconds)}")
        except (Closed, TimeoutError):
            return True

    def has_nothing_for(self, seconds):
        """True if nothing comes for some time; only where time itself is the case."""
        try:
            raise AssertionError(f"received {self.receive(seconds)}")
        except TimeoutError:
            return True

    def refusal(self):
        """The next message, an ERROR or ABORT; empty if the connection just ends, which refuses too."""
        try:
            message = self.receive()
        except Closed:
            return []
        assert message[0] in (Message.ERROR, Message.ABORT), f"accepted: {message}"
        return message

    def is_closed(self):
        """Waits for the end of the transport."""
        try:
            while True:
                self.wire.receive()
        except Closed:
            return True
        except TimeoutError:
            return False


def is_id(value):
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 2**53
