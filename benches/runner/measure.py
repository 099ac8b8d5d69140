"""How each kind of scenario is measured. Products take turns, round by round, so that what the
machine does meanwhile happens to all of them."""

import contextlib
import socket
import statistics
import subprocess
import threading
import time

from .bench import judge
from .processes import TARGET, Failed, Unsupported, memory, note, tail
from .products import PRODUCTS

RELOAD_RATE = 2000
IDLE_CONNECTIONS = 10_000
# After so many seconds in which nobody came, a process has what it needs when idle.
REST = 12.0


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)} if values else None


class Row:
    """What is known of a contestant."""

    def __init__(self, contestant):
        self.contestant, self.product = contestant, None
        self.missing = self.failed = None
        self.values = {}

    def add(self, **values):
        for name, value in values.items():
            self.values.setdefault(name, []).append(value)

    @property
    def usable(self):
        return self.product is not None and not self.failed and not self.missing

    def json(self):
        return {"name": self.contestant.name, "product": self.contestant.product, "missing": self.missing, "failed": self.failed,
                **{name: spread(values) for name, values in self.values.items()}}


@contextlib.contextmanager
def attempt(row):
    """A row that fails says why; the others go on."""
    try:
        yield
    except Unsupported as error:
        row.missing = str(error)
    except (Failed, OSError, subprocess.SubprocessError) as error:
        row.failed = str(error)


def start(bench, scenario, rows):
    core = bench.proxy_core if scenario.workers == 1 else f"{bench.proxy_core},{bench.load_core}"
    for row in rows:
        with attempt(row):
            row.product = PRODUCTS[row.contestant.product](bench, row.contestant.variant, core, scenario.workers)
            check(bench, row)
        report_state(row)


def report_state(row):
    if row.missing:
        note(f"    – {row.contestant.name}: {row.missing}")
    elif row.failed:
        note(f"    ✗ {row.contestant.name}: {row.failed}")


def stop(rows):
    for row in rows:
        if row.product is not None:
            row.product.stop()


def check(bench, row):
    """That the product does its work, before it is measured at it."""
    product = row.product
    if row.contestant.variant != "full":
        return
    if not product.headers:
        product.headers = [f"X-Api-Key: {bench.api_key}"]
    status, head = bench.get(product.ports["http"], "/echo", product.headers)
    if status != 200 or b"authorization: bearer " not in head.lower():
        raise Failed(f"status {status}, and the upstream saw no token: {head[:200]!r}")
    if bench.api_key.encode() in head:
        raise Failed("the key reached the upstream")
    status, _ = bench.get(product.ports["http"], "/small")
    if status != 401:
        raise Failed(f"status {status} without a key")


def load(bench, scenario, rounds, products):
    rows = [Row(contestant) for contestant in scenario.contestants(products)]
    try:
        start(bench, scenario, rows)
        rate = None
        for number in range(rounds):
            # Nobody is always first.
            turn = rows[number % len(rows):] + rows[: number % len(rows)]
            for row in filter(lambda row: row.usable, turn):
                with attempt(row):
                    saturate(bench, scenario, row)
                report_state(row)
            base = next((row for row in rows if row.contestant.name == scenario.base and row.usable), None)
            # A run so short that the kernel's clock did not tick has no ratio.
            if base is not None and base.values["cpuMicros"][-1] > 0:
                for row in filter(lambda row: row.usable, rows):
                    row.add(ratio=row.values["cpuMicros"][-1] / base.values["cpuMicros"][-1])
            if scenario.latency:
                reference = base or next((row for row in rows if row.usable), None)
                if rate is None and reference is not None:
                    rate = round(reference.values["perSecond"][0] / 2)
                latencies(bench, scenario, turn, rate)
            note(f"    round {number + 1} of {rounds}: " + "  ".join(
                f"{row.contestant.name} {row.values['cpuMicros'][-1]:.1f} µs" for row in rows if row.usable))
    finally:
        stop(rows)
    return rows


def arguments(row):
    return [*row.contestant.arguments, *(part for line in row.product.headers for part in ("--header", line))]


def saturate(bench, scenario, row):
    product = row.product
    report = bench.load(product.ports[scenario.port], arguments(row), product.pids())
    wrong = judge(report)
    if wrong:
        raise Failed(wrong)
    spent = report["cpuSeconds"]["proxy"]
    used = memory(product.child.pid)
    row.add(cpuMicros=spent / report["requests"] * 1e6, perSecond=report["requests"] / report["seconds"],
            core=spent / report["seconds"] / scenario.workers, rss=used["rss"], pss=used["pss"],
            upstreamCore=report["cpuSeconds"]["upstream"] / report["seconds"], loadCore=report["ownCpuSeconds"] / report["seconds"])


def latencies(bench, scenario, rows, rate):
    """Half of what nginx can do, for all; half of its own for who cannot do nearly that. What the
    way without a proxy takes at that rate is subtracted."""
    direct = {}
    for row in filter(lambda row: row.usable, rows):
        with attempt(row):
            own = row.values["perSecond"][0]
            its_rate = rate if rate < 0.8 * own else round(own / 2)
            if its_rate not in direct:
                # Straight to the upstream, which speaks HTTP/1.1 only.
                plain = [part for part in row.contestant.arguments if part not in ("--h2", "--tls")]
                direct[its_rate] = bench.load(bench.upstream_port, plain, rate=its_rate)["microseconds"]
            report = bench.load(row.product.ports[scenario.port], arguments(row), row.product.pids(), rate=its_rate)
            wrong = judge(report)
            if wrong:
                raise Failed(f"at {its_rate:,} requests a second: {wrong}")
            seen = report["microseconds"]
            row.add(rate=its_rate, addedP50=seen["p50"] - direct[its_rate]["p50"], addedP99=seen["p99"] - direct[its_rate]["p99"])
        report_state(row)


def idle(bench, scenario, rounds, products):
    """Memory is not noisy: one round, one product at a time."""
    rows = [Row(contestant) for contestant in scenario.contestants(products)]
    for row in rows:
        with attempt(row):
            try:
                start_one(bench, scenario, row)
                # What the first connections make it set up is not what each costs.
                bench.load(row.product.ports["http"], ["--connections", 32], seconds=0.5, warm_up=0)
                before = memory(row.product.child.pid)
                hold(bench, row, before)
            finally:
                stop([row])
        report_state(row)
        if row.usable:
            note(f"    {row.contestant.name}: {row.values['perConnection'][0] / 1024:.1f} KiB a connection")
    return rows


def start_one(bench, scenario, row):
    row.product = PRODUCTS[row.contestant.product](bench, row.contestant.variant, bench.proxy_core, scenario.workers)


def hold(bench, row, before):
    command = [bench.generator, "idle", "--address", f"127.0.0.1:{row.product.ports['http']}", "--count", IDLE_CONNECTIONS]
    log = TARGET / "idle.log"
    log.unlink(missing_ok=True)
    holder = bench.children.start(command, core=bench.load_core, stdout=subprocess.PIPE, stdin=subprocess.PIPE, log=log)
    try:
        if not holder.stdout.readline().startswith(b"ready"):
            raise Failed(tail(log))
        time.sleep(1.0)
        after = memory(row.product.child.pid)
        holder.stdin.close()
        alive = int(holder.stdout.readline().split()[1])
        if alive != IDLE_CONNECTIONS:
            raise Failed(f"{IDLE_CONNECTIONS - alive:,} of {IDLE_CONNECTIONS:,} connections were closed")
        row.add(perConnection=(after["pss"] - before["pss"]) / IDLE_CONNECTIONS, rss=after["rss"], pss=after["pss"])
    finally:
        bench.children.stop(holder)


def reload(bench, scenario, rounds, products):
    """One product at a time: load for some seconds, a change every second, and a look every
    millisecond whether it is live, over a new connection (old ones may stay with old workers)."""
    rows = [Row(contestant) for contestant in scenario.contestants(products)]
    changes = max(4, round(bench.seconds * 2))
    for row in rows:
        with attempt(row):
            try:
                start_one(bench, scenario, row)
                result = {}
                loader = threading.Thread(target=lambda: result.update(answer=attempted_load(bench, row, changes)), daemon=True)
                loader.start()
                time.sleep(1.0)
                lives = [live(bench, row.product, version) for version in range(1, changes + 1)]
                loader.join()
                report = result["answer"]
                if isinstance(report, Exception):
                    raise report
                lost = report["wrongStatus"] + report["wrongLength"] + report["errors"] + report["unfinished"]
                row.add(requests=report["requests"], lost=lost, p99=report["microseconds"]["p99"], longest=report["microseconds"]["max"])
                for milliseconds in lives:
                    row.add(live=milliseconds)
            finally:
                stop([row])
        report_state(row)
        if row.usable:
            note(f"    {row.contestant.name}: live after {statistics.median(row.values['live']):.0f} ms, {row.values['lost'][0]:,} requests lost")
    return rows


def attempted_load(bench, row, changes):
    try:
        port = row.product.ports["http"]
        return bench.load(port, ["--path", "/small", "--expect-bytes", "1024"], rate=RELOAD_RATE, seconds=changes + 1.5, warm_up=0.5)
    except Exception as error:  # noqa: BLE001 (handed to the thread that waits)
        return error


def live(bench, product, version):
    began = time.monotonic()
    product.change_route(version)
    while not answers(product.ports["http"], f"/version-{version}"):
        if time.monotonic() - began > 5:
            raise Failed("a change was not live after 5 seconds")
        time.sleep(0.001)
    took = time.monotonic() - began
    time.sleep(max(0.0, 1.0 - took))
    return took * 1000


def answers(port, path):
    """Whether a GET is answered with 200."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as stream:
        stream.sendall(f"GET {path} HTTP/1.1\r\nHost: bench.test\r\nConnection: close\r\n\r\n".encode())
        return stream.recv(64).startswith(b"HTTP/1.1 200")
    return False


def start_up(bench, scenario, rounds, products):
    """How long a start takes, in every round; memory is not noisy, and is looked at in the last."""
    path = "/r4999/42" if scenario.variant == "routes" else "/small"
    rows = [Row(contestant) for contestant in scenario.contestants(products)]
    for number in range(rounds):
        for row in rows:
            if row.missing or row.failed:
                continue
            with attempt(row):
                try:
                    began = time.monotonic()
                    start_one(bench, scenario, row)
                    while not answers(row.product.ports["http"], path):
                        if time.monotonic() - began > 60:
                            raise Failed(f"{path} was not answered after 60 seconds")
                        time.sleep(0.002)
                    row.add(start=(time.monotonic() - began) * 1000)
                    if number + 1 == rounds:
                        time.sleep(REST)
                        row.add(**memory(row.product.child.pid))
                finally:
                    stop([row])
            report_state(row)
    for row in rows:
        if "start" in row.values:
            note(f"    {row.contestant.name}: {statistics.median(row.values['start']):.0f} ms, {row.values['pss'][-1] / 2**20:.1f} MB")
    return rows


KINDS = {"load": load, "idle": idle, "reload": reload, "start": start_up}
