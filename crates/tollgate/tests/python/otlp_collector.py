"""A collector: reads OTLP with OpenTelemetry's own message types, and shows what it has at /spans and /metrics."""

import asyncio
import base64
import os

from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tornado.web import Application, RequestHandler

SPANS = []
EXPORTS = []
FAILURES = int(os.environ.get("FAIL", "0"))


def value(it):
    return getattr(it, it.WhichOneof("value")) if it.WhichOneof("value") else None


def attributes(pairs):
    return {pair.key: value(pair.value) for pair in pairs}


def digits(id):
    return base64.b64encode(id).decode()


class Traces(RequestHandler):
    def post(self):
        global FAILURES
        if FAILURES > 0:
            FAILURES -= 1
            self.set_status(503)
            return
        message, kind = ExportTraceServiceRequest(), self.request.headers["Content-Type"]
        # In JSON ids are hexadecimal, where Protobuf's own mapping has base64: digits survive that.
        if kind == "application/json":
            json_format.Parse(self.request.body, message)
            text = digits
        else:
            message.ParseFromString(self.request.body)
            text = bytes.hex
        for resource in message.resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    SPANS.append(
                        {
                            "kind": span.kind,
                            "name": span.name,
                            "trace": text(span.trace_id),
                            "span": text(span.span_id),
                            "parent": text(span.parent_span_id),
                            "start": span.start_time_unix_nano,
                            "end": span.end_time_unix_nano,
                            "status": span.status.code,
                            "flags": span.flags,
                            "attributes": attributes(span.attributes),
                            "resource": attributes(resource.resource.attributes),
                            "scope": scope.scope.name,
                            "key": self.request.headers.get("X-Key"),
                            "type": kind,
                        }
                    )
        self.set_header("Content-Type", kind)


class Spans(RequestHandler):
    def get(self):
        self.write({"spans": SPANS})


class Metrics(RequestHandler):
    def post(self):
        global FAILURES
        if FAILURES > 0:
            FAILURES -= 1
            self.set_status(503)
            return
        message, kind = ExportMetricsServiceRequest(), self.request.headers["Content-Type"]
        if kind == "application/json":
            json_format.Parse(self.request.body, message)
        else:
            message.ParseFromString(self.request.body)
        export = {"metrics": {}, "key": self.request.headers.get("X-Key"), "type": kind}
        for resource in message.resource_metrics:
            export["resource"] = attributes(resource.resource.attributes)
            for scope in resource.scope_metrics:
                export["scope"], export["schema"] = scope.scope.name, scope.schema_url
                for metric in scope.metrics:
                    export["metrics"][metric.name] = described(metric)
        EXPORTS.append(export)
        self.set_header("Content-Type", kind)


def described(metric):
    kind = metric.WhichOneof("data")
    data = getattr(metric, kind)
    points = []
    for point in data.data_points:
        told = {
            "attributes": attributes(point.attributes),
            "start": point.start_time_unix_nano,
            "time": point.time_unix_nano,
        }
        if kind == "histogram":
            told |= {
                "count": point.count,
                "sum": point.sum,
                "buckets": list(point.bucket_counts),
                "bounds": list(point.explicit_bounds),
            }
        else:
            told["value"] = value(point)
        points.append(told)
    return {
        "kind": kind,
        "unit": metric.unit,
        "description": metric.description,
        "temporality": getattr(data, "aggregation_temporality", None),
        "monotonic": getattr(data, "is_monotonic", None),
        "points": points,
    }


class Exports(RequestHandler):
    def get(self):
        self.write({"exports": EXPORTS})


async def main():
    routes = [(r"/v1/traces", Traces), (r"/spans", Spans), (r"/v1/metrics", Metrics), (r"/metrics", Exports)]
    Application(routes).listen(int(os.environ["PORT"]), address="127.0.0.1")
    print("listens", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
