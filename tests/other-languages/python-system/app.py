"""Asks the standard library for everything that a policy must not have: each rule in one way. For tests of the host only."""

import encodings.idna  # noqa: F401  looking a name up imports it, and later there is no file to import from
import json
import os
import random
import secrets
import socket
import subprocess
import sys
import threading
import time
import uuid
from datetime import datetime, timezone

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.rules import Answer, Finding, Verdict_Error, Verdict_Finding

HOUR = 3600


def attempt(ask) -> str:
    """What is answered, or the kind of error."""
    try:
        return str(ask())
    except Exception as error:
        return type(error).__name__


def reads_files() -> str:
    return ", ".join(
        f"{what} {attempt(ask)}"
        for what, ask in [
            ("folder", lambda: os.listdir("/")),
            ("here", lambda: os.listdir(".")),
            ("file", lambda: open("/etc/passwd").read()),
            ("device", lambda: open("/dev/urandom", "rb").read(4)),
            ("process", lambda: open("/proc/self/environ").read()),
            ("new file", lambda: open("/tmp/new", "w").write("x")),
            ("removal", lambda: os.remove("/tmp/new")),
            ("new folder", lambda: os.mkdir("/new")),
        ]
    )


def looks_around() -> str:
    return ", ".join(
        f"{what} {attempt(ask)}"
        for what, ask in [
            ("environment", lambda: sorted(os.environ)),
            ("variable", lambda: os.getenv("HOME")),
            ("arguments", lambda: sys.argv),
            ("input", lambda: repr(sys.stdin.read())),
            ("terminal", lambda: sys.stdout.isatty()),
            ("user", lambda: os.getlogin()),
        ]
    )


def connects() -> str:
    return ", ".join(
        f"{what} {attempt(ask)}"
        for what, ask in [
            ("name", lambda: socket.getaddrinfo("localhost", 80)),
            ("connection", lambda: socket.create_connection(("127.0.0.1", 80), timeout=1)),
            ("listener", lambda: socket.create_server(("127.0.0.1", 8080))),
            ("datagram", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 53))),
        ]
    )


def starts_others() -> str:
    return ", ".join(
        f"{what} {attempt(ask)}"
        for what, ask in [
            ("thread", lambda: threading.Thread(target=print).start()),
            ("process", lambda: subprocess.run(["true"], check=False)),
            ("fork", lambda: os.fork()),
            ("shell", lambda: os.system("true")),
        ]
    )


def imports_later() -> str:
    return attempt(lambda: __import__("sqlite3"))


def asks_for_the_time() -> str:
    return f"{time.time()} {time.monotonic()} {datetime.now(timezone.utc).isoformat()}"


def draws() -> str:
    """The same for every record. `random.random()` is not asked: what it keeps is the policy's own memory."""
    return f"{os.urandom(8).hex()} {secrets.randbelow(10**6)} {random.SystemRandom().random()} {uuid.uuid4()}"


def sleeps() -> str:
    for _ in range(100):
        time.sleep(HOUR)
    threading.Event().wait(timeout=HOUR)
    return "slept"


def prints_a_flood() -> str:
    print("printed to standard output")
    print("printed to standard error", file=sys.stderr)
    for _ in range(200):
        print("x" * 2000)
    return "printed"


def waits_busily() -> str:
    until = time.time() + HOUR
    while time.time() < until:
        pass
    return "waited"


def exits() -> str:
    os._exit(0)


def fills_memory() -> str:
    return f"{len(bytearray(1 << 30))} bytes"


def recurses() -> str:
    return recurses()


def draws_without_end() -> str:
    while True:
        os.urandom(4096)


# A task names a rule by its position.
ATTACKS = [
    reads_files,
    looks_around,
    connects,
    starts_others,
    imports_later,
    asks_for_the_time,
    draws,
    sleeps,
    prints_a_flood,
    waits_busily,
    exits,
    fills_memory,
    recurses,
    draws_without_end,
]


class Rules(exports.Rules):
    """The interface `rules` of the contract."""

    def describe(self) -> str:
        rules = [
            {"id": attack.__name__.replace("_", "-"), "title": attack.__name__, "severity": "low", "selectors": ["all"]}
            for attack in ATTACKS
        ]
        return json.dumps({"manifest_version": "1", "name": "python-system", "version": "1.0.0", "rules": rules})

    def configure(self, settings: str) -> None:
        pass

    def evaluate(self, records: bytes, ends: list[int], tasks: list[int]) -> list[Answer]:
        # A record's number and a rule's, side by side for each task.
        return [Answer(position, _verdict(ATTACKS[rule])) for position, rule in enumerate(tasks[1::2])]

    def conclude(self, group: str) -> None:
        raise Err("has no correlations")


def _verdict(attack) -> Verdict_Finding | Verdict_Error:
    try:
        return Verdict_Finding(Finding(None, None, attack(), "", None, ""))
    except Exception as error:
        return Verdict_Error(f"{type(error).__name__}: {error}")
