"""Pattern-based Registrations

advanced/rpc_pattern_based_registration.md, its worked examples among them.
"""

import pytest

from wire import Message

pytestmark = pytest.mark.announced("dealer", "pattern_based_registration")

EXAMPLE = {
    1: ("a1.b2.c3.d4.e55", "exact"),
    2: ("a1.b2.c3", "prefix"),
    3: ("a1.b2.c3.d4", "prefix"),
    4: ("a1.b2..d4.e5", "wildcard"),
    5: ("a1.b2.c33..e5", "wildcard"),
    6: ("a1.b2..d4.e5..g7", "wildcard"),
    7: ("a1.b2..d4..f6.g7", "wildcard"),
}


@pytest.fixture
def registered(peer, uri):
    """Registers (name, policy) pairs; a call then says by which number it was routed, or None."""

    def register(patterns):
        caller, callee = peer(), peer()
        numbers = {callee.register(uri(name), match=match): number for number, (name, match) in patterns.items()}

        def route(name):
            request = caller.start_call(uri(name))
            message = callee.receive() if (answer := caller.until_answered()) == [] else None
            if message is None:
                assert answer[0][2] == request and answer[0][4] == "wamp.error.no_such_procedure", answer
                return None
            assert message[0] == Message.INVOCATION, message
            if patterns[numbers[message[2]]][1] != "exact":
                assert message[3]["procedure"] == uri(name)
            callee.give(message[1])
            caller.expect_result(request)
            return numbers[message[2]]

        return route

    return register


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("a1.b2.c3.d4.e55", 1),
        ("a1.b2.c3.d98.e74", 2),
        ("a1.b2.c3.d4.e325", 3),
        ("a1.b2.c55.d4.e5", 4),
        ("a1.b2.c33.d4.e5", 5),
        ("a1.b2.c88.d4.e5.f6.g7", 6),
        ("a2.b2.c2.d2.e2", None),
    ],
)
def test_the_worked_examples(registered, name, number):
    """The specification's table: exact, then the longest prefix, then the wildcard with the longest first portion."""
    assert registered(EXAMPLE)(name) == number


def test_the_example_of_the_text(registered):
    """Of a1.b2..d4 and a1...d4 the one with the longer first portion is called: the eighth example."""
    assert registered({1: ("a1...d4", "wildcard"), 2: ("a1.b2..d4", "wildcard")})("a1.b2.c3.d4") == 2


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("myobject1.myprocedure1", 1),
        ("myobject1-mysubobject1", 1),
        ("myobject1.mysubobject1.myprocedure1", 1),
        ("myobject1", 1),
        ("myobject2", None),
        ("myobject", None),
    ],
)
def test_prefix(registered, name, number):
    """A prefix is one of the URI as a string: the specification's list of what matches."""
    assert registered({1: ("myobject1", "prefix")})(name) == number


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("myapp.myobject1.myprocedure1", 1),
        ("myapp.myobject2.myprocedure1", 1),
        ("myapp.myobject1.myprocedure1.mysubprocedure1", None),
        ("myapp.myobject1.myprocedure2", None),
        ("myapp2.myobject1.myprocedure1", None),
    ],
)
def test_wildcard(registered, name, number):
    """An empty component matches any one whole component: the specification's list of what matches."""
    assert registered({1: ("myapp..myprocedure1", "wildcard")})(name) == number


@pytest.mark.parametrize(
    ("pattern", "matches", "does_not"),
    [
        ("..c", ["a.b.c", "x.y.c"], ["a.c", "a.b.d", "a.b.c.d"]),
        ("a..", ["a.b.c"], ["a.b", "a", "a.b.c.d"]),
        ("a.", ["a.b"], ["a", "a.b.c"]),
        (".", ["a.b"], ["a", "a.b.c"]),
    ],
)
def test_wildcards_anywhere(registered, pattern, matches, does_not):
    """Any component may be the empty one, the last ones too; the count of components is the pattern's."""
    route = registered({1: (pattern, "wildcard")})
    assert [route(name) for name in matches] == [1] * len(matches)
    assert [route(name) for name in does_not] == [None] * len(does_not)


def test_the_procedure_that_was_called(any_peer, uri):
    """INVOCATION.Details.procedure is the URI that was called, for registrations by pattern."""
    caller, callee = any_peer(), any_peer()
    callee.register(uri("a"), match="prefix")
    callee.register(uri("b."), match="wildcard")
    for name in (uri("a.b.c"), uri("b.x")):
        caller.start_call(name)
        assert callee.expect_invocation()[1]["procedure"] == name


def test_one_callee_for_each_call(peer, uri):
    """A call that matches several registrations is routed to one only."""
    caller, callees = peer(), [peer() for _ in range(3)]
    callees[0].register(uri("a.b"))
    callees[1].register(uri("a"), match="prefix")
    callees[2].register(uri("a."), match="wildcard")
    caller.start_call(uri("a.b"))
    assert caller.is_alive()
    assert [len(callee.until_answered()) for callee in callees] == [1, 0, 0]


def test_the_next_best_after_unregistering(registered, peer, uri):
    """When the best registration has gone, calls are routed to the next best one."""
    caller, callee = peer(), peer()
    exact = callee.register(uri("a.b.c"))
    long = callee.register(uri("a.b"), match="prefix")
    short = callee.register(uri("a"), match="prefix")
    wildcard = callee.register(uri("a..c"), match="wildcard")
    for best in (exact, long, short, wildcard):
        caller.start_call(uri("a.b.c"))
        assert callee.expect(Message.INVOCATION)[2] == best
        callee.ask(Message.UNREGISTER, Message.UNREGISTERED, best)
    assert caller.refused(Message.CALL, {}, uri("a.b.c")) == "wamp.error.no_such_procedure"


def test_the_same_uri_with_each_policy(peer, uri):
    """A URI with another matching policy is another registration."""
    callee = peer()
    registrations = {callee.register(uri("a"), match=match) for match in ("exact", "prefix", "wildcard")}
    assert len(registrations) == 3


def test_match_exact_is_the_default(peer, uri):
    """match: exact is the same as no match."""
    callee = peer()
    callee.register(uri(), match="exact")
    assert callee.refused(Message.REGISTER, {}, uri()) == "wamp.error.procedure_already_exists"


@pytest.mark.parametrize("match", ["prefix", "wildcard"])
def test_patterns_over_the_routers_own_uris(peer, match):
    """No pattern takes the router's own procedures from it."""
    callee = peer()
    try:
        callee.register("wamp." if match == "wildcard" else "wamp", match=match)
    except AssertionError:
        pass  # Refusing it is one way.
    caller = peer()
    call = caller.request(Message.CALL, {}, "wamp.session.count")
    message = caller.receive()
    assert message[:2] == [Message.RESULT, call] or message[2] == call, message
    assert callee.until_answered() == []


@pytest.mark.parametrize("match", ["soundslike", 7, True])
def test_a_match_that_is_none(peer, uri, bystander, match):
    """A matching policy that is none is refused."""
    callee = peer()
    callee.request(Message.REGISTER, {"match": match}, uri())
    callee.refusal()
