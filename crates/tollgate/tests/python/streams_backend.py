"""A Tornado backend with a WebSocket and an event stream that only the gateway may open."""

import asyncio
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[4] / "examples" / "tornado"))

from tornado.iostream import StreamClosedError  # noqa: E402
from tornado.web import Application  # noqa: E402
from tornado.websocket import WebSocketHandler  # noqa: E402

from tollgate_tornado import GatewayHandler  # noqa: E402

GO = asyncio.Queue()
LEFT = asyncio.Queue()


class Echo(GatewayHandler, WebSocketHandler):
    """The token is verified at the handshake, before the connection is switched."""

    def select_subprotocol(self, subprotocols):
        return "chat" if "chat" in subprotocols else None

    def get_compression_options(self):
        return {}

    def open(self):
        self.write_message(json.dumps({"sub": self.claims["sub"], "iss": self.claims["iss"]}))

    def on_message(self, message):
        self.write_message(message, binary=isinstance(message, bytes))

    def on_close(self):
        LEFT.put_nowait(f"ws {self.close_code} {self.close_reason}")


class Events(GatewayHandler):
    """Makes an event only when it is told to."""

    async def get(self):
        self.set_header("Content-Type", "text/event-stream")
        await self.flush()
        number = 0
        try:
            while True:
                await GO.get()
                self.write(f"data: {number}\n\n")
                await self.flush()
                number += 1
        except (StreamClosedError, asyncio.CancelledError):
            pass

    def on_connection_close(self):
        LEFT.put_nowait("events")


class Next(GatewayHandler):
    def post(self):
        json.loads(self.request.body)
        GO.put_nowait(None)
        self.write({})


class Left(GatewayHandler):
    """Answers once a stream has been left."""

    async def get(self):
        self.write({"left": await asyncio.wait_for(LEFT.get(), 20)})


async def main():
    settings = {"websocket_max_message_size": 64 * 1024 * 1024}
    routes = [(r"/ws", Echo), (r"/events", Events), (r"/next", Next), (r"/left", Left)]
    Application(routes, **settings).listen(int(os.environ["PORT"]), address="127.0.0.1")
    print("listens", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
