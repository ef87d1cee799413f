"""Session Testament

advanced/pubsub_testament.md.
"""

import pytest

from client import Refused
from wire import Message

pytestmark = pytest.mark.announced("dealer", "testament_meta_api")
ADD, FLUSH = "wamp.session.add_testament", "wamp.session.flush_testaments"


@pytest.fixture
def heir(peer, uri):
    """A subscriber to uri(); ends a session in one of three ways, and returns what the subscriber gets of its end."""
    session = peer("rawsocket", "msgpack")
    session.subscribe(uri())

    def inherit(testator, how="disconnect"):
        if how == "goodbye":
            testator.leave()
        elif how == "violation":
            testator.hello()
            testator.expect_abort()
        testator.wire.close()
        watcher, left = peer(), testator.session
        while left in watcher.call("wamp.session.list")[0]:
            pass
        return [event[4:] for event in session.events_after(watcher)]

    return inherit


@pytest.mark.parametrize("how", ["disconnect", "goodbye", "violation"])
def test_a_testament_is_published(any_peer, uri, heir, how):
    """A testament is published when the session has ended, however it ended."""
    testator = any_peer()
    assert testator.call(ADD, uri(), ["Seeya!"], {"my_name": "app1"}) in ([], [None])
    assert heir(testator, how) == [[["Seeya!"], {"my_name": "app1"}]]


def test_not_before_the_end(peer, uri):
    """Nothing is published while the session lives."""
    testator, subscriber = peer(), peer()
    subscriber.subscribe(uri())
    testator.call(ADD, uri(), [1], {})
    assert subscriber.events_after(testator) == []


def test_in_the_order_of_adding(peer, uri, heir):
    """Testaments are published in the order in which they were added."""
    testator = peer()
    for number in range(5):
        testator.call(ADD, uri(), [number], {})
    assert [event[0] for event in heir(testator)] == [[number] for number in range(5)]


def test_detached_before_destroyed(peer, uri, heir):
    """Without resumption the testaments of scope detached come before those of scope destroyed, the default."""
    testator = peer()
    testator.call(ADD, uri(), ["destroyed"], {}, kwargs={"scope": "destroyed"})
    testator.call(ADD, uri(), ["default"], {})
    testator.call(ADD, uri(), ["detached"], {}, kwargs={"scope": "detached"})
    assert [event[0] for event in heir(testator)] == [["detached"], ["destroyed"], ["default"]]


@pytest.mark.parametrize(("scope", "rest"), [(None, "detached"), ("destroyed", "detached"), ("detached", "destroyed")])
def test_flush(peer, uri, heir, scope, rest):
    """flush_testaments removes those of its scope only; the default is destroyed."""
    testator = peer()
    for name in ("detached", "destroyed"):
        testator.call(ADD, uri(), [name], {}, kwargs={"scope": name})
    testator.call(FLUSH, kwargs={"scope": scope} if scope else None)
    assert [event[0] for event in heir(testator)] == [[rest]]


def test_flushing_nothing(peer):
    """Flushing when there is no testament succeeds."""
    peer().call(FLUSH)
    peer().call(FLUSH, kwargs={"scope": "detached"})


def test_publish_options(peer, uri):
    """publish_options are the options of the publication: who is excluded does not get it."""
    testator, one, two = peer(), peer(), peer()
    one.subscribe(uri())
    two.subscribe(uri())
    testator.call(ADD, uri(), ["it"], {}, kwargs={"publish_options": {"exclude": [one.session]}})
    testator.leave()
    assert two.expect(Message.EVENT)[4] == ["it"]
    assert one.until_answered() == []


def test_the_testaments_of_another_session(peer, uri, heir):
    """A session's testaments are its own: another one's flush and end do not touch them."""
    testator, other = peer(), peer()
    testator.call(ADD, uri(), ["mine"], {})
    other.call(FLUSH)
    other.leave()
    assert [event[0] for event in heir(testator)] == [["mine"]]


def test_a_reserved_topic(peer):
    """A testament cannot be published where its session could not publish: the router's own topics least of all."""
    testator, subscriber, publisher = peer(), peer(), peer()
    subscriber.subscribe("wamp.session.on_join")
    try:
        testator.call(ADD, "wamp.session.on_join", [{"session": 1, "authid": "forged"}], {})
    except Refused:
        pass  # Refusing it at once is one way.
    testator.leave()
    events = subscriber.events_after(publisher)
    assert not any(event[4][0].get("authid") == "forged" for event in events)


@pytest.mark.parametrize(
    "arguments",
    [[], ["not a uri", [], {}], [7, [], {}], ["org.conformance.it", {}, {}], ["org.conformance.it", [], []]],
    ids=str,
)
def test_arguments_that_are_none(peer, arguments):
    """A testament that could not be published is refused when it is added."""
    with pytest.raises(Refused) as refused:
        peer().call(ADD, *arguments)
    assert refused.value.error in ("wamp.error.invalid_argument", "wamp.error.invalid_uri")


@pytest.mark.parametrize("procedure", [ADD, FLUSH])
def test_a_scope_that_is_none(peer, uri, procedure):
    """A scope other than detached and destroyed is refused."""
    arguments = [uri(), [], {}] if procedure == ADD else []
    with pytest.raises(Refused) as refused:
        peer().call(procedure, *arguments, kwargs={"scope": "eternal"})
    assert refused.value.error == "wamp.error.invalid_argument"
