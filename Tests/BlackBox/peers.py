"""autobahn's asyncio client, the library that most users have, over each transport and serializer."""

import asyncio
import contextlib
import json

import txaio
from autobahn.asyncio.rawsocket import WampRawSocketClientFactory
from autobahn.asyncio.wamp import ApplicationSession
from autobahn.asyncio.websocket import WampWebSocketClientFactory
from autobahn.wamp import auth, serializer, types

WIRES = [(transport, name) for transport in ("websocket", "rawsocket") for name in ("json", "msgpack", "cbor")]

_SERIALIZERS = {
    "json": serializer.JsonSerializer,
    "msgpack": serializer.MsgPackSerializer,
    "cbor": serializer.CBORSerializer,
}


class Refused(Exception):
    """The router answered HELLO with ABORT."""

    def __init__(self, reason, message):
        super().__init__(f"{reason}: {message}")
        self.reason = reason


class Session(ApplicationSession):
    """A session that says when it has joined and when it has left."""

    def __init__(self, realm, authentication, joined):
        super().__init__(types.ComponentConfig(realm))
        self._authentication = authentication
        self._joined = joined
        self.left = asyncio.get_running_loop().create_future()

    def onConnect(self):
        details = self._authentication
        self.join(self.config.realm, authmethods=details.get("authmethods"), authid=details.get("authid"))

    def onChallenge(self, challenge):
        if challenge.method == "ticket":
            return self._authentication["secret"]
        assert challenge.method == "wampcra", challenge
        json.loads(challenge.extra["challenge"])
        key = self._authentication["secret"].encode()
        if "salt" in challenge.extra:
            extra = challenge.extra
            key = auth.derive_key(key, extra["salt"].encode(), extra["iterations"], extra["keylen"])
        return auth.compute_wcs(key, challenge.extra["challenge"].encode()).decode("ascii")

    def onJoin(self, details):
        self.details = details
        self._joined.set_result(None)

    def onLeave(self, details):
        if not self._joined.done():
            self._joined.set_exception(Refused(details.reason, details.message))
        if not self.left.done():
            self.left.set_result(details)
        self.disconnect()

    def onDisconnect(self):
        if not self._joined.done():
            self._joined.set_exception(ConnectionError("disconnected before WELCOME"))

    def onUserError(self, fail, msg):
        """Handlers that raise are part of the tests; the default prints them."""


@contextlib.asynccontextmanager
async def join(router, wire=("websocket", "json"), realm="realm1", session=Session, **authentication):
    """A joined session; leaves and disconnects at the end. Raises Refused with the router's reason."""
    transport_name, serializer_name = wire
    loop = asyncio.get_running_loop()
    txaio.use_asyncio()
    txaio.config.loop = loop
    joined = loop.create_future()
    session = session(realm, authentication, joined)
    codec = _SERIALIZERS[serializer_name]()
    if transport_name == "websocket":
        factory = WampWebSocketClientFactory(lambda: session, url=router.websocket_url, serializers=[codec])
        factory.setProtocolOptions(openHandshakeTimeout=5, closeHandshakeTimeout=1)
    else:
        factory = WampRawSocketClientFactory(lambda: session, serializer=codec)
    tls = router.tls
    transport, _ = await loop.create_connection(
        factory, router.host, router.port, ssl=tls, server_hostname=router.host if tls else None
    )
    try:
        await asyncio.wait_for(joined, 10)
        yield session
    finally:
        if session.is_attached():
            session.leave()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(session.left), 2)
        transport.close()
        await asyncio.sleep(0)


class Client:
    """One choice of transport and serializer, to join a router with."""

    def __init__(self, router, wire):
        self.router, self.wire = router, wire

    def join(self, realm="realm1", **authentication):
        return join(self.router, self.wire, realm, **authentication)


class Inbox:
    """Collects what a subscription or an invocation handler got, in order."""

    def __init__(self):
        self._queue = asyncio.Queue()

    def __call__(self, *args, details=None, **kwargs):
        self._queue.put_nowait((list(args), kwargs, details))

    async def next(self, timeout=5):
        return await asyncio.wait_for(self._queue.get(), timeout)

    async def args(self, timeout=5):
        return (await self.next(timeout))[0]

    @property
    def is_empty(self):
        return self._queue.empty()
