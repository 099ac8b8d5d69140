"""What policies in TypeScript cost: the same route without one and with one of three, and the same
functions in Node; an engine, in time and memory."""

import contextlib
import json
import shutil
import statistics
import time
from pathlib import Path

from .measure import Row, answers, attempt, report_state, saturate, stop
from .processes import CONFIGS, memory, note, pinned, run
from .products import Tollgate
from .scenarios import Contestant

# What is sent in Node as well.
FIELDS = json.loads((CONFIGS / "node" / "fields.json").read_text())
GET = ("--expect-bytes", "1024", *(part for name, value in FIELDS.items() for part in ("--header", f"{name}: {value}")))
POST = ("--body-file", str(CONFIGS / "node" / "document.json"), *GET)
# The row, its project, its path, what is sent, the row that it adds to, the function in Node.
CASES = [
    ("GET, no modules in the project", "plain", "/small", GET, None, None),
    ("GET, modules, no script on the route", "scripts", "/small", GET, "GET, no modules in the project", None),
    ("GET, header-only policy", "scripts", "/header", GET, "GET, modules, no script on the route", "header"),
    ("GET, HMAC policy", "scripts", "/hmac", GET, "GET, modules, no script on the route", "hmac"),
    ("POST 2 KB, modules, no script on the route", "scripts", "/sink", POST, None, None),
    ("POST 2 KB, JSON transform", "scripts", "/json", POST, "POST 2 KB, modules, no script on the route", "json"),
]
# As many engines as there are threads; the memory of the eight more is shared out among them.
THREADS = (1, 9)


def scripts(bench, scenario, rounds, products):
    """Every round measures each row once, and Node once; what is added is the difference of two rows
    of the same round."""
    if "tollgate" not in products:
        return []
    rows = {name: Row(Contestant("tollgate", project, ("--path", path, *sent), name)) for name, project, path, sent, _, _ in CASES}
    gateways = {}
    try:
        for row in rows.values():
            with attempt(row):
                variant = row.contestant.variant
                if variant not in gateways:
                    gateways[variant] = Tollgate(bench, variant, bench.proxy_core)
                row.product = gateways[variant]
            report_state(row)
        for number in range(rounds):
            turn = list(rows.values())
            for row in turn[number % len(turn):] + turn[: number % len(turn)]:
                if row.usable:
                    with attempt(row):
                        saturate(bench, scenario, row)
                    report_state(row)
            in_node = node(bench)
            for name, *_, base, function in CASES:
                compare(rows[name], rows.get(base), in_node.get(function))
            note(f"    round {number + 1} of {rounds}: " + "  ".join(
                f"{row.contestant.arguments[1]} {row.values['cpuMicros'][-1]:.1f} µs" for row in rows.values() if row.usable))
    finally:
        for gateway in gateways.values():
            gateway.stop()
    return list(rows.values())


def compare(row, base, in_node):
    """What the row of this round adds to another, beside what its function takes in Node."""
    if not row.usable or base is None or not base.usable:
        return
    added = row.values["cpuMicros"][-1] - base.values["cpuMicros"][-1]
    row.add(added=added)
    if in_node:
        row.add(inNode=in_node, addedToNode=added / in_node)


def node(bench):
    """Microseconds of each function in Node; nothing where there is none."""
    if not shutil.which("node"):
        note("    – node is not installed: apt-get install nodejs")
        return {}
    return json.loads(run(pinned(["node", CONFIGS / "node" / "scripts.mjs", bench.seconds / 3], bench.proxy_core)))


def engines(bench, scenario, rounds, products):
    """Starts with no engine, with one, with nine: the threads of the scripts tell the processor time
    that theirs took, and the memory of eight more is shared out among them."""
    if "tollgate" not in products:
        return []
    none = Row(Contestant("tollgate", "plain", (), "no modules"))
    some = {threads: Row(Contestant("tollgate", f"scripts-{threads}", (), f"modules, {threads} engine{'s' if threads > 1 else ''}")) for threads in THREADS}
    for number in range(rounds + 1):
        for row in (none, *some.values()):
            if row.missing or row.failed:
                continue
            with attempt(row):
                try:
                    start_one(bench, row)
                finally:
                    stop([row])
            report_state(row)
            if number == 0:
                # The first start makes the signing key.
                row.values.clear()
        if number == 0:
            continue
        few, many = THREADS
        if not any(row.failed or row.missing for row in some.values()):
            more = some[many].values["pss"][-1] - some[few].values["pss"][-1]
            some[many].add(engineMemory=more / (many - few))
    for row in (none, *some.values()):
        if row.values:
            note(f"    {row.contestant.name}: " + ", ".join(f"{name} {statistics.median(values):.4g}" for name, values in row.values.items()))
    return [none, *some.values()]


def start_one(bench, row):
    began = time.monotonic()
    row.product = Tollgate(bench, row.contestant.variant, bench.proxy_core)
    while not answers(row.product.ports["http"], "/small"):
        time.sleep(0.001)
    took = (time.monotonic() - began) * 1000
    spent = thread_times(row.product.gateway.pid)
    engines_ = [time_ for name, time_ in spent if name.startswith("script-")]
    row.add(start=took, cpu=sum(time_ for _, time_ in spent))
    if engines_:
        row.add(engine=statistics.median(engines_))
        # An engine loads what a call needs when it is first asked for.
        for path, sent in (("/header", GET), ("/hmac", GET), ("/json", POST)):
            bench.load(row.product.ports["http"], ["--path", path, "--connections", 8, *sent], seconds=0.3, warm_up=0)
    else:
        bench.load(row.product.ports["http"], ["--path", "/small", "--connections", 8, *GET], seconds=0.9, warm_up=0)
    time.sleep(0.5)
    row.add(**memory(row.product.child.pid))


def thread_times(pid):
    """The name of each thread of a process, and the milliseconds of processor time it has used."""
    found = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            name = (thread / "comm").read_text().strip()
            found.append((name, int((thread / "schedstat").read_text().split()[0]) / 1e6))
    return found
