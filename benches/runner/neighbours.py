"""What other routes feel of scripts that compute without a pause: latency of a plain route on all cores, while
nobody calls the script, while more callers do than there are threads for it, and while a stranger computes in
their place, whom the system runs only where nobody else wants to: what is felt of that is the machine's."""

import concurrent.futures
import contextlib
import os
import sys
import time

from .bench import judge
from .measure import Row, attempt, report_state
from .processes import Failed, note
from .products import Tollgate
from .scenarios import Contestant

PLAIN = ("--path", "/small", "--expect-bytes", "1024", "--connections", "8")
# Each call computes for some tens of milliseconds.
BUSY = ("--path", "/busy", "--connections", "4")
# How many seconds longer than what is measured the scripts compute.
MARGIN = 1.0
# Requests a second on the plain route: far from what would fill a core.
RATE = 500
CASES = ("nobody calls the script", "four callers of the script", "nobody, and strangers of the lowest priority compute")
# As many as there are threads for scripts unless told otherwise (`scripts.threads`).
STRANGERS = max(1, len(os.sched_getaffinity(0)) - 1)
STRANGER = "import os; os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))\nwhile True: pass"


def neighbours(bench, scenario, rounds, products):
    """Every round measures all rows, and how the others compare with the first."""
    if "tollgate" not in products:
        return []
    rows = [Row(Contestant("tollgate", "scripts", PLAIN, name)) for name in CASES]
    quiet, busy, beside = rows
    meanwhile = {id(busy): lambda: computing(bench, product.ports["http"]), id(beside): lambda: strangers(bench)}
    product = None
    try:
        with attempt(quiet):
            # On all cores, as a gateway runs: the default number of threads is what is measured.
            product = Tollgate(bench, "scripts", None)
            for row in rows:
                row.product = product
        report_state(quiet)
        for number in range(rounds):
            for row in rows if number % 2 == 0 else reversed(rows):
                if not row.usable:
                    continue
                with attempt(row), meanwhile.get(id(row), contextlib.nullcontext)():
                    measure(bench, row)
                report_state(row)
            for row in (busy, beside):
                if quiet.usable and row.usable:
                    row.add(**{f"{name}Ratio": row.values[name][-1] / quiet.values[name][-1] for name in ("p50", "p99")})
            if all(row.usable for row in rows):
                told = ", ".join(f"{row.values['p99'][-1]:.0f} µs" for row in rows)
                note(f"    round {number + 1} of {rounds}: p99 {told} (alone, beside scripts, beside strangers)")
    finally:
        if product is not None:
            product.stop()
    return rows


def measure(bench, row):
    report = bench.load(row.product.ports["http"], PLAIN, rate=RATE)
    wrong = judge(report)
    if wrong:
        raise Failed(wrong)
    row.add(**{name: report["microseconds"][name] for name in ("p50", "p99")})


@contextlib.contextmanager
def strangers(bench):
    """Processes that compute where nobody else does, until the block ends."""
    running = [bench.children.start([sys.executable, "-c", STRANGER]) for _ in range(STRANGERS)]
    try:
        yield
    finally:
        for child in running:
            bench.children.stop(child)


@contextlib.contextmanager
def computing(bench, port):
    """The script is called as often as it answers, longer than the block takes. By one process, which is there
    before: on a machine with few cores, what is started meanwhile would be felt more than the scripts."""
    ended = bench.seconds + bench.warm_up + MARGIN
    with concurrent.futures.ThreadPoolExecutor(1) as caller:
        report = caller.submit(bench.load, port, BUSY, seconds=ended, warm_up=0)
        time.sleep(MARGIN / 2)
        try:
            yield
        finally:
            wrong = judge(report.result())
    if wrong:
        raise Failed(f"/busy: {wrong}")
