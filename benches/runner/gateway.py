"""A Tollgate in front of the upstream, with a project of benches/tollgate."""

import json
import os
from pathlib import Path

from .processes import CONFIGS, ROOT, TARGET, Failed, Unsupported, free_port, run_json, tail, wait_until

# What `make` has built; otherwise what `cargo build --release` builds.
BINARY = Path(os.environ["BENCH_BINARY"]).absolute() if os.environ.get("BENCH_BINARY") else ROOT / "target" / "release" / "tollgate"
# Its exit code where the project has mistakes, or settings that it does not know.
BROKEN = 78


class Gateway:
    """A running `tollgate run`. Its data folder is kept from run to run: the signing key in it
    takes long to make."""

    def __init__(self, children, project, upstream_port, core=None, binary=BINARY, prefix=(), data="data", environment=None, seconds=30):
        self.binary, self.port = Path(binary), free_port()
        self.project = CONFIGS / "tollgate" / project if isinstance(project, str) else project
        self.data = TARGET / "tollgate" / data
        self.data.mkdir(parents=True, exist_ok=True)
        ready, log = self.data / "ready.json", self.data / "stderr.log"
        for old in (ready, log, self.data / "access.log"):
            old.unlink(missing_ok=True)
        self.environment = {"BENCH_UPSTREAM": f"http://127.0.0.1:{upstream_port}", **(environment or {})}
        self.child = children.start(
            [*prefix, self.binary, "run", self.project, "--listen", f"127.0.0.1:{self.port}",
             "--management-listen", "127.0.0.1:0", "--data-dir", self.data, "--ready-file", ready],
            core=core, log=log, stdout=self.data / "access.log", environment=self.environment,
        )
        try:
            wait_until("tollgate", lambda: ready.exists() and ready.stat().st_size, seconds, self.child, log)
        except Failed:
            if self.child.poll() == BROKEN:
                raise Unsupported(f"this build does not take the project: {tail(log)[-300:]}") from None
            raise
        self.pid = json.loads(ready.read_text())["pid"]

    def key(self):
        """A key of the consumer `bench`; the same one in every run."""
        kept = self.data / "bench.key"
        if not kept.exists():
            self._command("consumer", "create", "bench", "--metadata", '{"plan":"gold"}')
            made = self._command("key", "create", "bench")["key"]
            with open(os.open(kept, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
                file.write(made)
        return kept.read_text()

    def _command(self, *arguments):
        return run_json([self.binary, *arguments, "--data-dir", self.data, "--output", "json"], env={**os.environ, **self.environment})
