#!/usr/bin/env bash
#
# Gives this machine a way to build policies, that is, Rust for wasm32-unknown-unknown.
#
# There are two ways, and `trailwarden policy build` looks for them in the same order:
#   rustup  the target's standard library comes ready-made from rustup's servers;
#   debian  where only package registries are reached: Debian's rustc-web, cargo-web and rust-web-src
#           build the standard library from source, and the installed toolchain's rust-lld links.
#
# Running it again does nothing where a way already works. Either way is proved by building a crate.
# TRAILWARDEN_WASM_TOOLCHAIN=rustup|debian forces a way.
# Exit codes: 0 policies can be built, 1 they cannot (what to do is said), 2 wrong usage.

set -euo pipefail

readonly TARGET=wasm32-unknown-unknown
readonly RUSTUP_SECONDS=120
readonly DEBIAN_CARGO=/usr/bin/cargo
readonly DEBIAN_RUSTC=/usr/bin/rustc
readonly DEBIAN_PACKAGES=(rustc-web cargo-web rust-web-src)

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly project
readonly checks="$project/target/toolchain-check"

say() { printf 'setup: %s\n' "$*" >&2; }

fail() {
    printf 'error: %s\n' "$@" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# --- what every build needs --------------------------------------------------

require_build_tools() {
    if ! have cargo || ! have rustc; then
        fail "no Rust toolchain found (cargo and rustc)" "install one as https://rustup.rs says, then run this again"
    fi
    have cc ||
        fail "no C linker found (cc), which Rust needs" "install one (Debian and Ubuntu: apt-get install gcc libc6-dev), then run this again"
}

# --- the proof: build a crate that needs the standard library ----------------

# Writes a file only where its content changes, so that cargo builds nothing twice.
write_if_changed() {
    local file=$1 content=$2
    if [[ ! -f $file || $(<"$file") != "$content" ]]; then
        printf '%s\n' "$content" >"$file"
    fi
}

# prove WAY COMMAND...: builds the crate with `COMMAND... --release --target ...` and looks at what came out.
# What the build printed is in $checks/WAY.log.
prove() {
    local way=$1
    shift
    mkdir -p "$checks/$way/src"
    write_if_changed "$checks/$way/Cargo.toml" '[package]
name = "toolchain-check"
version = "0.0.0"
edition = "2021"

[lib]
crate-type = ["cdylib"]

# Not a member of the workspace around it.
[workspace]'
    write_if_changed "$checks/$way/src/lib.rs" '#[no_mangle]
pub extern "C" fn length_of_a_string(letters: usize) -> usize {
    "a".repeat(letters).len()
}'
    # Joined by && because callers test the result, and bash then ignores `set -e` in here.
    (
        cd "$checks/$way" &&
            "$@" --release --target "$TARGET" --target-dir target &&
            [[ $(head -c 4 "target/$TARGET/release/toolchain_check.wasm" | od -An -tx1) == " 00 61 73 6d" ]]
    ) >"$checks/$way.log" 2>&1
}

show_log() {
    say "the build that failed, from $checks/$1.log:"
    tail -n 15 "$checks/$1.log" >&2
}

# --- the way by rustup -------------------------------------------------------

rustup_way_works() {
    local library
    library=$(rustc --print target-libdir --target "$TARGET" 2>/dev/null) || return 1
    [[ -d $library ]] || return 1
    prove rustup cargo build || {
        show_log rustup
        return 1
    }
}

within_seconds() {
    local seconds=$1
    shift
    if have timeout; then
        timeout "$seconds" "$@"
    else
        "$@"
    fi
}

add_rustup_target() {
    have rustup || {
        say "no rustup here, so $TARGET cannot be added by it"
        return 1
    }
    say "adding $TARGET with rustup (at most $RUSTUP_SECONDS s)"
    within_seconds "$RUSTUP_SECONDS" rustup target add "$TARGET" >&2 || {
        say "rustup could not add $TARGET; are its servers reached from here?"
        return 1
    }
    rustup_way_works
}

# --- the way by Debian's packages --------------------------------------------

# The version that all three packages are installed in; fails where there is none.
installed_version() {
    local package status version common=''
    for package in "${DEBIAN_PACKAGES[@]}"; do
        # shellcheck disable=SC2016  # dpkg-query expands these, not the shell
        read -r status version < <(dpkg-query -W -f='${db:Status-Status} ${Version}\n' "$package" 2>/dev/null) || return 1
        [[ $status == installed ]] || return 1
        [[ -z $common || $common == "$version" ]] || return 1
        common=$version
    done
    printf '%s\n' "$common"
}

# The newest version that apt offers of all three packages; fails where there is none.
offered_version() {
    local package offered common=''
    for package in "${DEBIAN_PACKAGES[@]}"; do
        offered=$(apt-cache madison "$package" 2>/dev/null | awk '$5 != "" { print $3 }' | sort -u)
        if [[ -z $common ]]; then
            common=$offered
        else
            common=$(comm -12 <(printf '%s\n' "$common") <(printf '%s\n' "$offered"))
        fi
        [[ -n $common ]] || return 1
    done
    printf '%s\n' "$common" | sort -V | tail -n 1
}

required_rust_version() {
    sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$project/Cargo.toml" | head -n 1
}

# at_least WANTED FOUND: compares versions by their numbers.
at_least() { [[ $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]; }

debian_way_works() {
    local linker host
    installed_version >/dev/null || return 1
    host=$(rustc -vV | sed -n 's/^host: //p')
    linker="$(rustc --print sysroot)/lib/rustlib/$host/bin/rust-lld"
    [[ -x $linker ]] || {
        say "the installed toolchain has no rust-lld ($linker), which links WebAssembly; one installed by rustup has it"
        return 1
    }
    [[ -d $checks/debian/target ]] || say "building the standard library for $TARGET from source (a minute, the first time)"
    prove debian env -u RUSTUP_TOOLCHAIN -u RUSTC_WRAPPER RUSTC="$DEBIAN_RUSTC" RUSTC_BOOTSTRAP=1 \
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$linker" \
        "$DEBIAN_CARGO" build -Zbuild-std=std,panic_abort || {
        show_log debian
        return 1
    }
}

as_root() {
    if [[ $(id -u) == 0 ]]; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        say "this needs root, and there is no sudo: run as root: $*"
        return 1
    fi
}

install_debian_packages() {
    local version package wanted=()
    have apt-get || {
        say "no apt-get here, so Debian's packages cannot be installed"
        return 1
    }
    say "to be installed: ${DEBIAN_PACKAGES[*]} (Debian's Rust, which builds the standard library for $TARGET from source)"
    [[ $(id -u) == 0 ]] || say "sudo is asked for, for apt-get update and this installation only"
    as_root apt-get update -q >&2 || {
        say "apt-get update failed, nothing was installed"
        return 1
    }
    version=$(offered_version) || {
        say "apt offers no one version of all of ${DEBIAN_PACKAGES[*]}, nothing was installed"
        return 1
    }
    at_least "$(required_rust_version)" "$version" || {
        say "apt offers Rust $version, and $(required_rust_version) is needed; nothing was installed"
        return 1
    }
    for package in "${DEBIAN_PACKAGES[@]}"; do
        wanted+=("$package=$version")
    done
    # --no-remove: these packages conflict with Debian's rustc and rustup, which are not ours to remove.
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-remove --no-install-recommends "${wanted[@]}" >&2 || {
        say "apt-get could not install ${wanted[*]}; where it names packages to be removed, remove them yourself first"
        return 1
    }
    debian_way_works
}

# --- choosing ----------------------------------------------------------------

done_by_rustup() { say "$1: policies are built by $(cargo --version) with rustup's $TARGET"; }

done_by_debian() { say "$1: policies are built by $("$DEBIAN_CARGO" --version) from Debian, its standard library from source"; }

readonly ADVICE=(
    "where rustup's servers are reached: rustup target add $TARGET"
    "on Debian and Ubuntu: apt-get update && apt-get install ${DEBIAN_PACKAGES[*]} (one version of all three)"
)

main() {
    local way=${TRAILWARDEN_WASM_TOOLCHAIN:-}
    case $way in
    '' | rustup | debian) ;;
    *)
        printf 'error: TRAILWARDEN_WASM_TOOLCHAIN is "%s", and can be rustup or debian (or unset)\n' "$way" >&2
        exit 2
        ;;
    esac
    require_build_tools
    # What works already comes first, so that a machine without rustup's servers waits for them once.
    if [[ $way != debian ]] && rustup_way_works; then
        done_by_rustup "nothing to do"
    elif [[ $way != rustup ]] && debian_way_works; then
        done_by_debian "nothing to do"
    elif [[ $way != debian ]] && add_rustup_target; then
        done_by_rustup "done"
    elif [[ $way != rustup ]] && install_debian_packages; then
        done_by_debian "done"
    else
        fail "this machine cannot build policies for $TARGET yet" "${ADVICE[@]}" "then run this again"
    fi
}

main
