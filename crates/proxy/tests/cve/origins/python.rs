//! Tornado, Bottle on the standard library's server, gunicorn and uvicorn.

use std::env;

use tokio::process::Command;

use super::logs_no_more_than_was_forwarded;
use super::server::Server;

/// Starts a program in Python that is given the log, the port and the address; nothing where the environment of
/// the tests is not there, or lacks one of `modules`.
async fn python(name: &'static str, modules: &str, script: &str) -> Option<Server> {
    let Some(python) = env::var_os("TOLLGATE_TEST_PYTHON") else {
        eprintln!("SKIPPED: TOLLGATE_TEST_PYTHON does not name the Python of the tests, so no {name}");
        return None;
    };
    let has = Command::new(&python).arg("-c").arg(format!("import {modules}")).output().await.unwrap();
    if !has.status.success() {
        assert!(env::var_os("TOLLGATE_TEST_ORIGINS").is_none(), "the Python of the tests has no {modules}");
        eprintln!("SKIPPED: the Python of the tests has no {modules}, so no {name}");
        return None;
    }
    let server = Server::start(name, |place| {
        let script = place.file("origin.py", script);
        let mut command = Command::new(&python);
        command
            .arg(script)
            .arg(place.log())
            .arg(place.port.to_string())
            .arg(place.ip.to_string())
            .current_dir(place.folder);
        command
    });
    Some(server.await)
}

#[tokio::test]
async fn tornado_logs_no_more_than_was_forwarded() {
    let script = r#"
import asyncio, logging, sys, tornado.web, tornado.httpserver
log = open(sys.argv[1], "a", buffering=1, encoding="latin-1", errors="replace")

class Malformed(logging.Handler):
    def emit(self, record):
        if "Malformed" in record.getMessage():
            log.write("BAD request\n")

class Any(tornado.web.RequestHandler):
    SUPPORTED_METHODS = tornado.web.RequestHandler.SUPPORTED_METHODS + ("QUERY",)
    def prepare(self):
        self.finish("ok")

logging.getLogger("tornado.general").addHandler(Malformed())
async def main():
    def seen(handler):
        log.write(f"{handler.request.method} {handler.request.uri}\n")
    app = tornado.web.Application([(r".*", Any)], log_function=seen)
    tornado.httpserver.HTTPServer(app).listen(int(sys.argv[2]), sys.argv[3])
    await asyncio.Event().wait()
asyncio.run(main())
"#;
    logs_no_more_than_was_forwarded(python("Tornado", "tornado", script).await).await;
}

#[tokio::test]
async fn bottle_logs_no_more_than_was_forwarded() {
    let script = r#"
import sys, bottle, socketserver
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
log = open(sys.argv[1], "a", buffering=1, encoding="latin-1", errors="replace")

class Handler(WSGIRequestHandler):
    def log_request(self, code="-", size="-"):
        log.write(self.requestline + "\n")
    def log_message(self, *arguments):
        pass

class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128

app = bottle.Bottle()
@app.route("<path:re:.*>", method="ANY")
def any(path):
    bottle.request.body.read()
    return "ok"
bottle.run(app, host=sys.argv[3], port=int(sys.argv[2]), quiet=True, handler_class=Handler, server_class=Server)
"#;
    logs_no_more_than_was_forwarded(python("Bottle", "bottle", script).await).await;
}

#[tokio::test]
async fn gunicorn_logs_no_more_than_was_forwarded() {
    let script = r#"
import sys
from gunicorn.app.base import BaseApplication
log = open(sys.argv[1], "a", buffering=1, encoding="latin-1", errors="replace")

def app(environ, start_response):
    log.write(f"{environ['REQUEST_METHOD']} {environ['RAW_URI']}\n")
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]

class Origin(BaseApplication):
    def load_config(self):
        self.cfg.set("bind", f"{sys.argv[3]}:{sys.argv[2]}")
        self.cfg.set("worker_class", "gthread")
        self.cfg.set("threads", 32)
        self.cfg.set("keepalive", 5)
    def load(self):
        return app
Origin().run()
"#;
    logs_no_more_than_was_forwarded(python("gunicorn", "gunicorn", script).await).await;
}

#[tokio::test]
async fn uvicorn_logs_no_more_than_was_forwarded() {
    let script = r#"
import logging, sys, uvicorn
log = open(sys.argv[1], "a", buffering=1, encoding="latin-1", errors="replace")

class Malformed(logging.Handler):
    def emit(self, record):
        if "Invalid HTTP" in record.getMessage():
            log.write("BAD request\n")

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    log.write(f"{scope['method']} {target.decode('latin-1')}\n")
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})

config = uvicorn.Config(app, host=sys.argv[3], port=int(sys.argv[2]), http="h11", lifespan="off", log_level="warning")
logging.getLogger("uvicorn.error").addHandler(Malformed())
uvicorn.Server(config).run()
"#;
    logs_no_more_than_was_forwarded(python("uvicorn", "uvicorn, h11", script).await).await;
}
