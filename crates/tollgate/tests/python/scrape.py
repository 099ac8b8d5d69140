"""Reads the metrics of a gateway with Prometheus' own parsers, in both forms, and prints what it found as JSON."""

import json
import sys
import urllib.request

from prometheus_client import parser
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families

FORMS = {
    "plain": ("text/plain", parser.text_string_to_metric_families),
    "open": ("application/openmetrics-text; version=1.0.0, text/plain; q=0.5", open_families),
}


def scrape(url, accept, families):
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request) as answer:
        media, text = answer.headers["Content-Type"], answer.read().decode()
    found = [
        {
            "name": family.name,
            "kind": family.type,
            "help": family.documentation,
            "samples": [[sample.name, sample.labels, sample.value] for sample in family.samples],
        }
        for family in families(text)
    ]
    return {"media": media, "families": found}


print(json.dumps({form: scrape(sys.argv[1], *how) for form, how in FORMS.items()}))
