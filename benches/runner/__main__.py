"""Tollgate beside nginx, HAProxy and Envoy, on this machine, in one run.

Each proxy stands in front of the same cheap upstream, pinned to one core; load and upstream are on
the other. The proxies take turns, round by round. What counts is the CPU time of the proxy for each
request, as a ratio to nginx in the same round: it depends less on the machine than requests a
second do.
"""

import argparse
import json
import os
import shlex
import sys
import time
from dataclasses import replace
from pathlib import Path

from . import report
from .bench import GENERATOR, Bench
from .gateway import BINARY
from .keys import keys
from .limits import limits
from .measure import KINDS as GENERAL
from .neighbours import neighbours
from .processes import TARGET, Children, Failed, note, raise_descriptors
from .products import PRODUCTS
from .scenarios import SCENARIOS
from .scripts import engines, scripts

KINDS = {**GENERAL, "keys": keys, "limits": limits, "neighbours": neighbours, "scripts": scripts, "engines": engines}


def arguments():
    names = [scenario.name for scenario in SCENARIOS]
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Scenarios:\n" + "\n".join(f"  {scenario.name:14} {scenario.title}" for scenario in SCENARIOS)
        + '\n\nThrough make: make bench BENCH="--only get --rounds 3"')
    parser.add_argument("--only", action="append", choices=names, metavar="SCENARIO", help="only this one (repeatable)")
    parser.add_argument("--products", default=",".join(PRODUCTS), metavar="A,B", help="only these products (nginx,haproxy,envoy,tollgate)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="rounds; medians and ranges are over them (5)")
    parser.add_argument("--seconds", type=float, default=3.0, metavar="S", help="measured seconds of each run (3)")
    parser.add_argument("--warm-up", type=float, default=0.7, metavar="S", help="seconds before them (0.7)")
    parser.add_argument("--quick", action="store_true", help="plain GET, everything on, and POST; nginx and Tollgate; under two minutes")
    parser.add_argument("--smoke", action="store_true", help="Tollgate alone, for two seconds: that the bench itself works")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/performance.md")
    parser.add_argument("--from", dest="source", type=Path, metavar="FILE", help="measure nothing; print (or --write) the results of this file of target/bench")
    parser.add_argument("--output", choices=("text", "json"), default="text", help="what is printed at the end")
    parser.add_argument("--binary", type=Path, default=BINARY, help="the tollgate to measure (target/release/tollgate)")
    parser.add_argument("--generator", type=Path, default=GENERATOR, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.command = " ".join(["make bench-quick" if options.quick else "make bench"] + (
        [f"BENCH={shlex.quote(' '.join(rest))}"] if (rest := [part for part in sys.argv[1:] if part not in ("--quick", "--write")]) else []))
    options.products = [name.strip() for name in options.products.split(",") if name.strip()]
    unknown = [name for name in options.products if name not in PRODUCTS]
    if unknown:
        parser.error(f"there is no product {unknown[0]}; there are {', '.join(PRODUCTS)}")
    if options.rounds < 1 or options.seconds <= 0:
        parser.error("--rounds and --seconds must be positive")
    chosen = [scenario for scenario in SCENARIOS if not options.only or scenario.name in options.only]
    alone = {scenario.name for scenario in SCENARIOS if scenario.kind in report.ALONE}
    picked = {scenario.name for scenario in chosen}
    torn = any(group & picked and not group <= picked for group in (alone, set(names) - alone))
    if options.write and (torn or options.quick or options.smoke) and not options.source:
        parser.error("--write replaces whole tables of the page: it wants all scenarios, or all that measure Tollgate alone "
                     f"({', '.join(name for name in names if name in alone)})")
    if options.quick:
        options.products = [name for name in options.products if name in ("nginx", "tollgate")]
        options.rounds, options.seconds, options.warm_up = min(options.rounds, 3), min(options.seconds, 2.0), 0.5
        chosen = [scenario for scenario in chosen if scenario.quick]
    if options.smoke:
        options.products, options.rounds, options.seconds, options.warm_up = ["tollgate"], 1, 0.5, 0.1
        chosen = [scenario for scenario in SCENARIOS if scenario.quick or scenario.smoke]
    return options, chosen


def measure(options, chosen):
    for path, package in ((options.binary, "tollgate"), (options.generator, "tollgate-bench")):
        if not path.exists():
            raise SystemExit(f"there is no {path}: cargo build --release -p {package}")
    if len(os.sched_getaffinity(0)) < 2:
        note("warning: this machine gives one core; proxy and load share it, and the numbers mean little")
    results = {"surroundings": report.surroundings(options), "scenarios": []}
    if results["surroundings"]["load"] > 0.5:
        note(f"warning: the load of this machine is {results['surroundings']['load']}; wait until nothing else runs for numbers to keep")
    if options.output == "text" and not options.smoke:
        print(report.heading(results["surroundings"]), flush=True)
    raise_descriptors()
    with Children() as children:
        bench = Bench(children, options.binary, options.generator, options.seconds, options.warm_up)
        for number, scenario in enumerate(chosen, 1):
            began = time.monotonic()
            note(f"==> {number}/{len(chosen)} {scenario.name}: {scenario.title}")
            quick = options.quick or options.smoke
            rows = KINDS[scenario.kind](bench, replace(scenario, latency=False) if quick else scenario, options.rounds, options.products)
            entry = {"name": scenario.name, "title": scenario.title, "kind": scenario.kind, "remarks": list(scenario.remarks),
                     "twoCores": scenario.workers > 1, "rows": [row.json() for row in rows]}
            results["scenarios"].append(entry)
            note(f"    took {time.monotonic() - began:.0f} s")
            if options.output == "text" and not options.smoke:
                print(f"\n{report.section(entry)}", flush=True)
    return results


def main():
    options, chosen = arguments()
    try:
        results = json.loads(options.source.read_text()) if options.source else measure(options, chosen)
    except Failed as error:
        raise SystemExit(f"failed: {error}")
    if not options.source and not options.smoke:
        note(f"==> results: {report.save(results).relative_to(TARGET.parent.parent)}")
    if options.write:
        report.write_page(results)
        note(f"==> wrote {report.PAGE}")
    if options.output == "json":
        print(json.dumps(results, indent=2))
    elif options.source:
        print(report.markdown(results))
    # That a product is not here is no failure, but of a bench that is itself under test.
    failed = [f"{scenario['name']}/{row['name']}" for scenario in results["scenarios"] for row in scenario["rows"]
              if row["failed"] or (options.smoke and row["missing"])]
    if failed:
        raise SystemExit(f"these rows failed: {', '.join(failed)}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
