"""What all scenarios share: the upstream, the load generator, certificates, keys."""

import base64
import json
import secrets
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from .processes import ROOT, TARGET, Failed, cores, note, pinned, run, tail

GENERATOR = ROOT / "target" / "release" / "tollgate-bench"


class Bench:
    """The surroundings of the proxies."""

    def __init__(self, children, binary, generator, seconds, warm_up):
        self.children, self.binary, self.generator = children, Path(binary), Path(generator)
        self.seconds, self.warm_up = seconds, warm_up
        self.proxy_core, self.load_core = cores()
        self.api_key = "bench_" + secrets.token_hex(16)
        # The size of a token signed with RS256; nobody verifies it here.
        part = lambda size: base64.urlsafe_b64encode(secrets.token_bytes(size)).decode().rstrip("=")
        self.token = ".".join((part(60), part(180), part(256)))
        TARGET.mkdir(parents=True, exist_ok=True)
        log = TARGET / "upstream.log"
        self.upstream = children.start([self.generator, "upstream"], core=self.load_core, stdout=subprocess.PIPE, log=log)
        line = self.upstream.stdout.readline().decode().strip()
        if not line:
            raise Failed(f"the upstream did not start: {tail(log)}")
        self.upstream_port = int(line.rsplit(":", 1)[1])

    def certificate(self):
        """A certificate on P-256, made once."""
        folder = TARGET / "tls"
        certificate, key, both = folder / "cert.pem", folder / "key.pem", folder / "both.pem"
        if not both.exists():
            folder.mkdir(parents=True, exist_ok=True)
            run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650",
                 "-subj", "/CN=bench.test", "-addext", "subjectAltName=DNS:bench.test", "-keyout", key, "-out", certificate])
            key.chmod(0o600)
            both.touch(0o600)
            both.write_text(certificate.read_text() + key.read_text())
        return {"CERTIFICATE": certificate, "KEY": key, "PEM": both}

    def load(self, port, arguments, pids=(), rate=None, seconds=None, warm_up=None):
        """One run of the load generator; its report."""
        command = [self.generator, "load", "--address", f"127.0.0.1:{port}", "--seconds", seconds or self.seconds,
                   "--warm-up", self.warm_up if warm_up is None else warm_up, "--cpu", f"upstream={self.upstream.pid}", *arguments]
        if pids:
            command += ["--cpu", "proxy=" + ",".join(map(str, pids))]
        if rate:
            command += ["--rate", rate]
        result = subprocess.run(pinned(command, self.load_core), capture_output=True, text=True)
        if result.returncode:
            raise Failed(result.stderr.strip()[-300:])
        return json.loads(result.stdout)

    def get(self, port, path, headers=(), timeout=5):
        """One request, outside of what is measured: status, body."""
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={name: value for name, _, value in (line.partition(": ") for line in headers)})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError as error:
            return 0, str(error).encode()


def judge(report):
    """What a run did wrong, in words; `None` where all answers were right."""
    wrong = [f"{report[field]:,} {what}" for field, what in (
        ("wrongStatus", "answers of another status"), ("wrongLength", "bodies of another length"),
        ("errors", "requests without an answer"), ("unfinished", "unfinished")) if report[field]]
    if not wrong:
        return None if report["requests"] else "no request was answered"
    return ", ".join(wrong) + (f" (first: {report['firstError']})" if report["firstError"] else "")


