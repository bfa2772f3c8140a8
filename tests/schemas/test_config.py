"""The configuration's schema accepts what the program accepts, and refuses what it refuses.

Run after `make policies` with `target/venv/bin/python -m unittest discover --start-directory tests/schemas`.
"""

import json
import re
import subprocess
import tempfile
import tomllib
import unittest
from pathlib import Path

import jsonschema_rs

PROJECT = Path(__file__).parents[2]
TRAILWARDEN = PROJECT / "target/release/trailwarden"
PAGES = ["docs/reference/configuration.md", "docs/how-to/tune-a-noisy-rule.md"]

EXCEPTION = """
[[policies.storage.exceptions]]
id = "ci"
reason = "r"
owner = "o"
expires = 2027-04-03
when = [{ fact = "region", equals = "eu-west-1" }]
"""

GOOD = [
    "",
    EXCEPTION,
    EXCEPTION.replace("2027-04-03", "2027-04-03T18:00:00+02:00"),
    EXCEPTION.replace("2027-04-03", '"2027-04-03"'),
    EXCEPTION.replace('equals = "eu-west-1"', 'one_of = ["a", 1, true]').replace('fact = "region"', 'field = "a[].b"'),
    EXCEPTION.replace('equals = "eu-west-1"', 'cidr = ["10.0.0.0/8"]').replace("region", "source_address"),
    EXCEPTION.replace('equals = "eu-west-1"', "absent = true"),
    "[policies.storage]\nseverity = \"low\"\nmode = \"shadow\"\nsettings = { any = { thing = [1, 2.5] } }\n",
    "[limits]\nmemory_mib = 128\n[policies.p.limits]\ncpu_ms_per_record = 20\n",
]

BAD = [
    "policy_path = []\n",
    "[policies.Storage]\n",
    "[policies.storage]\nmode = \"observe\"\n",
    "[policies.storage]\nseverity = \"urgent\"\n",
    "[policies.storage.rules.r]\nsettings = {}\n",
    "[tables.t]\nkind = \"exact\"\n",
    "[limits]\nmemory_mib = 0\n",
    "[limits]\nmemory_mib = \"64\"\n",
    "[policies.p.limits]\nobject_mib = 1\n",
    EXCEPTION.replace("reason", "raeson"),
    EXCEPTION.replace('owner = "o"\n', ""),
    EXCEPTION.replace('"r"', '""'),
    EXCEPTION.replace('"ci"', '"CI"'),
    EXCEPTION.replace("2027-04-03", '"never"'),
    EXCEPTION.replace("2027-04-03", "2027-04-03T18:00:00"),
    EXCEPTION.replace('{ fact = "region", equals = "eu-west-1" }', ""),
    EXCEPTION.replace('fact = "region", ', ""),
    EXCEPTION.replace('fact = "region"', 'fact = "region", field = "a"'),
    EXCEPTION.replace('fact = "region"', 'fact = "regoin"'),
    EXCEPTION.replace(', equals = "eu-west-1"', ""),
    EXCEPTION.replace('equals = "eu-west-1"', 'equals = "a", like = "b*"'),
    EXCEPTION.replace('equals = "eu-west-1"', "present = false"),
    EXCEPTION.replace('equals = "eu-west-1"', "equals = 1.5"),
    EXCEPTION.replace("[[policies.storage.exceptions]]", "[policies.storage.exceptions]"),
]


def as_json(text):
    """What an editor makes of TOML: dates and times become strings."""
    return json.loads(json.dumps(tomllib.loads(text), default=lambda time: time.isoformat()))


def snippets(page):
    """The TOML on a page that is a configuration, or a part of one."""
    blocks = re.findall(r"```toml\n(.*?)```", (PROJECT / page).read_text(), re.DOTALL)
    # What a sink's section says stands without its section.
    return [block for block in blocks if not block.startswith("take = ")]


class Configuration(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        printed = subprocess.run([TRAILWARDEN, "config", "schema"], check=True, capture_output=True).stdout
        cls.schema = jsonschema_rs.Draft202012Validator(json.loads(printed))

    def is_accepted(self, text):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "trailwarden.toml"
            file.write_text(text)
            return subprocess.run([TRAILWARDEN, "config", "check", file], capture_output=True).returncode == 0

    def test_every_example_is_valid(self):
        files = [file for file in sorted((PROJECT / "examples").rglob("*.toml")) if file.name != "Cargo.toml"]
        self.assertGreaterEqual(len(files), 2)
        for file in files:
            with self.subTest(file.name):
                self.schema.validate(as_json(file.read_text()))

    def test_every_snippet_of_the_pages_is_valid(self):
        for page in PAGES:
            found = snippets(page)
            self.assertGreaterEqual(len(found), 1, page)
            for number, text in enumerate(found):
                with self.subTest(page, number=number):
                    self.schema.validate(as_json(text))

    def test_schema_and_program_accept_the_same(self):
        for text in GOOD:
            with self.subTest(text):
                self.schema.validate(as_json(text))
                self.assertTrue(self.is_accepted(text))

    def test_schema_and_program_refuse_the_same(self):
        for text in BAD:
            with self.subTest(text):
                self.assertFalse(self.schema.is_valid(as_json(text)))
                self.assertFalse(self.is_accepted(text))


if __name__ == "__main__":
    unittest.main()
