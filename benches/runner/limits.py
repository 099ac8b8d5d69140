"""What limits cost: the same route without one, with one in memory, and with one in a Redis beside it."""

import shutil

from .bench import judge
from .measure import Row, attempt, report_state
from .processes import CONFIGS, TARGET, Failed, Unsupported, accepts, free_port, memory, note, wait_until
from .products import Tollgate
from .scenarios import Contestant

# The row, where it counts, its path.
CASES = [
    ("no limit", "limits", "/none"),
    ("a limit in memory", "limits", "/strict"),
    ("a quota in memory", "limits", "/quota"),
    ("a limit in Redis", "limits-redis", "/strict"),
    ("a limit in Redis, mode: async", "limits-redis", "/async"),
    ("two limits in Redis, together", "limits-redis", "/several"),
    ("a quota in Redis", "limits-redis", "/quota"),
]
SENT = ("--expect-bytes", "1024")
# Requests a second at which latency is measured: as much for each row, and little enough for two cores.
RATE = 1500


class Limited(Tollgate):
    """A gateway whose limits are in memory, or in the Redis of the bench."""

    def project(self):
        return CONFIGS / "tollgate" / "limits"

    def more_environment(self):
        # A decision in time is not what is measured here.
        return {"TOLLGATE_LIMITS": f"redis://127.0.0.1:{self.bench.redis[1]}?timeout=2s"} if self.variant == "limits-redis" else {}


def redis(bench):
    if not shutil.which("redis-server"):
        raise Unsupported("redis-server is not installed: apt-get install redis-server")
    port, log = free_port(), TARGET / "redis.log"
    child = bench.children.start(["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
                                 core=bench.load_core, stdout=log, log=log)
    wait_until("redis-server", lambda: accepts(port), 10, child, log)
    return child, port


def limits(bench, scenario, rounds, products):
    """Every round measures each row once; what is added is the difference to the route without a limit, in the same round."""
    if "tollgate" not in products:
        return []
    rows = [Row(Contestant("tollgate", variant, ("--path", path, *SENT), name)) for name, variant, path in CASES]
    gateways, bench.redis = {}, None
    try:
        for row in rows:
            with attempt(row):
                variant = row.contestant.variant
                if variant == "limits-redis" and bench.redis is None:
                    bench.redis = redis(bench)
                if variant not in gateways:
                    gateways[variant] = Limited(bench, variant, bench.proxy_core)
                row.product = gateways[variant]
            report_state(row)
        for number in range(rounds):
            for row in rows[number % len(rows):] + rows[: number % len(rows)]:
                if row.usable:
                    with attempt(row):
                        measure(bench, row)
                    report_state(row)
            for row in rows[1:]:
                if row.usable and rows[0].usable:
                    row.add(**{f"added{name[0].upper()}{name[1:]}": row.values[name][-1] - rows[0].values[name][-1]
                               for name in ("cpuMicros", "p50", "p99")})
            note(f"    round {number + 1} of {rounds}: " + "  ".join(
                f"{row.contestant.name} {row.values['cpuMicros'][-1]:.1f} µs" for row in rows if row.usable))
    finally:
        for gateway in gateways.values():
            gateway.stop()
        if bench.redis is not None:
            bench.children.stop(bench.redis[0])
    return rows


def measure(bench, row):
    product, sent = row.product, list(row.contestant.arguments)
    store = ["--cpu", f"store={bench.redis[0].pid}"] if row.contestant.variant == "limits-redis" else []
    report = good(bench.load(product.ports["http"], [*sent, *store], product.pids()))
    spent = report["cpuSeconds"]["proxy"]
    row.add(cpuMicros=spent / report["requests"] * 1e6, perSecond=report["requests"] / report["seconds"], core=spent / report["seconds"],
            rss=memory(product.child.pid)["rss"])
    if store:
        row.add(storeMicros=report["cpuSeconds"]["store"] / report["requests"] * 1e6)
    seen = good(bench.load(product.ports["http"], sent, product.pids(), rate=RATE))["microseconds"]
    row.add(p50=seen["p50"], p99=seen["p99"])


def good(report):
    wrong = judge(report)
    if wrong:
        raise Failed(wrong)
    return report
