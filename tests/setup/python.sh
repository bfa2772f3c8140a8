#!/usr/bin/env bash
#
# Makes target/venv with the Python tools that the tests and `make lint` use, as pinned in
# requirements.txt beside this file. Does nothing where they are there already.
# Needs python3 with its venv module. Exit codes: 0 the tools are there, 1 they are not (what to do is said).

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly requirements="$here/requirements.txt"
readonly venv="$here/../../target/venv"
readonly stamp="$venv/requirements.installed"

say() { printf 'setup-tests: %s\n' "$*" >&2; }

fail() {
    printf 'error: %s\n' "$@" >&2
    exit 1
}

command -v python3 >/dev/null ||
    fail "python3 was not found; install it (Debian and Ubuntu: apt-get install python3 python3-venv)"

# The version counts too: packages for one Python are not found by another.
wanted=$(python3 --version && cat "$requirements")
readonly wanted

if [[ -x $venv/bin/python && -f $stamp && $(<"$stamp") == "$wanted" ]]; then
    say "nothing to do: target/venv has all of tests/setup/requirements.txt"
    exit 0
fi

python3 -c 'import venv, ensurepip' 2>/dev/null ||
    fail "python3 has no venv or ensurepip module; install it (Debian and Ubuntu: apt-get install python3-venv)"

say "installing tests/setup/requirements.txt into target/venv"
# The stamp goes first and comes last, so that an installation cut short is never taken for a whole one.
rm -f "$stamp"
python3 -m venv --clear "$venv" || fail "python3 could not make target/venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements" >&2 ||
    fail "pip could not install tests/setup/requirements.txt; is a Python package registry reached from here?"
printf '%s\n' "$wanted" >"$stamp"
say "done: target/venv is ready"
