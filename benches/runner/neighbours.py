"""What other routes feel of scripts that compute without a pause: latency of a plain route on all cores, while
nobody calls the script and while more callers do than there are threads for it."""

import contextlib
import threading

from .bench import judge
from .measure import Row, attempt, report_state
from .processes import Failed, note
from .products import Tollgate
from .scenarios import Contestant

PLAIN = ("--path", "/small", "--expect-bytes", "1024", "--connections", "8")
# Each call computes for some tens of milliseconds.
BUSY = ("--path", "/busy", "--connections", "4")
# Requests a second on the plain route: far from what would fill a core.
RATE = 500
CASES = ("nobody calls the script", "four callers of the script")


def neighbours(bench, scenario, rounds, products):
    """Every round measures both rows, and their ratio."""
    if "tollgate" not in products:
        return []
    rows = [Row(Contestant("tollgate", "scripts", PLAIN, name)) for name in CASES]
    quiet, busy = rows
    product = None
    try:
        with attempt(quiet):
            # On all cores, as a gateway runs: the default number of threads is what is measured.
            product = quiet.product = busy.product = Tollgate(bench, "scripts", None)
        report_state(quiet)
        for number in range(rounds):
            for row in rows if number % 2 == 0 else reversed(rows):
                if not row.usable:
                    continue
                with attempt(row), computing(bench, product.ports["http"]) if row is busy else contextlib.nullcontext():
                    measure(bench, row)
                report_state(row)
            if quiet.usable and busy.usable:
                busy.add(**{f"{name}Ratio": busy.values[name][-1] / quiet.values[name][-1] for name in ("p50", "p99")})
                note(f"    round {number + 1} of {rounds}: p99 {quiet.values['p99'][-1]:.0f} µs, {busy.values['p99'][-1]:.0f} µs beside scripts")
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
def computing(bench, port):
    """The script is called as often as it answers, until the block ends."""
    ended, answered, failures = threading.Event(), threading.Event(), []

    def call():
        while not ended.is_set():
            try:
                wrong = judge(bench.load(port, BUSY, seconds=0.5, warm_up=0))
            except Failed as error:
                wrong = str(error)
            if wrong:
                failures.append(wrong)
                ended.set()
            answered.set()

    caller = threading.Thread(target=call)
    caller.start()
    try:
        answered.wait()
        yield
    finally:
        ended.set()
        caller.join()
    if failures:
        raise Failed(f"/busy: {failures[0]}")
