#!/usr/bin/env bash
#
# Builds the example policies that are not written in Rust, each with its language's own tool:
#
#   python-identity      componentize-py, from the Python package registry
#   javascript-identity  componentize-js, from the npm registry
#
# The tools go into target/other-languages, in the versions that the policies' folders pin; the
# policies become target/policies-other-languages/NAME.wasm. What is up to date is left alone.
# Needs python3 with its venv module, and Node.js 20 or newer with npm.
# Exit codes: 0 both are built, 1 they are not (what to do is said).

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$(cd "$here/../.." && pwd)
readonly here project
readonly wit="$project/policy-sdk/wit"
readonly tools="$project/target/other-languages"
readonly out="$project/target/policies-other-languages"

say() { printf 'policies-other-languages: %s\n' "$*" >&2; }

fail() {
    printf 'error: %s\n' "$@" >&2
    exit 1
}

# What a policy is made of: file names and contents, and the version of what runs its tool.
fingerprint() {
    local policy=$1 runs=$2
    "$runs" --version
    (cd "$here/$policy" && find . "$wit" "$here/build.sh" -type f -not -path '*/__pycache__/*' -print0 | sort -z | xargs -0 sha256sum)
}

# Builds a policy unless it is up to date. The stamp goes first and comes last, so that what was cut
# short is never taken for whole.
build() {
    local policy=$1 runs=$2 how=$3
    local stamp="$tools/$policy.built" wanted
    wanted=$(fingerprint "$policy" "$runs")
    if [[ -f $out/$policy.wasm && -f $stamp && $(<"$stamp") == "$wanted" ]]; then
        say "$policy is up to date"
        return
    fi
    say "building $policy"
    rm -f "$stamp"
    "$how" "$here/$policy" "$tools/$policy.wasm"
    # Whole or not at all, for a host that watches the folder.
    mv "$tools/$policy.wasm" "$out/$policy.wasm"
    printf '%s\n' "$wanted" >"$stamp"
}

python_policy() {
    local source=$1 output=$2 venv="$tools/venv"
    python3 -m venv --clear "$venv" ||
        fail "python3 could not make $venv; has it a venv module? (Debian and Ubuntu: apt-get install python3-venv)"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$source/requirements.txt" >&2 ||
        fail "pip could not install $source/requirements.txt; is a Python package registry reached from here?"
    "$venv/bin/componentize-py" --quiet --wit-path "$wit" --world policy \
        componentize --python-path "$source" --output "$output" app
}

# Node looks for packages beside the file that imports them, so the sources go to the packages.
javascript_policy() {
    local source=$1 output=$2 folder="$tools/javascript"
    mkdir -p "$folder"
    cp "$source"/*.js "$source"/package.json "$source"/package-lock.json "$folder"
    # Not `npm ci`: it wants the lock file to name packages for platforms that not every registry has.
    npm install --prefix "$folder" --no-save --silent --no-audit --no-fund >&2 ||
        fail "npm could not install $source/package-lock.json; is an npm registry reached from here?"
    node "$folder/build.js" "$wit" "$output"
}

command -v python3 >/dev/null || fail "python3 was not found; install it (Debian and Ubuntu: apt-get install python3 python3-venv)"
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    fail "node and npm were not found; install Node.js 20 or newer (Debian and Ubuntu: apt-get install nodejs npm)"
fi

mkdir -p "$tools" "$out"
build python-identity python3 python_policy
build javascript-identity node javascript_policy
