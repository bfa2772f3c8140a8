"""policy-sdk/toolchain/setup.sh finds a way to build policies, or says what to do.

The script runs in a small copy of the project, with stand-ins in front of the tools that it calls
(rustup, apt-get, sudo …), so nothing is installed here. One test takes the real Debian way, where
its packages are installed.
"""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

PROJECT = Path(__file__).parents[2]
SCRIPT = Path("policy-sdk/toolchain/setup.sh")

# Stands for a toolchain: builds "a component" once $LIBRARY exists, unless that is told to fail.
CARGO = """
case $1 in
--version) echo "cargo 1.95.0" ;;
build)
    [ -z "$BUILD_FAILS" ] || { echo "error: linker exploded" >&2; exit 101; }
    mkdir -p target/wasm32-unknown-unknown/release
    printf '\\0asm' >target/wasm32-unknown-unknown/release/toolchain_check.wasm ;;
esac
"""
RUSTC = """
case $* in
*target-libdir*) echo "$LIBRARY" ;;
*sysroot*) echo "$SYSROOT" ;;
-vV) echo "host: x86_64-unknown-linux-gnu" ;;
esac
"""
RUSTUP_WITHOUT_SERVERS = 'echo "error: could not download file" >&2; exit 1'
RUSTUP_WITH_SERVERS = 'mkdir -p "$LIBRARY"'
NOT_INSTALLED = "exit 1"
OFFERS_ONE_VERSION = 'echo " $2 | 1.96.0+x | http://example.com stable/main amd64 Packages"'
OFFERS_DIFFERENT_VERSIONS = """
case $2 in rustc-web) v=1.96.0+x ;; *) v=1.97.0+x ;; esac
echo " $2 | $v | http://example.com stable/main amd64 Packages"
"""
OFFERS_AN_OLD_VERSION = 'echo " $2 | 1.85.0+x | http://example.com stable/main amd64 Packages"'
INSTALL_FAILS = 'case $* in *update*) ;; *) exit 100 ;; esac'


def debian_packages_are_installed():
    if shutil.which("dpkg-query") is None:
        return False
    packages = ["rustc-web", "cargo-web", "rust-web-src"]
    return subprocess.run(["dpkg-query", "-W", *packages], capture_output=True, check=False).returncode == 0


class Setup(unittest.TestCase):
    """Each test is one kind of machine."""

    def setUp(self):
        self.root = Path(tempfile.mkdtemp(prefix="trailwarden-setup-"))
        self.addCleanup(shutil.rmtree, self.root)
        self.project = self.root / "project"
        (self.project / SCRIPT).parent.mkdir(parents=True)
        shutil.copy(PROJECT / SCRIPT, self.project / SCRIPT)
        shutil.copy(PROJECT / "Cargo.toml", self.project)
        self.stubs = self.root / "bin"
        self.stubs.mkdir()
        self.calls = self.root / "calls"
        self.calls.touch()
        self.library = self.root / "library"
        self.stub("cargo", CARGO)
        self.stub("rustc", RUSTC)
        self.stub("rustup", RUSTUP_WITHOUT_SERVERS)
        self.stub("dpkg-query", NOT_INSTALLED)
        self.stub("apt-cache", OFFERS_ONE_VERSION)
        self.stub("apt-get", INSTALL_FAILS)

    def stub(self, name, body):
        path = self.stubs / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >>"{self.calls}"\n{body}\n')
        path.chmod(0o755)

    def run_setup(self, **variables):
        environment = {
            "PATH": f"{self.stubs}:/usr/bin:/bin",
            "HOME": os.environ["HOME"],
            "LIBRARY": str(self.library),
            "SYSROOT": str(self.root),
            **variables,
        }
        return subprocess.run(
            [str(self.project / SCRIPT)], env=environment, capture_output=True, text=True, check=False, timeout=900
        )

    def calls_of(self, name):
        return [line for line in self.calls.read_text().splitlines() if line.startswith(f"{name} ")]

    def test_a_target_that_is_there_is_left_alone(self):
        self.library.mkdir()
        done = self.run_setup()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("nothing to do", done.stderr)
        self.assertEqual(self.calls_of("rustup") + self.calls_of("apt-get"), [])

    def test_a_missing_target_is_added_by_rustup_and_the_second_run_does_nothing(self):
        self.stub("rustup", RUSTUP_WITH_SERVERS)
        first, second = self.run_setup(), self.run_setup()
        self.assertEqual((first.returncode, second.returncode), (0, 0), first.stderr + second.stderr)
        self.assertIn("done: policies are built", first.stderr)
        self.assertIn("nothing to do", second.stderr)
        self.assertEqual(self.calls_of("rustup"), ["rustup target add wasm32-unknown-unknown"])

    def test_a_target_that_cannot_link_is_not_taken_for_a_working_one(self):
        self.library.mkdir()
        works = self.run_setup()
        broken = self.run_setup(BUILD_FAILS="1", TRAILWARDEN_WASM_TOOLCHAIN="rustup")
        self.assertEqual(works.returncode, 0, works.stderr)
        self.assertEqual(broken.returncode, 1, "the component of the build before was taken for this one's")
        self.assertIn("linker exploded", broken.stderr)

    def test_without_servers_debian_packages_of_one_version_are_asked_for_and_nothing_is_removed(self):
        done = self.run_setup()
        self.assertEqual(done.returncode, 1)
        update, install = self.calls_of("apt-get")
        self.assertEqual(update, "apt-get update -q")
        self.assertIn("--no-remove", install)
        self.assertTrue(install.endswith("rustc-web=1.96.0+x cargo-web=1.96.0+x rust-web-src=1.96.0+x"), install)
        self.assertIn("to be installed: rustc-web cargo-web rust-web-src", done.stderr)

    def test_forced_to_rustup_it_never_calls_apt_and_says_what_to_do(self):
        done = self.run_setup(TRAILWARDEN_WASM_TOOLCHAIN="rustup")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(self.calls_of("apt-get"), [])
        self.assertIn("rustup target add wasm32-unknown-unknown", done.stderr)

    def test_packages_of_different_versions_are_not_installed(self):
        self.stub("apt-cache", OFFERS_DIFFERENT_VERSIONS)
        done = self.run_setup()
        self.assertEqual((done.returncode, self.calls_of("apt-get")), (1, ["apt-get update -q"]))
        self.assertIn("no one version", done.stderr)

    def test_packages_older_than_the_workspace_needs_are_not_installed(self):
        self.stub("apt-cache", OFFERS_AN_OLD_VERSION)
        done = self.run_setup()
        self.assertEqual((done.returncode, self.calls_of("apt-get")), (1, ["apt-get update -q"]))
        self.assertIn("apt offers Rust 1.85.0+x", done.stderr)

    def test_sudo_is_asked_only_for_apt_and_only_when_not_root(self):
        self.stub("id", "echo 1000")
        self.stub("sudo", '"$@"')
        done = self.run_setup()
        self.assertEqual(done.returncode, 1)
        self.assertIn("sudo is asked for", done.stderr)
        self.assertEqual(len(self.calls_of("sudo")), 2)
        self.assertTrue(all("apt-get" in call for call in self.calls_of("sudo")))

    def test_root_needs_no_sudo(self):
        self.stub("id", "echo 0")
        self.stub("sudo", '"$@"')
        self.run_setup()
        self.assertEqual(self.calls_of("sudo"), [])

    def test_an_unknown_way_is_wrong_usage(self):
        done = self.run_setup(TRAILWARDEN_WASM_TOOLCHAIN="snap")
        self.assertEqual(done.returncode, 2)
        self.assertIn("rustup or debian", done.stderr)

    @unittest.skipUnless(debian_packages_are_installed(), "Debian's rustc-web, cargo-web, rust-web-src are not installed")
    def test_without_servers_debian_packages_really_build_for_the_target(self):
        real_rustc = shutil.which("rustc")
        if real_rustc is None:
            self.skipTest("no Rust toolchain on the path")
        self.stub("rustc", f'case $* in *target-libdir*) echo "$LIBRARY" ;; *) exec "{real_rustc}" "$@" ;; esac')
        (self.stubs / "dpkg-query").unlink()
        done = self.run_setup()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("from Debian", done.stderr)
        self.assertEqual(self.calls_of("rustup") + self.calls_of("apt-get"), [])


if __name__ == "__main__":
    unittest.main()
