"""The demonstration behind `make demo`: two real backends, the gateway in front of both, a key,
and the calls with their answers. With --once it ends after the calls and fails if an answer was
not the expected one; otherwise everything stays up until Ctrl-C."""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOLD, DIM, GREEN, RED, PLAIN = ("\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m") if sys.stdout.isatty() else ("",) * 5


def port(preferred):
    """The preferred port, or any free one where it is taken."""
    for wanted in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
                return probe.getsockname()[1]
            except OSError:
                continue
    raise SystemExit("there is no free port on 127.0.0.1")


class Demo:
    def __init__(self, binary, folder):
        self.binary, self.folder, self.children, self.failed = binary, folder, [], 0

    def start(self, name, command, **environment):
        log = open(self.folder / f"{name}.log", "w")
        child = subprocess.Popen(
            [str(part) for part in command], cwd=ROOT, env={**os.environ, **environment}, stdout=log, stderr=log
        )
        self.children.append((name, child))
        return child

    def stop(self):
        for _, child in reversed(self.children):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for _, child in reversed(self.children):
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def wait(self, what, done):
        deadline = time.monotonic() + 30
        while not done():
            for name, child in self.children:
                if child.poll() is not None:
                    log = (self.folder / f"{name}.log").read_text()
                    raise SystemExit(f"{RED}{name} ended with {child.returncode}:{PLAIN}\n{log}")
            if time.monotonic() > deadline:
                raise SystemExit(f"{RED}{what} did not come up within 30 seconds; see {self.folder}{PLAIN}")
            time.sleep(0.05)

    def tollgate(self, *arguments):
        command = [str(self.binary), *arguments, "--data-dir", str(self.folder / "data"), "--output", "json"]
        result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        if result.returncode:
            raise SystemExit(f"{RED}tollgate {' '.join(arguments)} failed:{PLAIN}\n{result.stderr}")
        return json.loads(result.stdout)

    def call(self, title, url, key=None, expect=200):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        shown = f"curl -i {url}" + (f" -H 'Authorization: Bearer {key}'" if key else "")
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
                status, fields, body = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            status, fields, body = error.code, error.headers, error.read()
        good = status == expect
        self.failed += not good
        mark = f"{GREEN}✓{PLAIN}" if good else f"{RED}✗ expected {expect}{PLAIN}"
        print(f"\n{BOLD}{title}{PLAIN}\n  {DIM}$ {shown}{PLAIN}\n  {status} {mark}")
        for name in ("RateLimit", "Retry-After", "WWW-Authenticate"):
            if fields.get(name):
                print(f"  {name}: {fields[name]}")
        try:
            text = json.dumps(json.loads(body), indent=2)
        except ValueError:
            text = body.decode(errors="replace")
        print("\n".join("  " + line for line in text.splitlines()[:24]))
        return status, body

    def check(self, what, good):
        self.failed += not good
        print(f"  {GREEN + '✓' if good else RED + '✗'}{PLAIN} {what}")


def up(port_number):
    try:
        socket.create_connection(("127.0.0.1", port_number), 0.2).close()
        return True
    except OSError:
        return False


def run(demo, once):
    gateway_port, tornado_port, bottle_port = port(9000), port(8888), port(8889)
    gateway = f"http://127.0.0.1:{gateway_port}"
    tornado, bottle = f"http://127.0.0.1:{tornado_port}", f"http://127.0.0.1:{bottle_port}"
    issuer = f"{gateway}/__tollgate/issuer"
    ready = demo.folder / "ready.json"

    print(f"==> Starting a Tornado backend on {tornado} and a Bottle backend on {bottle}")
    python = sys.executable
    demo.start("tornado", [python, "examples/tornado/app.py"], PORT=str(tornado_port), TOLLGATE_ISSUER=issuer)
    demo.start("bottle", [python, "examples/bottle/app.py"], PORT=str(bottle_port), TOLLGATE_ISSUER=issuer)
    print(f"==> Starting the gateway in front of both on {gateway}")
    demo.start(
        "gateway",
        [demo.binary, "run", "examples/gateway", "--listen", f"127.0.0.1:{gateway_port}", "--management-listen",
         "127.0.0.1:0", "--data-dir", demo.folder / "data", "--ready-file", ready],
        TORNADO_URL=tornado, BOTTLE_URL=bottle,
    )
    demo.wait("the demonstration", lambda: ready.exists() and up(tornado_port) and up(bottle_port))

    print("==> Making a consumer and a key")
    demo.tollgate("consumer", "create", "demo", "--metadata", '{"plan":"free"}')
    key = demo.tollgate("key", "create", "demo")["key"]
    print(f"    {key}")

    demo.call("Without a key", f"{gateway}/protected", expect=401)
    demo.call("With a wrong key", f"{gateway}/protected", key="tg_this_is_no_key", expect=401)
    for name, path in (("Tornado", "/protected"), ("Bottle", "/bottle/protected")):
        _, body = demo.call(f"With the key, to {name}: it shows the claims it verified", gateway + path, key=key)
        claims = json.loads(body or b"{}").get("claims", {})
        demo.check("the token is signed by this gateway, for this consumer", (claims.get("iss"), claims.get("sub")) == (issuer, "demo"))
    demo.call("A route that the document declares public", f"{gateway}/health")
    for _ in range(4):
        status = urllib.request.urlopen(
            urllib.request.Request(f"{gateway}/protected", headers={"Authorization": f"Bearer {key}"})
        ).status
        demo.failed += status != 200
    demo.call("Past the limit of five a minute", f"{gateway}/protected", key=key, expect=429)
    demo.call("Straight to the Tornado backend, around the gateway", f"{tornado}/protected", expect=401)
    demo.call("Straight to the Bottle backend, even with the key", f"{bottle}/bottle/protected", key=key, expect=401)

    if once:
        return
    print(f"\n{BOLD}Everything stays up. Try:{PLAIN}")
    for path in ("/todos", "/notes", "/protected", "/bottle/protected"):
        print(f"  curl -i {gateway}{path} -H 'Authorization: Bearer {key}'")
    print(f"  curl {issuer}/.well-known/openid-configuration")
    print(f"Logs and data are in {demo.folder}. Ctrl-C ends everything.")
    for _, child in demo.children:
        if child.poll() is not None:
            break
    while all(child.poll() is None for _, child in demo.children):
        time.sleep(0.2)
    raise SystemExit(f"{RED}one of the processes ended; see the logs{PLAIN}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True, type=Path, help="the tollgate binary")
    parser.add_argument("--once", action="store_true", help="end after the calls")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="tollgate-demo-") as folder:
        demo = Demo(arguments.binary.resolve(), Path(folder))
        try:
            run(demo, arguments.once)
        except KeyboardInterrupt:
            print("\nStopping.")
        finally:
            demo.stop()
    if demo.failed:
        raise SystemExit(f"{RED}{demo.failed} of the answers were not the expected ones{PLAIN}")
    if arguments.once:
        print(f"\n{GREEN}All answers were as expected.{PLAIN}")


if __name__ == "__main__":
    main()
