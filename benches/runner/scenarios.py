"""What is measured."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Contestant:
    """A product in a scenario. `label` is how the table calls it where the name alone is not enough."""

    product: str
    variant: str
    arguments: tuple = ()
    label: str = ""

    @property
    def name(self):
        return self.label or self.product


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    # How it is measured: load, idle, reload, start, keys, limits, scripts, engines or neighbours.
    kind: str = "load"
    variant: str = "plain"
    # For the load generator.
    arguments: tuple = ("--path", "/small", "--expect-bytes", "1024")
    port: str = "http"
    workers: int = 1
    # Latency in an open loop at half of saturation.
    latency: bool = True
    # Other forms of a product, beside the four.
    extra: tuple = ()
    # The row that is 1.00; the first `extra` of nginx, or nginx.
    base: str = "nginx"
    # A shorter bench has it too.
    quick: bool = False
    # The tests have it too, as they have those of the shorter bench.
    smoke: bool = False
    # What the reader of the table should know.
    remarks: tuple = field(default=())

    def contestants(self, products):
        four = [Contestant(name, self.variant, self.arguments) for name in products]
        return [other for other in self.extra if other.product in products] + four


SMALL = ("--path", "/small", "--expect-bytes", "1024")
WHEN_IDLE = "Memory twelve seconds after the first answer, in which nobody came."
BIG = ("--expect-bytes", str(10 * 1024 * 1024), "--connections", "4")

SCENARIOS = [
    Scenario("get", "GET 1 KB, keep-alive, one worker", quick=True),
    Scenario("get-2-workers", "GET 1 KB, two workers on both cores (CPU a request only)", workers=2, latency=False,
             remarks=("Load and upstream share the second core with the proxy: requests a second say nothing here.",)),
    Scenario(
        "full", "API key + limit + signed token + JSON access log + metrics", variant="full", quick=True, base="nginx, plain",
        extra=(Contestant("nginx", "plain", SMALL, "nginx, plain"),),
        remarks=("Only Tollgate signs the token; the others send one that was signed beforehand.",),
    ),
    Scenario("post", "POST 10 KB, answered with 1 KB", arguments=("--path", "/sink", "--body", "10240", "--expect-bytes", "1024"), quick=True),
    Scenario("tls", "GET 1 KB over TLS 1.3, keep-alive", variant="tls", arguments=("--tls", *SMALL), port="tls"),
    Scenario("tls-handshake", "A TLS 1.3 handshake (P-256, X25519, not resumed) and a GET 1 KB for each connection",
             variant="tls", arguments=("--tls", "--new-connections", *SMALL), port="tls", latency=False),
    Scenario("h2", "GET 1 KB, HTTP/2 in front (4 connections, 8 streams each) → HTTP/1.1 behind",
             arguments=("--h2", "--connections", "4", "--streams", "8", *SMALL), port="h2"),
    Scenario(
        "stream", "A body of 10 MB", arguments=("--path", "/big", *BIG), latency=False,
        extra=(Contestant("nginx", "plain", ("--path", "/big-default-buffers", *BIG), "nginx, default buffers"),),
        remarks=("nginx has buffers of 64 KiB here, and in the row above it those that it has by default.",),
    ),
    Scenario("routes", "5,000 routes, all in use", variant="routes", arguments=("--paths", "/r:5000:/42", "--expect-bytes", "1024")),
    Scenario("idle", "10,000 idle connections, one request answered on each", kind="idle", variant="plain"),
    Scenario("reload", "A route change every second, under 2,000 requests a second", kind="reload", variant="reload",
             remarks=("nginx is sent SIGHUP, HAProxy's map is changed over its admin socket, Envoy watches a file of routes, Tollgate's document "
                      "is replaced and it is sent SIGHUP.",
                      "A request on a connection that the proxy closes at that moment counts as not answered; a client would repeat it.")),
    Scenario("start", "Start, and memory when idle", kind="start", variant="plain", remarks=(WHEN_IDLE,)),
    Scenario("start-5000", "Start with 5,000 routes (for Tollgate, a document of 2 MB without schemas), and memory when idle", kind="start",
             variant="routes", remarks=(WHEN_IDLE,)),
    Scenario("keys", "A key check with 1,000,000 keys in the store, and their import", kind="keys", smoke=True, latency=False,
             remarks=("Added is what a row costs more than the route that asks for no key, in the same round; 20,000 different keys are sent in turn. "
                      "A refusal costs less than what it spares: its request goes to no upstream.",
                      "The import goes into an empty SQLite store, on one core, every key synced to the disk with its batch; the gateway's start and memory "
                      "are those with all keys in it.")),
    Scenario("limits", "Limits and quotas, in memory and in a Redis on the other core", kind="limits", smoke=True, latency=False,
             remarks=("Added is what a row costs more than the route without a limit, in the same round; latency at 1,500 requests a second. "
                      "A strict limit adds its round trip to the latency; `mode: async` does not.",)),
    Scenario("scripts", "Policies in TypeScript, and the same functions in Node", kind="scripts", smoke=True, latency=False,
             remarks=("Added is what a row costs more than the one that it is compared with, in the same round: a route without a script than the same "
                      "route in a project without modules, a policy than the route without one, GET than GET, POST than POST.",
                      "In Node, one process calls the same function in a loop, each time with a request that it makes of the same fields and body. "
                      "What the gateway adds beyond that is the way to a thread for scripts and back.",
                      "One thread for scripts, on the core of the proxy.")),
    Scenario("script-neighbours", "Latency of a plain route while scripts compute without a pause", kind="neighbours", smoke=True, latency=False,
             remarks=("500 requests a second in an open loop; the gateway has all cores and its default number of threads for scripts. Load, "
                      "upstream and the one process that calls the script have the same cores.",
                      "A stranger is a process of the lowest priority (SCHED_IDLE) that computes in the place of a thread for scripts: what the "
                      "plain route feels of that is the machine's doing, and not the gateway's.")),
    Scenario("script-engines", "An engine for scripts: start and memory", kind="engines", smoke=True,
             remarks=("An engine's time is the processor time of its thread until the gateway is ready: the engine made, the project's modules loaded. "
                      "Its memory is an eighth of what the gateway with nine has more than the one with one, after all have answered.",)),
]
