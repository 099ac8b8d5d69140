"""Child processes that end with the run, pinned to cores; nobody else's process is touched."""

import contextlib
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TARGET = ROOT / "target" / "bench"
CONFIGS = ROOT / "benches"


class Failed(Exception):
    """Something that a row needs did not work; the row says so and the run goes on."""


class Unsupported(Exception):
    """The product cannot do it, or is not here; the row is a dash with this reason."""


def note(text):
    print(text, file=sys.stderr, flush=True)


def free_port():
    """A port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cores():
    """The core of the proxy and the core of load and upstream."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def pinned(command, core):
    """A command on one core, or on several (`0,1`); `None` leaves it where it is. It is told to end
    where this program is killed and cannot tell it itself."""
    command = [str(part) for part in command]
    if shutil.which("setpriv"):
        command = ["setpriv", "--pdeathsig", "TERM", *command]
    return command if core is None else ["taskset", "-c", str(core), *command]


def wait_until(what, done, seconds=30, child=None, log=None):
    """Waits for `done()`; a child that ends meanwhile is an error with its last lines."""
    deadline = time.monotonic() + seconds
    while True:
        result = done()
        if result:
            return result
        if child is not None and child.poll() is not None:
            raise Failed(f"{what} ended with {child.returncode}: {tail(log)}")
        if time.monotonic() > deadline:
            raise Failed(f"{what} was not ready within {seconds} seconds: {tail(log)}")
        time.sleep(0.005)


def tail(log, lines=6):
    if log is None or not Path(log).exists():
        return ""
    return " | ".join(Path(log).read_text(errors="replace").strip().splitlines()[-lines:])


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
        return True
    except OSError:
        return False


def raise_descriptors(wanted=65536):
    """Ten thousand connections need as many descriptors; where more are not allowed, the rows that
    need them say so."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in ((wanted, max(hard, wanted)), (min(wanted, hard), hard)):
        if soft < limit[0]:
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(resource.RLIMIT_NOFILE, limit)
                return


class Children:
    """Everything that was started. Leaving the `with` block ends it, whatever happened."""

    def __init__(self):
        self.running = []

    def __enter__(self):
        # A terminated run cleans up like an interrupted one.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
        return self

    def __exit__(self, *_):
        for child in list(reversed(self.running)):
            self.stop(child)

    def start(self, command, core=None, log=None, stdout=None, folder=ROOT, environment=None, stdin=subprocess.DEVNULL):
        error = open(log, "ab") if log else subprocess.DEVNULL
        out = open(stdout, "ab") if isinstance(stdout, (str, Path)) else (stdout if stdout is not None else error)
        child = subprocess.Popen(
            pinned(command, core),
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=stdin,
            stdout=out,
            stderr=error,
            # Ctrl-C reaches this program alone; it ends its children in order.
            start_new_session=True,
        )
        for stream in (error, out):
            if hasattr(stream, "close"):
                stream.close()
        self.running.append(child)
        return child

    def stop(self, child, seconds=5):
        """Asks it to stop, waits, kills it where it does not."""
        if child in self.running:
            self.running.remove(child)
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(seconds)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    @contextlib.contextmanager
    def running_while(self, *arguments, **options):
        child = self.start(*arguments, **options)
        try:
            yield child
        finally:
            self.stop(child)


def tree(pid):
    """A process and all below it."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # The name in parentheses may hold anything, spaces and parentheses too.
            fields = stat.read_text().rpartition(")")[2].split()
            parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, queue = [], [pid]
    while queue:
        found.append(queue.pop())
        queue.extend(parents.get(found[-1], ()))
    return found


def memory(pid):
    """RSS and PSS of a process and all below it, in bytes, and what of the PSS is not a page of some file, which the
    system could drop and read again."""
    total = {"rss": 0, "pss": 0, "pss_anon": 0}
    for process in tree(pid):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                name, _, value = line.partition(":")
                if name.lower() in total:
                    total[name.lower()] += int(value.split()[0]) * 1024
    return total


def run(command, **options):
    """A command that must succeed; its standard output."""
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if result.returncode:
        raise Failed(f"`{' '.join(map(str, command[:4]))} …` failed: {(result.stderr or result.stdout).strip()[-400:]}")
    return result.stdout


def run_json(command, **options):
    return json.loads(run(command, **options))
