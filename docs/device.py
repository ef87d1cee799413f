"""A device without the vendor's SDK: it appends a reading, asks for the last ones, and offers a function.

Its environment is what `gantry app install … -o env` prints.
"""

import os
import time

from autobahn.asyncio.component import Component, run

ENV = os.environ
PROJECT_APP = f"{ENV['SWARM_KEY']}.{ENV['APP_KEY']}"
FUNCTIONS = f"{ENV['SWARM_KEY']}.{ENV['DEVICE_KEY']}.{ENV['APP_KEY']}.{ENV['ENV']}"
DEVICE = {"DEVICE_KEY": int(ENV["DEVICE_KEY"])}

device = Component(
    # wss is verified with the authority of SSL_CERT_FILE.
    transports=[{"type": "websocket", "url": ENV["DEVICE_ENDPOINT_URL"]}],
    realm=f"realm-{ENV['SWARM_KEY']}-{ENV['APP_KEY']}-{ENV['ENV'].lower()}",
    authentication={"wampcra": {"authid": ENV["APP_AUTH_ID"], "secret": ENV["APP_AUTH_SECRET"]}},
)


@device.on_join
async def joined(session, details):
    await session.register(lambda speed: f"speed is {speed} now", f"{FUNCTIONS}.set_speed")
    reading = {"tsp": int(time.time() * 1000), "temperature": 180.5}
    print(await session.call(f"append.{PROJECT_APP}.line", reading, **DEVICE))
    print(await session.call("history.transformed.line", {"limit": 10}))
    print(await session.call(f"{FUNCTIONS}.set_speed", 12))
    await session.leave()


run([device], log_level="error")
