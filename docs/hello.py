"""Two clients of the open realm of `gantry init --example plain`: one offers a function, the other calls it."""

import asyncio
import sys

from autobahn.asyncio.component import Component

URL = sys.argv[1] if len(sys.argv) > 1 else "ws://127.0.0.1:8443/ws"


def client():
    return Component(transports=[{"type": "websocket", "url": URL}], realm="realm1")


async def main():
    server, caller = client(), client()
    answer = asyncio.get_running_loop().create_future()

    @server.on_join
    async def offer(session, _):
        await session.register(lambda name: f"Hello, {name}!", "org.example.hello")
        caller.start()

    @caller.on_join
    async def ask(session, _):
        answer.set_result(await session.call("org.example.hello", "Gantry"))

    server.start()
    print(await asyncio.wait_for(answer, 10))


asyncio.run(main())
