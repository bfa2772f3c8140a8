"""What compiled policies say is valid under the published schemas, and bad documents are not.

Run after `make policies` with `target/venv/bin/python -m unittest discover --start-directory tests/schemas`.
"""

import copy
import json
import subprocess
import unittest
from pathlib import Path

import jsonschema_rs

PROJECT = Path(__file__).parents[2]
POLICIES = sorted((PROJECT / "target/policies").glob("*.wasm"))


def validator(name):
    return jsonschema_rs.validator_for(json.loads((PROJECT / "policy-sdk/schema" / name).read_text()))


def manifest(wasm):
    command = [PROJECT / "target/release/trailwarden", "policy", "inspect", "--json", wasm]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


CORRELATION = {
    "id": "burst", "title": "A burst", "severity": "high", "rules": ["create-user"], "window_seconds": 60,
    "condition": {"kind": "event-count", "at_least": 3},
}


class Manifests(unittest.TestCase):
    def test_every_shipped_policy_has_a_valid_manifest(self):
        self.assertGreaterEqual(len(POLICIES), 5, "run `make policies` first")
        schema = validator("manifest-1.schema.json")
        for wasm in POLICIES:
            with self.subTest(wasm.name):
                schema.validate(manifest(wasm))

    def test_what_a_host_must_understand_is_refused_where_it_is_unknown(self):
        schema = validator("manifest-1.schema.json")
        good = manifest(PROJECT / "target/policies/storage.wasm")
        good |= {"responses": ["start-logging"], "correlations": [CORRELATION]}
        schema.validate(good)
        bad_values = [
            (("manifest_version",), "2"),
            (("rules", 0, "severity"), "urgent"),
            (("rules", 0, "selectors", 0), {"match": {"colour": ["red"]}}),
            (("tables", 0, "kind"), "regex"),
            (("responses", 0), "delete-account"),
            (("correlations", 0, "condition"), {"kind": "event-count"}),
        ]
        for path, value in bad_values:
            with self.subTest(path):
                bad = copy.deepcopy(good)
                place = bad
                for step in path[:-1]:
                    place = place[step]
                place[path[-1]] = value
                self.assertFalse(schema.is_valid(bad))


class Findings(unittest.TestCase):
    def test_the_rest_of_a_finding(self):
        schema = validator("finding-1.schema.json")
        schema.validate({
            "details": {"count": 1.5, "who": None},
            "resources": [{"uid": "arn:aws:s3:::reports", "type": "AWS::S3::Bucket", "region": "eu-west-1"}],
            "responses": [{"action": "start-logging", "trail": "main"}],
        })
        self.assertFalse(schema.is_valid({"resources": [{"type": "without uid"}]}))
        self.assertFalse(schema.is_valid({"responses": [{"action": "delete-account"}]}))


class Groups(unittest.TestCase):
    def test_a_group(self):
        schema = validator("group-1.schema.json")
        group = {
            "correlation": "burst", "key": "anna", "count": 3, "first_time": "2026-03-17T10:00:00Z",
            "last_time": "2026-03-17T10:00:59Z", "values": ["a"], "events": ["1"], "samples": [{}],
        }
        schema.validate(group)
        self.assertFalse(schema.is_valid({**group, "count": "three"}))


class Fixtures(unittest.TestCase):
    def test_every_fixture_file_of_a_shipped_policy(self):
        schema = validator("fixture-1.schema.json")
        files = sorted((PROJECT / "policies").glob("*/src/**/*.fixtures.json"))
        self.assertGreaterEqual(len(files), 10)
        for file in files:
            with self.subTest(file.name):
                schema.validate(json.loads(file.read_text()))
        self.assertFalse(schema.is_valid({"rule": "a", "matches": [{"nmae": "x"}], "passes": []}))


if __name__ == "__main__":
    unittest.main()
