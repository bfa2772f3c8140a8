#!/usr/bin/env python3
"""Takes away each condition of every shipped rule, one at a time, and asks whether a fixture notices.

    python3 mutants.py [--only TEXT] [--jobs N]

Conditions are of two kinds. Those of selectors are found here: each key of each `select(…)` is left out, and of a list of
alternatives each value. Those of bodies are listed in bodies.toml, each an edit that takes one condition away (or turns it,
where leaving it out is no program). An edit that does not fit exactly one place is an error, so the list cannot go stale in
silence. Each mutant is built and its crate's native tests are run, in copies of the workspace under target/mutants.

Exit codes: 0 every mutant is killed; 1 some survive, do not build or do not fit; 2 the tests fail without any mutation.
"""

import argparse
import concurrent.futures
import os
import pathlib
import queue
import re
import subprocess
import sys
import tomllib
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "target" / "mutants"
POLICIES = "policies"


class Mutant(NamedTuple):
    """One condition taken away: the file with another content."""

    path: str
    what: str
    content: str
    crate: str


class Misfit(Exception):
    """A mutant that cannot be made."""


# --- Selectors. ------------------------------------------------------------------------------------------------------


def matching(text, at):
    """The place behind the bracket that closes the one at `at`; brackets inside strings do not count."""
    depth, inside = 0, False
    for place in range(at, len(text)):
        letter = text[place]
        if letter == '"' and text[place - 1] != "\\":
            inside = not inside
        elif not inside and letter in "([":
            depth += 1
        elif not inside and letter in ")]":
            depth -= 1
            if depth == 0:
                return place + 1
    raise Misfit("a bracket is not closed")


def parts(text):
    """The parts of a list between commas, brackets respected."""
    found, start, at = [], 0, 0
    while at < len(text):
        if text[at] in "([":
            at = matching(text, at)
        elif text[at] == '"':
            at = text.index('"', at + 1) + 1
        elif text[at] == ",":
            found.append(text[start:at].strip())
            at = start = at + 1
        else:
            at += 1
    return [part for part in [*found, text[start:].strip()] if part]


def without_each(items):
    for at in range(len(items)):
        yield items[at], items[:at] + items[at + 1 :]


def selector_mutants(path, text):
    """Every selector of a file with one key less, or one alternative less."""
    for match in re.finditer(r"\bselect\(", text):
        end = matching(text, match.end() - 1)
        keys = parts(text[match.end() : end - 1])
        if keys == ["all"]:
            continue

        def mutant(what, left):
            return Mutant(path, what, text[: match.end()] + ", ".join(left) + text[end - 1 :], path.split("/")[1])

        for key, left in without_each(keys):
            yield mutant(f"select without {key}", left)
        for at, key in enumerate(keys):
            name, _, value = (part.strip() for part in key.partition("="))
            alternatives = parts(value[1:-1]) if value.startswith("[") else []
            for gone, left in without_each(alternatives if len(alternatives) > 1 else []):
                changed = f"{name} = [{', '.join(left)}]"
                yield mutant(f"select {name} without {gone}", [*keys[:at], changed, *keys[at + 1 :]])


# --- Bodies. ---------------------------------------------------------------------------------------------------------


def body_mutants(listed):
    for edit in listed:
        path = os.path.normpath(f"{POLICIES}/{edit['file']}")
        text = (ROOT / path).read_text()
        old, new = edit["old"], edit["new"]
        if text.count(old) != 1:
            raise Misfit(f"{path}: {old!r} stands there {text.count(old)} times, not once: bring bodies.toml up to date")
        yield Mutant(path, edit["what"], text.replace(old, new), edit.get("tests", edit["file"].split("/")[0]))


def all_mutants():
    for file in sorted((ROOT / POLICIES).glob("*/src/**/*.rs")):
        text = file.read_text()
        if "#[rule(" in text:
            yield from selector_mutants(str(file.relative_to(ROOT)), text)
    with open(pathlib.Path(__file__).parent / "bodies.toml", "rb") as file:
        yield from body_mutants(tomllib.load(file)["edit"])


# --- Running them. ---------------------------------------------------------------------------------------------------


def copy_workspace(to):
    """Copies what git knows or would add; files that are there with the same content keep their times, for the builds."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True
    )
    wanted = {name.decode() for name in listed.stdout.split(b"\0") if name and (ROOT / os.fsdecode(name)).is_file()}
    for name in wanted:
        content, target = (ROOT / name).read_bytes(), to / name
        if not target.is_file() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    # A fixture that was taken away here must not kill mutants there.
    for file in (to / POLICIES).rglob("*"):
        if file.is_file() and str(file.relative_to(to)) not in wanted:
            file.unlink()


def cargo(workspace, *arguments):
    command = ["cargo", "test", "--quiet", "--offline", "--lib", "--target-dir", str(workspace / "build"), *arguments]
    return subprocess.run(command, cwd=workspace, capture_output=True, text=True, check=False)


def judge(workspace, mutant):
    """`killed`, `SURVIVED` or `DOES NOT BUILD`."""
    file = workspace / mutant.path
    original = file.read_text()
    file.write_text(mutant.content)
    try:
        if cargo(workspace, "-p", mutant.crate, "--no-run").returncode != 0:
            return "DOES NOT BUILD"
        return "killed" if cargo(workspace, "-p", mutant.crate).returncode != 0 else "SURVIVED"
    finally:
        file.write_text(original)


def main():
    parser = argparse.ArgumentParser(description="Takes away each condition of every shipped rule.")
    parser.add_argument("--only", metavar="TEXT", default="", help="only files whose path contains TEXT")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="how many workspaces work side by side")
    arguments = parser.parse_args()
    try:
        mutants = [mutant for mutant in all_mutants() if arguments.only in mutant.path]
    except Misfit as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if not mutants:
        print(f"error: no mutant has {arguments.only!r} in its path", file=sys.stderr)
        return 1

    free = queue.SimpleQueue()
    packages = [word for crate in sorted({mutant.crate for mutant in mutants}) for word in ("-p", crate)]
    for number in range(arguments.jobs):
        workspace = WORK / f"workspace-{number}"
        copy_workspace(workspace)
        print(f"building {workspace.relative_to(ROOT)}", file=sys.stderr)
        clean = cargo(workspace, *packages)
        if clean.returncode != 0:
            print(f"error: the tests fail without any mutation\n{clean.stdout}{clean.stderr}", file=sys.stderr)
            return 2
        free.put(workspace)

    def run(mutant):
        workspace = free.get()
        try:
            return judge(workspace, mutant)
        finally:
            free.put(workspace)

    counts = {}
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for mutant, outcome in zip(mutants, pool.map(run, mutants)):
            counts[outcome] = counts.get(outcome, 0) + 1
            print(f"{outcome:<14}  {mutant.path.removeprefix(POLICIES + '/'):<48}  {mutant.what}", flush=True)
    print(", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())), file=sys.stderr)
    return 0 if set(counts) == {"killed"} else 1


if __name__ == "__main__":
    sys.exit(main())
