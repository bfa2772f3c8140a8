"""The alerts of docs/how-to/watch-a-host.md can be loaded, and speak of metrics and labels that there are.

Run with `target/venv/bin/python -m unittest discover --start-directory tests/telemetry`.
"""

import re
import unittest
from pathlib import Path

import promql_parser
import yaml

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "docs/how-to/watch-a-host.md"
REFERENCE = PROJECT / "docs/reference/telemetry.md"
# Labels that Prometheus adds by itself.
ADDED = {"instance", "job", "le"}


def blocks():
    """Every block of YAML on the page."""
    return re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)


def rules():
    documents = [yaml.safe_load(block) for block in blocks()]
    return [rule for document in documents for group in document.get("groups", []) for rule in group["rules"]]


def metrics():
    """The labels of every metric, by the names of its samples."""
    known = {}
    row = r"^\| `((?:trailwarden|process)_\w+)` \| (\w+) \| ([^|]*) \|"
    for name, kind, labels in re.findall(row, REFERENCE.read_text(), re.MULTILINE):
        suffixes = ["_bucket", "_sum", "_count"] if kind == "histogram" else [""]
        for suffix in suffixes:
            known[name + suffix] = set(re.findall(r"`(\w+)`", labels))
    return known


def selectors(expression):
    """Every selector of metrics in an expression."""
    if isinstance(expression, promql_parser.VectorSelector):
        yield expression
    for name in ("lhs", "rhs", "expr", "vector_selector", "args"):
        part = getattr(expression, name, None)
        for child in part if isinstance(part, list) else [part]:
            if child is not None and not isinstance(child, (str, int, float)):
                yield from selectors(child)


class Alerts(unittest.TestCase):
    def test_each_is_a_rule_that_says_what_to_do(self):
        self.assertGreaterEqual(len(rules()), 8)
        names = [rule["alert"] for rule in rules()]
        self.assertEqual(len(names), len(set(names)))
        for rule in rules():
            with self.subTest(rule["alert"]):
                self.assertEqual(set(rule), {"alert", "expr", "for", "labels", "annotations"})
                self.assertRegex(rule["for"], r"^\d+[smh]$")
                self.assertIn(rule["labels"]["severity"], {"page", "ticket"})
                self.assertTrue(rule["annotations"]["summary"] and rule["annotations"]["description"])

    def test_each_speaks_of_metrics_and_labels_that_there_are(self):
        known = metrics()
        self.assertGreater(len(known), 40)
        for rule in rules():
            with self.subTest(rule["alert"]):
                found = list(selectors(promql_parser.parse(rule["expr"])))
                self.assertTrue(found)
                for selector in found:
                    if selector.name == "up":
                        continue
                    self.assertIn(selector.name, known)
                    labels = {matcher.name for matcher in selector.matchers.matchers}
                    self.assertLessEqual(labels - ADDED, known[selector.name], selector.name)

    def test_labels_in_texts_are_labels_of_the_expression(self):
        known = metrics()
        for rule in rules():
            with self.subTest(rule["alert"]):
                texts = " ".join(rule["annotations"].values())
                told = set(re.findall(r"\$labels\.(\w+)", texts))
                named = [selector.name for selector in selectors(promql_parser.parse(rule["expr"]))]
                self.assertLessEqual(told - ADDED, set().union(*(known.get(name, set()) for name in named)))


if __name__ == "__main__":
    unittest.main()
