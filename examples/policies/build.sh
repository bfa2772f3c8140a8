#!/usr/bin/env bash
#
# build.sh OUT FOLDER...: builds policies that are not written in Rust, each with its language's own tool:
#
#   a folder with app.py                componentize-py, from the Python package registry
#   a folder with app.js and build.js   componentize-js, from the npm registry
#
# The tools go into target/other-languages, in the versions that python-identity and javascript-identity
# beside this file pin; the policies become OUT/NAME.wasm. What is up to date is left alone.
# Needs python3 with its venv module, and Node.js 20 or newer with npm, each where its language is built.
# Exit codes: 0 all are built, 1 one is not (what to do is said), 2 wrong usage.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$(cd "$here/../.." && pwd)
readonly here project
readonly wit="$project/policy-sdk/wit"
readonly tools="$project/target/other-languages"
readonly venv="$tools/venv"
readonly packages="$tools/javascript"
readonly python_pins="$here/python-identity/requirements.txt"
readonly javascript_pins=("$here/javascript-identity/package.json" "$here/javascript-identity/package-lock.json")

say() { printf 'policies-other-languages: %s\n' "$*" >&2; }

fail() {
    printf 'error: %s\n' "$@" >&2
    exit 1
}

# Does something unless it was done for the same files, by the same version of what runs it. The stamp
# goes first and comes last, so that what was cut short is never taken for whole.
once() {
    local what=$1 made=$2 wanted=$3 stamp
    shift 3
    stamp="$tools/${what//\//-}.stamp"
    if [[ -e $made && -f $stamp && $(<"$stamp") == "$wanted" ]]; then
        say "$what is up to date"
        return
    fi
    say "making $what"
    rm -f "$stamp"
    "$@"
    printf '%s\n' "$wanted" >"$stamp"
}

# Contents of files and folders, by name.
fingerprint() { find "$@" -type f -not -path '*/__pycache__/*' -print0 | sort -z | xargs -0 sha256sum; }

install_python_tool() {
    python3 -c 'import venv, ensurepip' 2>/dev/null ||
        fail "python3 has no venv or ensurepip module; install it (Debian and Ubuntu: apt-get install python3-venv)"
    python3 -m venv --clear "$venv" || fail "python3 could not make $venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$python_pins" >&2 ||
        fail "pip could not install $python_pins; is a Python package registry reached from here?"
}

python_policy() {
    local source=$1 output=$2
    "$venv/bin/componentize-py" --quiet --wit-path "$wit" --world policy \
        componentize --python-path "$source" --output "$output" app
}

install_javascript_tool() {
    mkdir -p "$packages"
    cp "${javascript_pins[@]}" "$packages"
    # Not `npm ci`: it wants the lock file to name packages for platforms that not every registry has.
    npm install --prefix "$packages" --no-save --silent --no-audit --no-fund >&2 ||
        fail "npm could not install ${javascript_pins[1]}; is an npm registry reached from here?"
}

# Node looks for packages beside the file that imports them, so the sources go to the packages.
javascript_policy() {
    local source=$1 output=$2 copy
    copy="$packages/$(basename "$source")"
    rm -rf "$copy"
    mkdir "$copy"
    cp "$source"/*.js "$copy"
    node "$copy/build.js" "$wit" "$output"
}

require_python() {
    have python3 || fail "python3 was not found; install it (Debian and Ubuntu: apt-get install python3 python3-venv)"
}

require_node() {
    if ! have node || ! have npm; then
        fail "node and npm were not found; install Node.js 20 or newer (Debian and Ubuntu: apt-get install nodejs npm)"
    fi
    local version
    version=$(node --version)
    version=${version#v}
    ((${version%%.*} >= 20)) || fail "Node.js $version is here, and 20 or newer is needed; install it from https://nodejs.org"
}

# make_policy HOW SOURCE OUTPUT: whole or not at all, for a host that watches the folder.
make_policy() {
    local how=$1 source=$2 output=$3
    "$how" "$source" "$output.part"
    mv "$output.part" "$output"
}

build() {
    local out=$1 source=$2 name made runs how
    name=$(basename "$source")
    made="$out/$name.wasm"
    if [[ -f $source/app.py ]]; then
        require_python
        runs=$(python3 --version)
        how=python_policy
        once python-tool "$venv" "$runs $(sha256sum <"$python_pins")" install_python_tool
    elif [[ -f $source/app.js ]]; then
        require_node
        runs=$(node --version)
        how=javascript_policy
        once javascript-tool "$packages/node_modules" "$runs $(cat "${javascript_pins[@]}" | sha256sum)" install_javascript_tool
    else
        fail "$source has neither app.py nor app.js, so it is no policy that can be built here"
    fi
    once "$(basename "$out")/$name" "$made" "$runs $(fingerprint "$source" "$wit" "$here/build.sh")" make_policy "$how" "$source" "$made"
}

have() { command -v "$1" >/dev/null 2>&1; }

if (($# < 2)); then
    printf 'error: a folder for what is built and a policy\x27s folder are missing\nusage: build.sh OUT FOLDER...\n' >&2
    exit 2
fi
mkdir -p "$tools" "$1"
out=$(cd "$1" && pwd)
shift
for source in "$@"; do
    build "$out" "$(cd "$source" && pwd)"
done
