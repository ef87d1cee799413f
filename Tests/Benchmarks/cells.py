"""What is measured, and what it is held against: the marks are ratios of one interleaved run."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Mark:
    """A figure of a cell, and the ratio that it may have; nothing, where it is only reported."""

    figure: str
    first: float | None = None
    goal: float | None = None


@dataclasses.dataclass(frozen=True)
class Cell:
    """One load: `gantry bench` on Gantry, and the same on a peer (a server, or another cell of Gantry's own)."""

    name: str
    title: str
    url: str
    load: str
    peer: str = "nats"
    marks: tuple = (Mark("server_cpu_us"),)


WS, RS, WSS, RSS = "ws://{host}/ws", "rs://{host}", "wss://{host}/ws", "rss://{host}"
JSON, MSGPACK = "--serializer json", "--serializer msgpack"


def cpu(first, goal):
    return (Mark("server_cpu_us", first, goal),)


MATRIX = [
    Cell("fan100-256-rs-msgpack", "fan-out 1→100, 256 B, RawSocket + MessagePack", RS,
         f"--mode fanout --peers 100 --depth 32 --size 256 {MSGPACK}", marks=cpu(1.5, 1.0)),
    Cell("fan100-256-ws-json", "fan-out 1→100, 256 B, WebSocket + JSON", WS,
         f"--mode fanout --peers 100 --depth 32 --size 256 {JSON}", marks=cpu(2, 1.1)),
    Cell("fan10-16-rs-msgpack", "fan-out 1→10, 16 B, RawSocket + MessagePack", RS,
         f"--mode fanout --peers 10 --depth 32 --size 16 {MSGPACK}", marks=cpu(2, 1.3)),
    Cell("fan100-4096-rs-msgpack", "fan-out 1→100, 4 KiB, RawSocket + MessagePack", RS,
         f"--mode fanout --peers 100 --depth 32 --size 4096 {MSGPACK}", marks=cpu(1, 0.5)),
    Cell("fanin10-256-rs-msgpack", "fan-in 10→1, 256 B, RawSocket + MessagePack", RS,
         f"--mode fanin --peers 10 --depth 32 --size 256 {MSGPACK}", marks=cpu(2, 1.2)),
    Cell("rpc8x16-ws-json", "routed call, 8 callers × 16 deep, WebSocket + JSON", WS,
         f"--mode rpc --peers 8 --depth 16 {JSON}", marks=cpu(2, 1.1)),
    Cell("rpc8x16-rs-msgpack", "routed call, 8 × 16, RawSocket + MessagePack", RS,
         f"--mode rpc --peers 8 --depth 16 {MSGPACK}", marks=cpu(1.5, 1.0)),
    Cell("ack4x16-ws-json", "acknowledged publish 4 × 16, 256 B, WebSocket + JSON", WS,
         f"--mode ack --peers 4 --depth 16 --size 256 {JSON}", "mosquitto", cpu(0.7, 0.35)),
    Cell("sparse1000x10-ws-json", "sparse: 1,000 publications/s × 10, 256 B, WebSocket + JSON", WS,
         f"--mode sparse --rate 1000 --peers 10 --size 256 {JSON}",
         marks=(Mark("server_cpu_us", 0.8, 0.55), Mark("p50_us", 1.0, 1.0), Mark("p99_us", 1.0, 1.0))),
    Cell("rpc1-ws-json", "one call at a time, WebSocket + JSON", WS, f"--mode rpc --peers 1 --depth 1 {JSON}",
         marks=(Mark("p50_us", 1.2, 1.0), Mark("server_cpu_us"))),
    Cell("join-ws-json", "join, WebSocket + JSON", WS, f"--mode idle --peers 5000 {JSON}", marks=cpu(1.1, 0.9)),
]

PLAIN = {cell.name: cell for cell in MATRIX}


def over_tls(name):
    cell = PLAIN[name]
    url = WSS if cell.url == WS else RSS
    return Cell(f"{name}-tls", f"{cell.title}, TLS", url, cell.load, name, cpu(1.5, 1.5))


TLS = [over_tls(cell.name) for cell in MATRIX if cell.name not in ("rpc1-ws-json", "join-ws-json")]

TRANSCODING = [
    Cell("fan100-256-json-to-msgpack", "fan-out 1→100, 256 B, WebSocket, JSON → MessagePack", WS,
         f"--mode fanout --peers 100 --depth 32 --size 256 {JSON} --receiver-serializer msgpack",
         "fan100-256-ws-json", cpu(2, 2)),
    Cell("fan100-256-msgpack-to-json", "fan-out 1→100, 256 B, RawSocket, MessagePack → JSON", RS,
         f"--mode fanout --peers 100 --depth 32 --size 256 {MSGPACK} --receiver-serializer json",
         "fan100-256-rs-msgpack", cpu(2, 2)),
    Cell("rpc8x16-json-to-msgpack", "routed call, 8 × 16, WebSocket, JSON ↔ MessagePack", WS,
         f"--mode rpc --peers 8 --depth 16 {JSON} --receiver-serializer msgpack", "rpc8x16-ws-json", cpu(2, 2)),
]

IDLE = [
    Cell("idle-ws", "WebSocket + JSON", WS, f"--mode idle {JSON}", marks=(Mark("rss_kib_per_session", 12, 8),)),
    Cell("idle-rs", "RawSocket + MessagePack", RS, f"--mode idle {MSGPACK}",
         marks=(Mark("rss_kib_per_session", 12, 6.5),)),
    Cell("idle-wss", "WebSocket + JSON, TLS", WSS, f"--mode idle {JSON}", marks=(Mark("rss_kib_per_session", 40, 30),)),
]


@dataclasses.dataclass(frozen=True)
class Curve:
    """The same load at several sizes: its CPU for one operation has to stay what it is at the first. A peer that knows
    the load stands beside it, for comparison."""

    name: str
    title: str
    load: str
    option: str
    sizes: tuple
    quick: tuple
    peer: str | None = None


CURVES = [
    Curve("subscribers", "subscribers of one topic", f"--mode fanout --depth 16 --size 256 {MSGPACK}", "--peers",
          (10, 100, 1_000, 10_000), (10, 1_000), "nats"),
    Curve("realms", "realms, each with a publisher and 10 subscribers",
          f"--mode fanout --peers 10 --depth 4 --size 256 --realm realm {MSGPACK}", "--realms",
          (1, 10, 100, 1_000), (1, 100)),
    *(
        Curve(f"{match}-subscriptions", f"{match} subscriptions of 50 sessions, publications to all their topics in turn",
              f"--mode fanout --peers 50 --depth 256 --size 256 --match {match} {MSGPACK}", "--topics",
              (50, 1_000, 10_000, 100_000), (50, 10_000))
        for match in ("exact", "prefix", "wildcard")
    ),
]

# One loop and two, on one realm and on many. Sixteen connections are one loop's: with 64 callers both have some.
LOOPS = [
    Cell("loops-fan100", "fan-out 1→100, one realm", RS, PLAIN["fan100-256-rs-msgpack"].load, marks=cpu(1.2, 1.2)),
    Cell("loops-rpc8x16", "routed call, 8 × 16, one realm", RS, PLAIN["rpc8x16-rs-msgpack"].load, marks=cpu(1.2, 1.2)),
    Cell("loops-rpc64x2", "routed call, 64 × 2, one realm", RS, f"--mode rpc --peers 64 --depth 2 {MSGPACK}",
         marks=cpu(1.2, 1.2)),
    Cell("loops-fan10-realms", "fan-out 1→10 in each of 20 realms", RS,
         f"--mode fanout --peers 10 --depth 16 --size 256 --realm realm --realms 20 {MSGPACK}", marks=cpu(1.2, 1.2)),
    Cell("loops-rpc-realms", "2 callers × 16 in each of 20 realms", RS,
         f"--mode rpc --peers 2 --depth 16 --realm realm --realms 20 {MSGPACK}", marks=cpu(1.2, 1.2)),
]
