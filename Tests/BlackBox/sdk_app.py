"""An app as IronFlock's users write it, on the unmodified SDK, with nothing but environment variables.

It does what a line of JSON on standard input says, and answers with a line on standard output, so that a test can
hold several of them, on different devices and with different versions of the SDK.
"""

import asyncio
import json
import sys

import ironflock as sdk

device = sdk.IronFlock()


def say(**what):
    print(json.dumps(what), flush=True)


async def do(command):
    table = command.get("table")
    match command["do"]:
        case "append":
            return await device.append_to_table(table, command["row"])
        case "publish":
            return str(await device.publish_to_table(table, command["row"]))
        case "append_rows":
            return await device.append_rows_to_table(table, command["rows"])
        case "publish_rows":
            return str(await device.publish_rows_to_table(table, command["rows"]))
        case "history":
            return await device.getHistory(table, command["query"])
        case "count":  # what a large history has, without sending it through a pipe
            rows = await device.getHistory(table, command["query"])
            return {"count": len(rows), "sum": sum(row["count"] for row in rows), "sorted": sorted(rows, key=lambda r: r["tsp"]) == rows}
        case "series":
            return await device.get_series_history(table, command["query"])
        case "subscribe":
            await device.subscribe_to_table(table, lambda row, *_, **__: say(row=row))
            return True
        case "register":
            async def answer(*args, **kwargs):
                return {"device": command["name"], "args": args}

            await device.register_device_function("restart_line", answer)
            return True
        case "call":
            return await device.call_device_function(command["device_key"], "restart_line", command["args"])
        case "report_error":
            return str(await device.report_error(command["message"]))


async def answer(number, command):
    try:
        say(number=number, result=await do(command))
    except Exception as error:  # the test decides what an error means
        say(number=number, error=f"{type(error).__name__}: {error}")


async def main():
    await device.start()
    say(started=True)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2**26)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tasks = set()
    while line := await reader.readline():
        command = json.loads(line)
        task = asyncio.create_task(answer(command["number"], command))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await device.stop()


asyncio.run(main())
