"""A Tornado peer for the WebSockets of scripts. With CERT and KEY it speaks TLS."""

import asyncio
import os
import ssl

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

LEFT = asyncio.Queue()


class Echo(WebSocketHandler):
    """Sends everything back; a few words make it do something else."""

    def select_subprotocol(self, subprotocols):
        return "chat" if "chat" in subprotocols else None

    def open(self):
        self.seen = 0

    def on_message(self, message):
        self.seen += 1
        if message == "close":
            self.close(4001, "enough")
        elif message == "abort":
            self.stream.close()
        elif isinstance(message, str) and message.startswith("size "):
            self.write_message("x" * int(message[5:]))
        elif message == "headers":
            self.write_message({name.lower(): value for name, value in self.request.headers.get_all()})
        else:
            self.write_message(message, binary=isinstance(message, bytes))

    def on_close(self):
        LEFT.put_nowait([self.close_code, self.close_reason, self.seen])


class Greeter(Echo):
    """Speaks first, at once."""

    def open(self):
        super().open()
        for number in range(3):
            self.write_message(f"greeting {number}")


class Left(RequestHandler):
    """Answers once a connection has been left."""

    async def get(self):
        self.write({"left": await asyncio.wait_for(LEFT.get(), 20)})


class Plain(RequestHandler):
    def get(self):
        self.write("no WebSocket")


async def main():
    settings = {"websocket_max_message_size": 64 * 1024 * 1024}
    application = Application([(r"/echo", Echo), (r"/greeter", Greeter), (r"/left", Left), (r"/plain", Plain)], **settings)
    options = None
    if "CERT" in os.environ:
        options = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        options.load_cert_chain(os.environ["CERT"], os.environ["KEY"])
    HTTPServer(application, ssl_options=options).listen(int(os.environ["PORT"]), address="127.0.0.1")
    print("listens", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
