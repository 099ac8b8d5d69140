"""A WSGI application as many are: it reads as many bytes as Content-Length says, and none where it is missing."""

from wsgiref.simple_server import WSGIRequestHandler, make_server


class Handler(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def application(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


if __name__ == "__main__":
    with make_server("127.0.0.1", 0, application, handler_class=Handler) as server:
        print(f"listens on http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()
