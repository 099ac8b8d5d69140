"""The work that the shipped binary is optimised for. An instrumented binary does each kind of it for
a moment, and writes down what it executed: `scripts/shipped.sh` hands that to the compiler.

What is missing here is compiled as if it never happened, small and out of the way. So it is not only
what `make bench` measures, but also what a gateway does when it refuses.
"""

import argparse
import sys
import time
from pathlib import Path

from .bench import GENERATOR, Bench, judge
from .processes import Children, Failed, Unsupported, note
from .products import Tollgate
from .scenarios import BIG, SMALL
from .scripts import GET, POST

REFUSED = ("--header", "Authorization: Bearer tg_00000000000000000000000000000000_000000")
# The project, the listener, what is asked.
WORK = [
    ("plain", "http", SMALL),
    ("plain", "http", ("--path", "/small?page=2&sort=name", "--header", "Cookie: a=b; c=d", "--header", "X-Request-Id: abc",
                       "--header", "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "--expect-bytes", "1024")),
    ("plain", "http", ("--path", "/sink", "--body", "10240", "--expect-bytes", "1024")),
    ("plain", "http", ("--path", "/big", *BIG)),
    ("plain", "h2", ("--h2", "--connections", "4", "--streams", "8", *SMALL)),
    ("plain", "http", ("--path", "/nothing/here", "--expect-status", "404")),
    ("plain", "http", ("--path", "/sink", "--expect-status", "405")),
    ("full", "http", SMALL),
    ("full", "http", ("--path", "/nothing/here", "--expect-status", "404")),
    ("full", "http", ("--path", "/limited", "--expect-status", "429")),
    # Without a key, and with one that is none: its headers come from here.
    ("full, anonymous", "http", ("--path", "/small", "--expect-status", "401")),
    ("full, anonymous", "http", ("--path", "/small", "--expect-status", "401", *REFUSED)),
    ("tls", "tls", ("--tls", *SMALL)),
    ("tls", "tls", ("--tls", "--h2", "--connections", "4", "--streams", "8", *SMALL)),
    ("tls", "tls", ("--tls", "--new-connections", *SMALL)),
    ("routes", "http", ("--paths", "/r:5000:/42", "--expect-bytes", "1024")),
    ("limits", "http", ("--path", "/strict", "--path", "/quota", "--path", "/several")),
    ("scripts", "http", ("--path", "/header", *GET)),
    ("scripts", "http", ("--path", "/json", *POST)),
]


def train(options):
    with Children() as children:
        bench = Bench(children, options.binary, options.generator, options.seconds, 0.1)
        for variant in dict.fromkeys(variant for variant, *_ in WORK):
            project, _, anonymous = variant.partition(", ")
            gateway = Tollgate(bench, project, bench.proxy_core)
            headers = [] if anonymous else [part for line in gateway.headers for part in ("--header", line)]
            for _, port, arguments in (work for work in WORK if work[0] == variant):
                if "429" in arguments:
                    # The one that is allowed.
                    bench.get(gateway.ports["http"], "/limited", gateway.headers)
                report = bench.load(gateway.ports[port], [*arguments, *headers])
                wrong = judge(report)
                note(f"    {variant}: {' '.join(arguments[:4])}: {report['requests']:,} requests{f', {wrong}' if wrong else ''}")
                if wrong:
                    raise Failed(f"{variant}: {wrong}")
            # It writes its profile as it ends, which must not be cut short.
            children.stop(gateway.child, seconds=60)
            if gateway.child.returncode:
                raise Failed(f"the gateway ended with {gateway.child.returncode}")


def main():
    parser = argparse.ArgumentParser(prog="python3 -m benches.runner.train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, required=True, help="the instrumented tollgate")
    parser.add_argument("--generator", type=Path, default=GENERATOR, help="the tollgate-bench that sends the requests (target/release/tollgate-bench)")
    parser.add_argument("--seconds", type=float, default=2.0, metavar="S", help="seconds of each kind of work (2)")
    options = parser.parse_args()
    for path in (options.binary, options.generator):
        if not path.exists():
            raise SystemExit(f"there is no {path}")
    began = time.monotonic()
    try:
        train(options)
    except (Failed, Unsupported) as error:
        raise SystemExit(f"failed: {error}")
    note(f"    took {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
