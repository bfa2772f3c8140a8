#!/usr/bin/env python3
"""Validate findings, one JSON object a line, against OCSF 1.5.0 Detection Finding (class 2004).

    trailwarden scan --format ocsf RECORDS | validate.py
    validate.py findings.jsonl ...

Each line is judged with the profiles that it lists in metadata.profiles. Every fault is printed on
standard output as `FILE:LINE: /path: what is wrong`, a summary on standard error.
Exit codes: 0 every line is valid, 1 some line is not (or there was none), 2 wrong usage.
"""

import argparse
import json
import sys
from pathlib import Path

try:
    from finding_schema import KNOWN_PROFILES, Schemas, cross_check
except ImportError as missing:
    print(f"error: {missing}; run `make setup-tests` and use target/venv/bin/python", file=sys.stderr)
    sys.exit(2)

# A message quotes the value at fault, which may be a whole finding.
LONGEST_MESSAGE = 300


def read_line(raw):
    """Parse one line strictly. Raise ValueError for all that is not exactly one JSON object."""
    finding = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
    if not isinstance(finding, dict):
        raise ValueError("not a JSON object")
    if b"\\u" in raw:
        # An escape may be half a surrogate pair, which JSON's grammar allows and UTF-8 cannot carry.
        json.dumps(finding, ensure_ascii=False).encode("utf-8")
    return finding


def _unique_keys(pairs):
    as_dict = dict(pairs)
    if len(as_dict) != len(pairs):
        seen = set()
        twice = sorted({key for key, _ in pairs if key in seen or seen.add(key)})
        raise ValueError(f"duplicate keys in one object: {', '.join(twice)}")
    return as_dict


def _refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def faults_of_line(schemas, raw):
    """Return the faults of one line as a list of (path, message), empty where it is valid."""
    if not raw.strip():
        return [("/", "blank line")]
    try:
        finding = read_line(raw)
        return faults_of_finding(schemas, finding)
    except RecursionError:
        return [("/", "nested too deeply to be read")]
    except ValueError as error:
        # Broken JSON, broken UTF-8, and text that UTF-8 cannot carry.
        return [("/", f"unreadable: {error}")]


def faults_of_finding(schemas, finding):
    """Return the faults of one parsed finding as a list of (path, message)."""
    validator = schemas.validator_for(known_profiles(finding))
    if validator.is_valid(finding):
        return list(cross_check(finding))
    faults = [(_pointer(error.instance_path), _message(error)) for error in validator.iter_errors(finding)]
    if not faults:
        raise AssertionError("the schema refuses this line and names no fault")
    return faults


def known_profiles(finding):
    """Return the profiles that the line lists. What is unknown or malformed, the schema reports."""
    metadata = finding.get("metadata")
    listed = metadata.get("profiles") if isinstance(metadata, dict) else None
    if not isinstance(listed, list):
        return frozenset()
    return frozenset(name for name in listed if isinstance(name, str) and name in KNOWN_PROFILES)


def _pointer(path):
    return "/" + "/".join(str(step) for step in path)


def _message(error):
    if error.kind.name == "anyOf":
        alternatives = [fault.message for context in error.kind.context for fault in context]
        message = f"at least one of these is wanted: {'; '.join(alternatives)}"
    elif error.kind.name == "const" and "then" in error.schema_path:
        message = f"{error.message}: it does not agree with the id beside it"
    else:
        message = error.message
    if len(message) <= LONGEST_MESSAGE:
        return message
    half = LONGEST_MESSAGE // 2
    return f"{message[:half]} … {message[-half:]}"


def validate_stream(schemas, name, stream):
    """Print the faults of a stream of lines. Return (lines, lines with faults)."""
    lines = invalid = 0
    for number, raw in enumerate(stream, start=1):
        lines += 1
        faults = faults_of_line(schemas, raw)
        invalid += bool(faults)
        for path, message in faults:
            print(f"{name}:{number}: {path}: {message}")
    return lines, invalid


def main(arguments=None):
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="findings; standard input if none is named")
    parser.add_argument("--allow-empty", action="store_true", help="accept an input without any line")
    options = parser.parse_args(arguments)

    schemas = Schemas()
    lines = invalid = 0
    try:
        if not options.files:
            lines, invalid = validate_stream(schemas, "stdin", sys.stdin.buffer)
        for path in options.files:
            with path.open("rb") as stream:
                more_lines, more_invalid = validate_stream(schemas, path, stream)
            lines += more_lines
            invalid += more_invalid
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{lines} lines, {invalid} invalid", file=sys.stderr)
    if lines == 0 and not options.allow_empty:
        print("error: no line to validate; pass --allow-empty if that is right", file=sys.stderr)
        return 1
    return 1 if invalid else 0


if __name__ == "__main__":
    sys.exit(main())
