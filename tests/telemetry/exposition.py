"""Reads metrics as Prometheus' own Python client does, and prints them as JSON.

Usage: exposition.py open-metrics|classic <METRICS. Output: one object a line for each sample, with its metric's type. Exit code 1
and the reason where the text breaks the format.
"""

import json
import sys

from prometheus_client import parser
from prometheus_client.openmetrics import parser as open_metrics


def main():
    read = {"open-metrics": open_metrics, "classic": parser}[sys.argv[1]]
    try:
        families = list(read.text_string_to_metric_families(sys.stdin.read()))
    except ValueError as error:
        sys.exit(f"the text breaks the format: {error}")
    for family in families:
        if not family.documentation:
            sys.exit(f"{family.name} has no help")
        for sample in family.samples:
            print(json.dumps({
                "type": family.type, "name": sample.name, "labels": sample.labels, "value": sample.value, "unit": family.unit,
            }))


if __name__ == "__main__":
    main()
