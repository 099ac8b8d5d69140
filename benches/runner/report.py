"""Results as JSON, as a table on the terminal and in docs/performance.md."""

import datetime
import json
import platform
import re
import shutil
from pathlib import Path

from .processes import ROOT, TARGET, Unsupported, run
from .products import PRODUCTS, Tollgate

PAGE = ROOT / "docs" / "performance.md"
# What Tollgate is measured in alone has tables of its own, which can be written without the long run beside the others.
ALONE = {"keys", "limits", "scripts", "engines", "neighbours"}
MARKERS = {False: ("<!-- bench:begin -->", "<!-- bench:end -->"), True: ("<!-- bench-alone:begin -->", "<!-- bench-alone:end -->")}


def micros(value):
    return f"{value:.1f} µs"


def signed(value):
    return f"{value:+.0f} µs"


def plus(value):
    return f"{value:+.1f} µs"


def megabytes(value):
    return f"{value / 2**20:.1f} MB"


def kibibytes(value):
    return f"{value / 1024:.1f} KiB"


def milliseconds(value):
    return f"{value:.0f} ms"


def precise(value):
    return f"{value:.1f} ms"


def count(value):
    return f"{value:,.0f}"


def percent(value):
    return f"{value:.0%}"


def ratio(value):
    return f"{value:.2f}"


# kind: (heading, value, how it is written, whether the range is shown)
COLUMNS = {
    "load": [
        ("ratio", "ratio", ratio, True), ("CPU a request", "cpuMicros", micros, False), ("requests/s", "perSecond", count, False),
        ("core", "core", percent, False), ("added p50", "addedP50", signed, False), ("added p99", "addedP99", signed, True),
        ("at", "rate", lambda value: f"{value:,.0f}/s", False), ("RSS", "rss", megabytes, False), ("PSS", "pss", megabytes, False),
    ],
    "idle": [("a connection", "perConnection", kibibytes, False), ("RSS with them", "rss", megabytes, False), ("PSS with them", "pss", megabytes, False)],
    "reload": [("live after", "live", milliseconds, True), ("requests", "requests", count, False), ("not answered with 200", "lost", count, False),
               ("p99", "p99", micros, False), ("longest", "longest", micros, False)],
    "keys": [("CPU a request", "cpuMicros", micros, True), ("added", "addedCpuMicros", plus, True), ("requests/s", "perSecond", count, False),
             ("core", "core", percent, False), ("keys/s", "importRate", count, False), ("CPU a key", "importMicros", micros, False),
             ("start with them", "start", milliseconds, False), ("RSS", "rss", megabytes, False)],
    "limits": [("CPU a request", "cpuMicros", micros, True), ("added", "addedCpuMicros", plus, True), ("CPU of Redis", "storeMicros", micros, False),
               ("added p50", "addedP50", signed, True), ("added p99", "addedP99", signed, True), ("requests/s", "perSecond", count, False),
               ("core", "core", percent, False), ("RSS", "rss", megabytes, False)],
    "scripts": [("CPU a request", "cpuMicros", micros, True), ("added", "added", plus, True), ("in Node", "inNode", micros, False),
                ("added / in Node", "addedToNode", ratio, True), ("requests/s", "perSecond", count, False), ("core", "core", percent, False)],
    "neighbours": [("p50", "p50", micros, True), ("to nobody's", "p50Ratio", ratio, True), ("p99", "p99", micros, True),
                   ("to nobody's", "p99Ratio", ratio, True)],
    "engines": [("first answer after", "start", milliseconds, True), ("CPU until then", "cpu", milliseconds, True),
                ("of it an engine", "engine", precise, True), ("RSS", "rss", megabytes, False), ("PSS", "pss", megabytes, False),
                ("an engine", "engineMemory", kibibytes, True)],
    "start": [
        ("first answer after", "start", milliseconds, True), ("RSS", "rss", megabytes, False), ("PSS", "pss", megabytes, False),
        ("of it not of files", "pss_anon", megabytes, False),
    ],
}


def surroundings(options):
    """The machine, the versions, the command."""
    model = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    versions = {}
    for name in options.products:
        try:
            versions[name] = Tollgate.version(options.binary) if name == "tollgate" else PRODUCTS[name].version()
        except Unsupported as error:
            versions[name] = f"– ({error})"
    if shutil.which("node"):
        versions["node"] = run(["node", "--version"]).strip().removeprefix("v")
    cores = len([line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("processor")])
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "machine": f"{model.group(1) if model else platform.machine()}, {cores} cores, Linux {platform.release().split('-')[0]}",
        "load": float(Path("/proc/loadavg").read_text().split()[0]),
        "versions": versions,
        "build": how_built(options.binary),
        "rounds": options.rounds, "seconds": options.seconds,
        "command": options.command,
    }


def how_built(binary):
    """What scripts/shipped.sh has noted beside the binary; nothing is noted of others."""
    noted = Path(f"{binary}.build")
    return noted.read_text().strip() if noted.exists() else f"target/{Path(binary).parent.name}"


def cell(values, write, ranged):
    if not values:
        return "–"
    text = write(values["median"])
    if ranged and write(values["min"]) != write(values["max"]):
        text += f" ({write(values['min'])} … {write(values['max'])})"
    return text


def table(scenario, rows):
    """A Markdown table for one scenario."""
    columns = [column for column in COLUMNS[scenario["kind"]] if any(row.get(column[1]) for row in rows)]
    if not columns:
        columns = COLUMNS[scenario["kind"]][:1]
    lines = ["| | " + " | ".join(heading for heading, *_ in columns) + " |", "| --- |" + " ---: |" * len(columns)]
    notes, idle = list(scenario["remarks"]), []
    for row in rows:
        name = f"**{row['name']}**" if row["name"] == "tollgate" else row["name"]
        if row["missing"] or row["failed"]:
            lines.append(f"| {name} | " + " | ".join("–" for _ in columns) + " |")
            notes.append(f"{row['name']}: {row['missing'] or 'failed: ' + row['failed']}")
            continue
        lines.append(f"| {name} | " + " | ".join(cell(row.get(value), write, ranged) for _, value, write, ranged in columns) + " |")
        utilisation = row.get("core")
        if utilisation and utilisation["median"] < 0.85 and not scenario["twoCores"]:
            idle.append(f"{row['name']} {utilisation['median']:.0%}")
    if idle:
        notes.append(f"The core of the proxy was not busy all the time ({', '.join(idle)}): something else limited the requests a "
                     "second and its latency. CPU a request holds, but is higher where caches are shared with others.")
    return "\n".join(lines + ["", *(f"- {note}" for note in notes)]).rstrip() + "\n"


def heading(around):
    """What was measured with what, in one paragraph."""
    built = lambda name: f" ({around['build']})" if name == "tollgate" and around.get("build") else ""
    versions = " · ".join(f"{name} {version}{built(name)}" for name, version in around["versions"].items())
    return (f"Measured on {around['date']}: {around['machine']}. {versions}. `{around['command']}`: {around['rounds']} rounds of "
            f"{around['seconds']:g} s; the load of the machine before it began was {around['load']:g}."
            + (" It was busy with other work: the ratios are rough, and throughput and latency mean nothing.\n" if around["load"] > 1 else "\n"))


def section(scenario):
    return f"### {scenario['title']}\n\n{table(scenario, scenario['rows'])}"


def markdown(results):
    return "\n".join([heading(results["surroundings"]), *map(section, results["scenarios"])])


def save(results):
    TARGET.mkdir(parents=True, exist_ok=True)
    path = TARGET / f"{datetime.datetime.now(datetime.timezone.utc).strftime('%Y%m%dT%H%M%SZ')}.json"
    path.write_text(json.dumps(results, indent=2) + "\n")
    (TARGET / "latest.json").write_text(path.read_text())
    return path


def write_page(results):
    """Puts the tables between the markers of the page: those beside the others, and those of Tollgate alone."""
    text = PAGE.read_text()
    for alone, (begin, end) in MARKERS.items():
        scenarios = [scenario for scenario in results["scenarios"] if (scenario["kind"] in ALONE) == alone]
        if not scenarios:
            continue
        if begin not in text or end not in text:
            raise SystemExit(f"{PAGE} has lost its markers {begin} and {end}")
        head, rest = text.split(begin, 1)
        tail = rest.split(end, 1)[1]
        text = f"{head}{begin}\n\n{markdown({**results, 'scenarios': scenarios})}\n{end}{tail}"
    PAGE.write_text(text)
