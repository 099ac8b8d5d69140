"""A small to-do service in Tornado that trusts nobody but the gateway in front of it."""

import asyncio
import json
import os

from tornado.web import Application, RequestHandler

from tollgate_tornado import GatewayHandler

TODOS = {1: {"id": 1, "title": "Put a gateway in front", "done": True}}


class Todos(GatewayHandler):
    def get(self):
        self.write({"todos": list(TODOS.values())})

    def post(self):
        todo = json.loads(self.request.body)
        todo = {"id": max(TODOS, default=0) + 1, "title": todo["title"], "done": bool(todo.get("done", False))}
        TODOS[todo["id"]] = todo
        self.set_status(201)
        self.write(todo)


class Todo(GatewayHandler):
    def get(self, number):
        todo = TODOS.get(int(number))
        if todo is None:
            self.send_error(404)
        else:
            self.write(todo)


class Protected(GatewayHandler):
    def get(self):
        self.write({"backend": "tornado", "claims": self.claims})


class Health(RequestHandler):
    """The one page that needs no token: the gateway forwards it without one."""

    def get(self):
        self.write({"status": "ok"})


def make_app():
    return Application(
        [
            (r"/todos", Todos),
            (r"/todos/([0-9]+)", Todo),
            (r"/protected", Protected),
            (r"/health", Health),
        ]
    )


async def main():
    port = int(os.environ.get("PORT", "8888"))
    make_app().listen(port, address="127.0.0.1")
    print(f"Tornado listens on http://127.0.0.1:{port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
