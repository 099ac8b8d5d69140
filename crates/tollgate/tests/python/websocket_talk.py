"""A `websockets` client: says what it is given, one thing after the other, and prints what it hears.

Arguments: a URL, and a JSON list of what to send: a text, {"bytes": [...]}, {"close": [code, reason]}, {"hear": count}.
"""

import asyncio
import json
import sys

import websockets

URL, STEPS = sys.argv[1], json.loads(sys.argv[2])


def shown(message):
    if isinstance(message, bytes):
        return {"bytes": list(message)}
    return message if len(message) < 200 else len(message)


async def main():
    heard = []
    try:
        socket = await websockets.connect(URL, subprotocols=["other", "chat"], max_size=None)
    except websockets.InvalidStatus as error:
        return {"status": error.response.status_code, "body": json.loads(error.response.body or b"null")}

    async def hear():
        heard.append(shown(await asyncio.wait_for(socket.recv(), 20)))

    try:
        for step in STEPS:
            if isinstance(step, str):
                await socket.send(step)
            elif "bytes" in step:
                await socket.send(bytes(step["bytes"]))
            elif "close" in step:
                await socket.close(*step["close"])
            else:
                for _ in range(step["hear"]):
                    await hear()
        while True:
            await hear()
    except websockets.ConnectionClosed:
        pass
    return {"protocol": socket.subprotocol, "heard": heard, "close": [socket.close_code, socket.close_reason]}


print(json.dumps(asyncio.run(main())))
