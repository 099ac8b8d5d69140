"""What a key check costs where the store holds a million keys, and how long their import takes."""

import json
import os
import random
import shutil
import subprocess
import time
import zlib

from .bench import judge
from .measure import Row, attempt, report_state
from .processes import TARGET, Failed, memory, note, pinned
from .products import Tollgate
from .scenarios import Contestant

KEYS, SMOKE_KEYS = 1_000_000, 2_000
# So many different keys are sent in turn: more than the processor's caches hold entries of.
SENT = 20_000
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
FOLDER = TARGET / "keys"

# The row, the file of header fields, its path, the status of every answer.
CASES = [
    ("no key asked for", None, "/none", 200),
    ("hit: keys of the store, each another", "hits", "/key", 200),
    ("miss: well-formed keys that nobody has", "misses", "/key", 401),
    ("malformed: keys with a wrong checksum", "malformed", "/key", 401),
]


def new_key(dice):
    """A key of the gateway's form, as nobody else should make it: these are for measuring only."""
    text = "tg_" + "".join(dice.choices(ALPHABET, k=32))
    rest, digits = zlib.crc32(text.encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        digits = ALPHABET[digit] + digits
    return f"{text}_{digits}"


def prepare(count):
    """The file that is imported, and what is sent: the same in every run."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    dice = random.Random(1)
    hits, every = [], max(1, count // SENT)
    with open(FOLDER / "keys.csv", "w") as file:
        file.write("consumer,key\n")
        for number in range(count):
            key = new_key(dice)
            # A thousand keys each, as few have them; the most are of consumers with one.
            file.write(f"consumer-{number if number % 10 else number // 10_000},{key}\n")
            if number % every == 0:
                hits.append(key)
    dice.shuffle(hits)
    misses = [new_key(dice) for _ in range(SENT)]
    malformed = [key[:-1] + ("0" if key[-1] != "0" else "1") for key in misses]
    for name, keys in (("hits", hits), ("misses", misses), ("malformed", malformed)):
        (FOLDER / name).write_text("".join(f"Authorization: Bearer {key}\n" for key in keys))


def load_store(bench, count):
    """Imports them into an empty store; gives the seconds and the processor seconds it took."""
    data = FOLDER / "data"
    before, began = os.times(), time.monotonic()
    done = subprocess.run(pinned([bench.binary, "key", "import", FOLDER / "keys.csv", "--data-dir", data, "--output", "json"], bench.proxy_core),
                          capture_output=True, text=True)
    took, after = time.monotonic() - began, os.times()
    if done.returncode:
        raise Failed(f"the import ended with {done.returncode}: {done.stderr[-300:]}")
    report = json.loads(done.stdout)
    if report.get("kept") != count:
        raise Failed(f"not all keys were imported: {done.stdout[:300]}")
    return took, after.children_user + after.children_system - before.children_user - before.children_system


class Keyed(Tollgate):
    """A gateway on the store that was filled before."""

    def __init__(self, bench, variant, core):
        import_folder = TARGET / "tollgate" / "data-keys"
        shutil.rmtree(import_folder, ignore_errors=True)
        import_folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(FOLDER / "data", import_folder)
        super().__init__(bench, variant, core)


def keys(bench, scenario, rounds, products):
    """Every round measures each row once; what is added is the difference to the route without a key, in the same round."""
    if "tollgate" not in products:
        return []
    count = SMOKE_KEYS if bench.seconds <= 0.5 else KEYS
    note(f"    writing {count:,} keys")
    prepare(count)
    imported = Row(Contestant("tollgate", "keys", (), f"import of {count:,} keys"))
    rows = [Row(Contestant("tollgate", "keys", ("--path", path, "--expect-status", str(status),
                                                *(("--headers-file", str(FOLDER / sent)) if sent else ())), name))
            for name, sent, path, status in CASES]
    gateway = None
    try:
        with attempt(imported):
            note("    importing them")
            took, spent = load_store(bench, count)
            imported.add(importSeconds=took, importRate=count / took, importMicros=spent / count * 1e6)
            began = time.monotonic()
            gateway = Keyed(bench, "keys", bench.proxy_core)
            imported.add(start=(time.monotonic() - began) * 1000, **memory(gateway.child.pid))
        report_state(imported)
        if gateway is None:
            return [imported]
        for row in rows:
            row.product = gateway
        for number in range(rounds):
            for row in rows[number % len(rows):] + rows[: number % len(rows)]:
                if row.usable:
                    with attempt(row):
                        measure(bench, row)
                    report_state(row)
            for row in rows[1:]:
                if row.usable and rows[0].usable:
                    row.add(addedCpuMicros=row.values["cpuMicros"][-1] - rows[0].values["cpuMicros"][-1])
            note(f"    round {number + 1} of {rounds}: " + "  ".join(
                f"{row.contestant.name.split(':')[0]} {row.values['cpuMicros'][-1]:.1f} µs" for row in rows if row.usable))
    finally:
        if gateway is not None:
            gateway.stop()
        shutil.rmtree(FOLDER, ignore_errors=True)
        shutil.rmtree(TARGET / "tollgate" / "data-keys", ignore_errors=True)
    return [*rows, imported]


def measure(bench, row):
    product = row.product
    report = bench.load(product.ports["http"], [*row.contestant.arguments], product.pids())
    if wrong := judge(report):
        raise Failed(wrong)
    spent = report["cpuSeconds"]["proxy"]
    row.add(cpuMicros=spent / report["requests"] * 1e6, perSecond=report["requests"] / report["seconds"], core=spent / report["seconds"],
            rss=memory(product.child.pid)["rss"])
