"""Known-bad findings fail, each for the reason in its file's name, and known-good ones pass.

Run with `target/venv/bin/python -m unittest discover --start-directory tests/ocsf`.
"""

import json
import subprocess
import sys
import unittest
from pathlib import Path

from finding_schema import Schemas
from validate import faults_of_line

HERE = Path(__file__).parent
KNOWN_GOOD = sorted((HERE / "known_good").glob("*.json"))
KNOWN_BAD = sorted((HERE / "known_bad").glob("*.json"))

# For each file in known_bad (without .json): where its one fault lies, and a part of its message.
EXPECTED_FAULTS = {
    "activity-id-out-of-enum": ("/activity_id", 'is not one of'),
    "actor-without-host-profile": ("/", "'actor' was unexpected"),
    "address-is-service-name": ("/evidences/0/src_endpoint/ip", 'is not a "ip-address"'),
    "address-with-letters-for-dots": ("/evidences/0/src_endpoint/ip", 'is not a "ip-address"'),
    "address-with-prefix-length": ("/evidences/0/src_endpoint/ip", 'is not a "ip-address"'),
    "attack-without-technique-or-tactic": ("/attacks/0", 'at least one of these is wanted'),
    "attacks-without-security-control-profile": ("/", "'attacks' was unexpected"),
    "blank-line": ("/", 'blank line'),
    "caption-without-id": ("/", '"confidence_id" is a required'),
    "class-uid-of-other-class": ("/class_uid", '2004 was expected'),
    "count-with-fraction-part": ("/count", 'fraction part'),
    "deprecated-actor-invoked-by": ("/actor", "'invoked_by' was unexpected"),
    "duplicate-key": ("/", 'duplicate keys in one object: time'),
    "empty-evidence": ("/evidences/1", 'at least one of these is wanted'),
    "empty-user": ("/actor/user", 'at least one of these is wanted'),
    "half-a-surrogate-pair": ("/", 'surrogates'),
    "missing-activity-id": ("/", '"activity_id" is a required'),
    "missing-analytic-type-id": ("/finding_info/analytic", '"type_id" is a required'),
    "missing-api-operation": ("/evidences/0/api", '"operation" is a required'),
    "missing-cloud": ("/", '"cloud" is a required'),
    "missing-finding-info": ("/", '"finding_info" is a required'),
    "missing-finding-uid": ("/finding_info", '"uid" is a required'),
    "missing-product": ("/metadata", '"product" is a required'),
    "missing-profiles": ("/metadata", '"profiles" is a required'),
    "missing-related-event-uid": ("/finding_info/related_events/0", '"uid" is a required'),
    "missing-request-uid": ("/api/request", '"uid" is a required'),
    "missing-severity-id": ("/", '"severity_id" is a required'),
    "missing-time": ("/", '"time" is a required'),
    "missing-type-uid": ("/", '"type_uid" is a required'),
    "not-a-number": ("/", 'NaN is not JSON'),
    "not-an-object": ("/", 'not a JSON object'),
    "not-json": ("/", 'unreadable'),
    "null-attribute": ("/evidences/0/actor/session/is_mfa", 'null is not of type "boolean"'),
    "other-ocsf-version": ("/metadata/version", '"1.5.0" was expected'),
    "other-without-caption": ("/", '"status" is a required'),
    "profile-listed-twice": ("/metadata/profiles", 'has non-unique elements'),
    "resource-without-name-or-uid": ("/resources/0", 'at least one of these is wanted'),
    "response-code-as-text": ("/evidences/0/api/response/code", 'is not of type "integer"'),
    "severity-caption-of-other-id": ("/severity", 'it does not agree with the id beside it'),
    "severity-id-as-string": ("/severity_id", '"4"'),
    "severity-id-out-of-enum": ("/severity_id", 'is not one of'),
    "start-after-end": ("/start_time", 'is after end_time'),
    "sub-technique-of-other-technique": ("/attacks/0/sub_technique/uid", 'is not a sub-technique of T1567'),
    "technique-id-is-name": ("/attacks/0/technique/uid", 'does not match'),
    "time-as-text": ("/time", 'is not of type "integer"'),
    "time-in-microseconds": ("/time", 'greater than the maximum'),
    "time-in-seconds": ("/time", 'less than the minimum'),
    "two-objects-on-one-line": ("/", 'Extra data'),
    "type-uid-of-other-activity": ("/type_uid", 'it does not agree with the id beside it'),
    "type-uid-of-other-class": ("/type_uid", 'is not one of'),
    "unknown-actor-iam-role": ("/actor", "'iam_role' was unexpected"),
    "unknown-profile": ("/metadata/profiles/0", 'is not one of'),
    "unknown-related-event-time": ("/finding_info/related_events/0", "'time' was unexpected"),
    "unknown-top-level-attribute": ("/", "'runbook' was unexpected"),
    "user-type-caption-of-other-id": ("/actor/user/type", 'it does not agree with the id beside it'),
}


def run_validator(*arguments, stdin=b""):
    """Run the command line in a process of its own, as the other tests do."""
    command = [sys.executable, str(HERE / "validate.py"), *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=120)


class ValidateLine(unittest.TestCase):
    """What is said about one line."""

    @classmethod
    def setUpClass(cls):
        cls.schemas = Schemas()

    def test_known_good_lines_are_valid(self):
        self.assertTrue(KNOWN_GOOD)
        for path in KNOWN_GOOD:
            with self.subTest(path.stem):
                self.assertEqual(faults_of_line(self.schemas, path.read_bytes()), [])

    def test_every_known_bad_line_has_its_reason_written_down(self):
        self.assertEqual({path.stem for path in KNOWN_BAD}, set(EXPECTED_FAULTS))

    def test_known_bad_lines_fail_for_the_reason_in_their_name_and_no_other(self):
        for path in KNOWN_BAD:
            with self.subTest(path.stem):
                expected_path, expected_message = EXPECTED_FAULTS[path.stem]
                faults = faults_of_line(self.schemas, path.read_bytes())
                self.assertEqual({place for place, _ in faults}, {expected_path})
                self.assertTrue(any(expected_message in message for _, message in faults), faults)

    def test_a_deeply_nested_line_is_a_fault_and_not_a_crash(self):
        self.assertEqual(len(faults_of_line(self.schemas, b"[" * 100_000)), 1)

    def test_bytes_that_are_not_utf_8_are_a_fault(self):
        self.assertEqual(len(faults_of_line(self.schemas, b'{"message":"\xff"}')), 1)

    def test_a_line_is_judged_with_the_profiles_that_it_lists(self):
        finding = json.loads((HERE / "known_good" / "minimal.json").read_bytes())
        finding["attacks"] = [{"technique": {"uid": "T1078"}}]
        without_profile = json.dumps(finding).encode()
        finding["metadata"]["profiles"].append("security_control")
        with_profile = json.dumps(finding).encode()
        self.assertNotEqual(faults_of_line(self.schemas, without_profile), [])
        self.assertEqual(faults_of_line(self.schemas, with_profile), [])


class CommandLine(unittest.TestCase):
    """Exit codes and what is printed where."""

    def test_valid_lines_exit_0_and_print_nothing_on_standard_output(self):
        done = run_validator(*KNOWN_GOOD)
        self.assertEqual((done.returncode, done.stdout), (0, b""))
        self.assertIn(b"2 lines, 0 invalid", done.stderr)

    def test_an_invalid_line_exits_1_and_is_named_with_its_number_and_path(self):
        good = (HERE / "known_good" / "minimal.json").read_bytes()
        bad = (HERE / "known_bad" / "time-in-seconds.json").read_bytes()
        done = run_validator(stdin=good + bad + good)
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stdout.startswith(b"stdin:2: /time: "), done.stdout)
        self.assertIn(b"3 lines, 1 invalid", done.stderr)

    def test_an_input_without_lines_is_refused_unless_allowed(self):
        self.assertEqual(run_validator().returncode, 1)
        self.assertEqual(run_validator("--allow-empty").returncode, 0)

    def test_an_unknown_option_and_a_missing_file_exit_2(self):
        self.assertEqual(run_validator("--no-such-option").returncode, 2)
        self.assertEqual(run_validator(HERE / "no-such-file.jsonl").returncode, 2)


if __name__ == "__main__":
    unittest.main()
