"""Two real clients against the gateway: `websockets`, and Tornado's own. Prints what they saw."""

import asyncio
import json
import os
import statistics
import sys
import time

import websockets
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

URL, BACKEND, KEY = sys.argv[1:]
SIZES = [0, 1, 125, 126, 65535, 65536, 1 << 20, 4 << 20]


async def with_websockets():
    headers = {"Authorization": f"Bearer {KEY}"}
    seen = {}
    options = dict(additional_headers=headers, subprotocols=["other", "chat"], max_size=None)
    async with websockets.connect(URL, **options) as socket:
        seen["subprotocol"] = socket.subprotocol
        seen["deflate"] = any("deflate" in e.name for e in socket.protocol.extensions)
        seen["hello"] = json.loads(await socket.recv())
        for size in SIZES:
            for message in (os.urandom(size), "x" * size):
                await socket.send(message)
                assert await socket.recv() == message, size
        seen["sizes"] = len(SIZES)
        took = []
        for _ in range(200):
            began = time.perf_counter()
            await (await socket.ping())
            took.append(time.perf_counter() - began)
        seen["ping_ms"] = statistics.median(took) * 1000
        # Many messages under way in both directions.
        messages = [os.urandom(10_000) for _ in range(500)]

        async def receive():
            return [await socket.recv() for _ in messages]

        receiving = asyncio.create_task(receive())
        for message in messages:
            await socket.send(message)
        assert await receiving == messages
        await socket.close(4000, "enough")
        seen["close"] = [socket.close_code, socket.close_reason]
    # Fragments, with a ping between them. Not compressed: Tornado forgets that a message is, at a ping.
    async with websockets.connect(URL, additional_headers=headers, compression=None) as socket:
        await socket.recv()
        pieces = [os.urandom(30_000) for _ in range(20)]

        async def fragments():
            for number, piece in enumerate(pieces):
                if number == 10:
                    await (await socket.ping())
                yield piece

        receiving = asyncio.create_task(socket.recv())
        await socket.send(fragments())
        assert await receiving == b"".join(pieces)
    refused = []
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        try:
            await websockets.connect(URL, additional_headers=headers)
            refused.append("granted")
        except websockets.InvalidStatus as error:
            refused.append(error.response.status_code)
    try:
        await websockets.connect(BACKEND, additional_headers={"Authorization": f"Bearer {KEY}"})
        refused.append("granted")
    except websockets.InvalidStatus as error:
        refused.append(error.response.status_code)
    seen["refused"] = refused
    return seen


async def with_tornado():
    request = HTTPRequest(URL, headers={"Authorization": f"Bearer {KEY}"})
    socket = await websocket_connect(request, subprotocols=["chat"], compression_options={}, max_message_size=64 << 20)
    hello = json.loads(await socket.read_message())
    for size in SIZES:
        message = os.urandom(size)
        await socket.write_message(message, binary=True)
        assert await socket.read_message() == message, size
    socket.close(1000, "done")
    assert await socket.read_message() is None
    try:
        await websocket_connect(URL)
        refused = "granted"
    except HTTPClientError as error:
        refused = error.code
    return {"hello": hello, "refused": refused, "close": socket.close_code}


async def main():
    print(json.dumps({"websockets": await with_websockets(), "tornado": await with_tornado()}))


asyncio.run(main())
