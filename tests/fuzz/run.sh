#!/usr/bin/env bash
#
# run.sh MINUTES [TARGET]: runs one fuzz target, or all of them at once, for so many minutes.
#
# Everything stays under target/fuzz: seeds/TARGET are made of a sample day, corpus/TARGET grows from
# run to run, artefacts/TARGET keeps each input at which something did not hold, and the first thing that
# a run does is to try those of earlier runs again. logs/TARGET.log has what the last run printed.
# Needs cargo-fuzz, a nightly toolchain and a C++ compiler; installs nothing.
# Exit codes: 0 nothing was found, 1 something was found or a target could not be run (which is said),
# 2 wrong usage, 3 something is missing here (what to install is said).

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$(cd "$here/../.." && pwd)
readonly here project
readonly work="$project/target/fuzz"
readonly build="$work/build"
# libFuzzer's own exit code for a run that was told to end before its time.
readonly INTERRUPTED=72
# One input may take so long, and a target may hold so much: far more than any needs. The time is wall time, and at the lowest
# priority a busy machine lets seconds pass in which nothing runs.
readonly SECONDS_PER_INPUT=120
readonly MEBIBYTES=2048
# About the largest seed: longer inputs mostly repeat what shorter ones say.
readonly INPUT_BYTES=65536
# The splitter repeats some of its inputs to pass what it holds at once, and reads each four times.
readonly SPLITTER_BYTES=8192

say() { printf 'fuzz: %s\n' "$*" >&2; }

missing() {
    printf 'error: %s\n' "$@" >&2
    exit 3
}

usage() {
    printf 'error: %s\n' "$@" "usage: make fuzz MINUTES=60 [TARGET=image]" >&2
    exit 2
}

# The targets are the binaries that libfuzzer/Cargo.toml names.
targets() { sed -n '/^\[\[bin\]\]/,/^$/s/^name = "\(.*\)"$/\1/p' "$here/libfuzzer/Cargo.toml"; }

require_tools() {
    cargo +nightly --version >/dev/null 2>&1 ||
        missing "there is no nightly toolchain here, which the fuzzers' instrumentation needs" \
            "install one: rustup toolchain install nightly"
    cargo fuzz --version >/dev/null 2>&1 ||
        missing "cargo-fuzz was not found" "install it: cargo install --locked cargo-fuzz"
    command -v c++ >/dev/null ||
        missing "no C++ compiler found (c++), which builds libFuzzer" "install one (Debian and Ubuntu: apt-get install g++)"
}

# The fuzzers are a workspace of their own, and build what the project builds: its lock file, and what
# they need besides. Copied only where the project's has changed, since cargo adds to the copy.
take_lock_file() {
    local wanted stamp="$work/lock-file.sha256"
    wanted=$(sha256sum <"$project/Cargo.lock")
    if [[ ! -f $here/libfuzzer/Cargo.lock || ! -f $stamp || $(<"$stamp") != "$wanted" ]]; then
        cp "$project/Cargo.lock" "$here/libfuzzer/Cargo.lock"
        printf '%s\n' "$wanted" >"$stamp"
    fi
}

# Without a sanitizer, which looks for what unsafe code does wrong and makes every input slower: none of
# the project's unsafe blocks is reached from here. Overflows and debug assertions are checked.
build_targets() {
    say "building (several minutes, the first time)"
    CARGO_TARGET_DIR="$build" cargo +nightly fuzz build --fuzz-dir "$here/libfuzzer" --sanitizer none --debug-assertions
    (cd "$project" && CARGO_TARGET_DIR="$project/target" cargo build --release --locked --workspace --bin fuzz-seeds)
    "$project/target/release/fuzz-seeds" "$work/seeds"
}

binary() {
    local host
    host=$(rustc +nightly -vV | sed -n 's/^host: //p')
    printf '%s/%s/release/%s\n' "$build" "$host" "$1"
}

# Replaces this shell by the fuzzer, so that a signal for the one is one for the other.
run() {
    local target=$1 seconds=$2 length=$INPUT_BYTES
    [[ $target != splitter ]] || length=$SPLITTER_BYTES
    mkdir -p "$work/corpus/$target" "$work/artefacts/$target"
    # The first folder takes new inputs; the others are read.
    exec nice -n 19 "$(binary "$target")" "$work/corpus/$target" "$work/seeds/$target" "$work/artefacts/$target" \
        -artifact_prefix="$work/artefacts/$target/" -max_total_time="$seconds" -max_len="$length" \
        -timeout="$SECONDS_PER_INPUT" -rss_limit_mb="$MEBIBYTES" -print_final_stats=1
}

# The last number behind a word in a log: libFuzzer prints its counts again and again.
last_number() { grep -oP "$1\\s*\\K[0-9]+" "$2" | tail -n 1; }

# One line of the summary; fails where the target did not end well.
report() {
    local target=$1 code=$2 log="$work/logs/$1.log" outcome
    case $code in
    0) outcome="nothing found" ;;
    "$INTERRUPTED") outcome="nothing found, interrupted" ;;
    *) outcome="FOUND (exit code $code)" ;;
    esac
    printf '%-10s %14s %10s %8s  %s\n' "$target" "$(last_number 'stat::number_of_executed_units:' "$log" || echo '?')" \
        "$(last_number 'cov:' "$log" || echo '?')" "$(find "$work/corpus/$target" -type f | wc -l)" "$outcome"
    [[ $code == 0 || $code == "$INTERRUPTED" ]]
}

# What was found, from the log, and how it is repeated.
explain() {
    local target=$1 log="$work/logs/$1.log" input
    input=$(grep -oP 'Test unit written to \K.*' "$log" | tail -n 1 || true)
    printf '\n%s:\n' "$target"
    grep -A3 -m1 -E 'panicked at|^==[0-9]+==' "$log" || tail -n 5 "$log"
    if [[ -n $input ]]; then
        printf 'again: %s %s\n' "$(binary "$target")" "$input"
    else
        printf 'it left no input; see %s\n' "$log"
    fi
}

main() {
    local minutes=${1:-} only=${2:-} target begun=$SECONDS
    [[ $minutes =~ ^[1-9][0-9]{0,4}$ ]] || usage "MINUTES is \"$minutes\", and is a number of minutes from 1 on"
    local chosen=()
    mapfile -t chosen < <(targets)
    if [[ -n $only ]]; then
        [[ " ${chosen[*]} " == *" $only "* ]] || usage "there is no target \"$only\"; there are: ${chosen[*]}"
        chosen=("$only")
    fi
    require_tools
    mkdir -p "$work/logs"
    take_lock_file
    build_targets

    say "${chosen[*]}: $minutes minutes, all at once, at the lowest priority; logs in target/fuzz/logs"
    declare -A pids=() codes=()
    for target in "${chosen[@]}"; do
        run "$target" "$((minutes * 60))" >"$work/logs/$target.log" 2>&1 &
        pids[$target]=$!
    done
    trap 'say "told to end"; kill -TERM "${pids[@]}" 2>/dev/null || true' INT TERM
    for target in "${chosen[@]}"; do
        # A signal ends the waiting, not the fuzzer; it is waited for until it has ended.
        while :; do
            codes[$target]=0
            wait "${pids[$target]}" || codes[$target]=$?
            kill -0 "${pids[$target]}" 2>/dev/null || break
        done
    done
    trap - INT TERM

    local failed=()
    printf '%-10s %14s %10s %8s\n' target executions coverage corpus
    for target in "${chosen[@]}"; do
        report "$target" "${codes[$target]}" || failed+=("$target")
    done
    say "$(((SECONDS - begun) / 60)) minutes in all, with building"
    for target in "${failed[@]}"; do
        explain "$target"
    done
    [[ ${#failed[@]} == 0 ]]
}

main "$@"
