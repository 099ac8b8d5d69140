"""Instructions of the request path, counted by callgrind: the same on a busy machine and a quiet
one, so that a change of one per cent is seen.

The release binary itself runs under valgrind, one worker thread, with counting off until it is
warm. Requests go one after the other over one connection. What the process does by the clock (the
store looks for changes ten times a second) is measured while nothing is asked, and subtracted.
"""

import argparse
import json
import re
import shutil
import socket
import statistics
import sys
import threading
import time
from pathlib import Path

from .gateway import BINARY, Gateway
from .processes import CONFIGS, TARGET, Children, Failed, Unsupported, note, run

BASELINE = CONFIGS / "instructions.json"
TOLERANCE = 0.03
BODY = b"x" * 1024
# What the policies in TypeScript are sent, as in the scenario that measures their time.
FIELDS = json.loads((CONFIGS / "node" / "fields.json").read_text())
DOCUMENT = (CONFIGS / "node" / "document.json").read_bytes()

# name: (project, path, with the key, expected status, what it is)
CASES = {
    "plain": ("plain", "/small", False, 200, "GET 1 KB, proxied"),
    "full": ("full", "/small", True, 200, "the same with key, limit, token, access log, metrics"),
    "not-found": ("full", "/nothing/here", False, 404, "no such route"),
    "unauthorized": ("full", "/small", False, 401, "no key"),
    "limited": ("full", "/limited", True, 429, "over the limit"),
    "scripts-none": ("scripts", "/small", False, 200, "GET 1 KB, modules in the project, no script on the route"),
    "scripts-header": ("scripts", "/header", False, 200, "the same with a header-only policy in TypeScript"),
    "scripts-sink": ("scripts", "/sink", False, 200, "POST 2 KB, no script on the route"),
    "scripts-json": ("scripts", "/json", False, 200, "the same with a policy that changes the document"),
}
# By path: what is sent besides the head.
BODIES = {"/sink": DOCUMENT, "/json": DOCUMENT}


class Upstream(threading.Thread):
    """Answers every request with one kilobyte."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1024\r\n\r\n" + BODY

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        seen = b""
        while piece := connection.recv(65536):
            seen += piece
            while (whole := message(seen)) is not None:
                seen = seen[whole:]
                connection.sendall(self.answer)


def message(seen):
    """The length of the message that the bytes begin with, once all of it is there."""
    end = seen.find(b"\r\n\r\n")
    if end < 0:
        return None
    length = re.search(rb"\r\ncontent-length: *(\d+)", seen[:end], re.I)
    whole = end + 4 + int(length.group(1) if length else 0)
    return whole if len(seen) >= whole else None


class Client:
    """One connection, one request after the other."""

    def __init__(self, port, project, path, key):
        self.stream = socket.create_connection(("127.0.0.1", port), 30)
        self.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        authorization = f"Authorization: Bearer {key}\r\n" if key else ""
        # What a lean client sends, with the fields that nearly all have.
        fields = "User-Agent: bench/1\r\nAccept: */*\r\n"
        if project == "scripts":
            fields = "".join(f"{name}: {value}\r\n" for name, value in FIELDS.items())
        body = BODIES.get(path)
        method, length = ("POST", f"Content-Length: {len(body)}\r\n") if body else ("GET", "")
        head = f"{method} {path} HTTP/1.1\r\nHost: bench.test\r\n{fields}{authorization}{length}\r\n"
        self.request = head.encode() + (body or b"")
        self.seen = b""

    def ask(self, count, expected):
        for _ in range(count):
            self.stream.sendall(self.request)
            while (total := message(self.seen)) is None:
                self._more()
            line = self.seen.split(b"\r\n", 1)[0]
            self.seen = self.seen[total:]
            if int(line.split(b" ", 2)[1]) != expected:
                raise Failed(f"expected {expected}, got: {line.decode(errors='replace')}")

    def _more(self):
        piece = self.stream.recv(65536)
        if not piece:
            raise Failed("the gateway closed the connection")
        self.seen += piece


class Callgrind:
    """The counters of a process that runs under callgrind."""

    def __init__(self, pid, folder):
        self.pid, self.folder, self.dumps = pid, folder, 0

    def control(self, *arguments):
        run(["callgrind_control", *arguments, str(self.pid)])

    def reset(self):
        self.control("-z")

    def count(self):
        """What was executed since the counters were reset or last read."""
        self.dumps += 1
        dump = self.folder / f"out.{self.pid}.{self.dumps}"
        self.control("-d")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            found = re.search(r"^totals: (\d+)", dump.read_text(), re.M) if dump.exists() else None
            if found:
                return int(found.group(1))
            time.sleep(0.02)
        raise Failed(f"callgrind wrote no {dump}")


def measure(project, names, options):
    """Instructions per request for the cases of one project."""
    folder = TARGET / "callgrind" / project
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    upstream = Upstream()
    upstream.start()
    valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--compress-strings=no",
                f"--callgrind-out-file={folder}/out.%p"]
    if options.annotate:
        valgrind += ["--dump-line=no"]
    with Children() as children:
        note(f"==> tollgate run (project {project}) under valgrind; this takes half a minute")
        gateway = Gateway(children, project, upstream.port, binary=options.binary, prefix=valgrind,
                          data="callgrind", environment={"TOKIO_WORKER_THREADS": "1"}, seconds=180)
        key = gateway.key()
        counters = Callgrind(gateway.pid, folder)
        counters.control("-i", "on")
        results = {}
        for name in names:
            _, path, with_key, status, what = CASES[name]
            client = Client(gateway.port, project, path, key if with_key else None)
            if status == 429:
                client.ask(1, 200)
            client.ask(options.warm_up, status)
            # What the clock alone causes, in instructions a second.
            counters.reset()
            began = time.monotonic()
            time.sleep(1.0)
            idle = counters.count() / (time.monotonic() - began)
            counts = []
            for _ in range(options.rounds):
                counters.reset()
                began = time.monotonic()
                client.ask(options.requests, status)
                elapsed = time.monotonic() - began
                counts.append((counters.count() - idle * elapsed) / options.requests)
            client.stream.close()
            middle = statistics.median(counts)
            results[name] = {"instructions": round(middle), "spread": round((max(counts) - min(counts)) / middle, 4)}
            note(f"    {name:13} {middle:10,.0f} instructions a request  ±{results[name]['spread'] / 2:.1%}   {what}")
            if options.annotate:
                annotate(folder, counters, name)
        return results


def annotate(folder, counters, name):
    """The functions that cost most, of the last round."""
    dump = folder / f"out.{counters.pid}.{counters.dumps}"
    page = folder / f"{name}.txt"
    page.write_text(run(["callgrind_annotate", "--inclusive=no", "--threshold=95", str(dump)]))
    note(f"      by function: {page}   (inclusive: callgrind_annotate --inclusive=yes {dump})")


def compare(results, baseline):
    """Lines for the cases that became worse than the baseline allows, and for all others."""
    worse, lines = [], []
    for name, result in results.items():
        before = baseline.get(name, {}).get("instructions")
        if before is None:
            lines.append(f"{name:13} {result['instructions']:10,}   (not in the baseline)")
            continue
        change = result["instructions"] / before - 1
        verdict = "worse" if change > TOLERANCE else "better" if change < -TOLERANCE else ""
        lines.append(f"{name:13} {result['instructions']:10,}   {change:+7.1%} against {before:,}   {verdict}")
        if change > TOLERANCE:
            worse.append(name)
    return lines, worse


def main():
    parser = argparse.ArgumentParser(prog="make bench-instructions", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=CASES, help="only this case (repeatable)")
    parser.add_argument("--binary", type=Path, default=BINARY, help="the tollgate to measure (target/release/tollgate)")
    parser.add_argument("--requests", type=int, default=400, metavar="N", help="requests a round (400)")
    parser.add_argument("--warm-up", type=int, default=300, metavar="N", help="requests before the first (300)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="rounds; the median counts (5)")
    parser.add_argument("--annotate", action="store_true", help="write the functions that cost most beside the counts; wants a binary with symbols")
    parser.add_argument("--check", action="store_true", help=f"fail where a case needs {TOLERANCE:.0%}% more than {BASELINE.name} says")
    parser.add_argument("--write", action="store_true", help=f"make the result the new benches/{BASELINE.name}")
    parser.add_argument("--output", choices=("text", "json"), default="text")
    options = parser.parse_args()

    missing = [tool for tool in ("valgrind", "callgrind_control") if not shutil.which(tool)]
    if missing:
        raise SystemExit(f"{' and '.join(missing)} not found: apt-get install valgrind")
    if not options.binary.exists():
        raise SystemExit(f"there is no {options.binary}: cargo build --release -p tollgate")
    names = options.only or list(CASES)
    results = {}
    try:
        for project in dict.fromkeys(CASES[name][0] for name in names):
            results |= measure(project, [name for name in names if CASES[name][0] == project], options)
    except (Failed, Unsupported) as error:
        raise SystemExit(f"failed: {error}")

    baseline = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    lines, worse = compare(results, baseline)
    print(json.dumps(results, indent=2) if options.output == "json" else "\n".join(lines))
    if options.write:
        merged = {name: results[name] if name in results else baseline[name] for name in CASES if name in results or name in baseline}
        BASELINE.write_text(json.dumps(merged, indent=2) + "\n")
        note(f"wrote {BASELINE}")
    elif options.check and worse:
        raise SystemExit(f"more instructions than the baseline allows: {', '.join(worse)}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
