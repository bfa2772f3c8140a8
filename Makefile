# Every command a person needs; `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# One place for build products, whatever the caller's own configuration says: recipes name files in it.
export CARGO_TARGET_DIR := $(CURDIR)/target
export PYTHONPYCACHEPREFIX := $(CURDIR)/target/pycache

# The whole workspace at once and in release: cargo then settles on one set of features for every
# dependency, so the demo, the tests and the lints share what is built.
WORKSPACE := --release --locked --workspace
TRAILWARDEN := target/release/trailwarden
PYTHON := target/venv/bin/python
SHELL_SCRIPTS = .ci/run $(shell find examples policies policy-sdk tests -name '*.sh' 2>/dev/null)
PYTHON_FILES = $(shell find examples policies policy-sdk tests -name '*.py' 2>/dev/null)

.PHONY: help
help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-24s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## give this machine what building policies needs; says what it did
	@policy-sdk/toolchain/setup.sh

.PHONY: setup-tests
setup-tests: ## make target/venv with the Python tools of the tests
	@tests/setup/python.sh

.PHONY: build
build: setup ## build the trailwarden binary (target/release/trailwarden)
	cargo build $(WORKSPACE)

.PHONY: policies
policies: build ## compile the policies that ship to Wasm (target/policies)
	$(TRAILWARDEN) policy build policies --out target/policies

.PHONY: policies-other-languages
policies-other-languages: ## build the example policies in Python and JavaScript (target/policies-other-languages)
	@examples/policies/build.sh target/policies-other-languages examples/policies/python-identity examples/policies/javascript-identity

.PHONY: demo
demo: policies ## judge a day of example records and print the findings
	rm -rf target/demo
	target/release/sample-day target/demo/records
	$(TRAILWARDEN) scan -p target/policies -c examples/sample-day/trailwarden.toml --format table target/demo/records
	@printf '%s\n' '' \
		'Where to go next:' \
		'  the story behind these findings    target/release/sample-day --story' \
		'  the same as OCSF, one a line       $(TRAILWARDEN) scan -p target/policies -c examples/sample-day/trailwarden.toml --format ocsf target/demo/records' \
		'  your own records                   $(TRAILWARDEN) scan -p target/policies PATH' \
		'  a policy of your own               $(TRAILWARDEN) policy new NAME' \
		'  what it is and how it works        README.md'

.PHONY: test
test: setup-tests policies policies-other-languages ## run every test
	$(TRAILWARDEN) policy build tests/hostile --out target/hostile
	examples/policies/build.sh target/hostile-other-languages tests/other-languages/python-system tests/other-languages/javascript-system
	cargo test $(WORKSPACE)
	$(TRAILWARDEN) policy test policies
	$(PYTHON) -m unittest discover --start-directory tests/ocsf
	$(PYTHON) -m unittest discover --start-directory tests/schemas
	$(PYTHON) -m unittest discover --start-directory tests/setup
	$(PYTHON) -m unittest discover --start-directory tests/telemetry

# Real records where they are, else a day of example records.
BENCH_RECORDS := $(or $(wildcard ../shared/records),target/bench-records)

.PHONY: bench
bench: policies ## measure what a record and a thousand policies cost, and what hostile policies cost the others
	$(TRAILWARDEN) policy build tests/bench --out target/bench
	rm -rf target/bench-records
	target/release/sample-day target/bench-records
	cargo bench --locked --workspace --bench record_image -- $(abspath target/bench $(BENCH_RECORDS))
	cargo bench --locked --workspace --bench load -- $(abspath target/bench-load \
		$(addprefix target/policies/,audit-log.wasm compute.wasm identity.wasm storage.wasm) target/bench/bench-three-lookups.wasm) \
		-- $(abspath $(BENCH_RECORDS))
	cargo bench --locked --workspace --bench hostile_neighbours -- $(abspath $(TRAILWARDEN) target/policies)

.PHONY: hostile-page
hostile-page: build ## print docs/reference/hostile-cases.md from the table of hostile policies
	target/release/hostile-policies --page > target/hostile-cases.md
	mv target/hostile-cases.md docs/reference/hostile-cases.md

.PHONY: rules-page
rules-page: policies ## print docs/reference/rules.md from what the policies that ship say of themselves
	$(TRAILWARDEN) policy catalogue target/policies > target/rules.md
	mv target/rules.md docs/reference/rules.md

.PHONY: fuzz
fuzz: ## fuzz every target for MINUTES, or one: make fuzz MINUTES=60 TARGET=image
	@tests/fuzz/run.sh "$(MINUTES)" "$(TARGET)"

.PHONY: mutants
mutants: setup ## take each condition of each shipped rule away and see that a fixture notices
	python3 tests/mutants/mutants.py

.PHONY: lint
lint: setup-tests ## check format, clippy, documentation, shell and Python
	cargo fmt --all --check
	cargo clippy $(WORKSPACE) --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc $(WORKSPACE) --no-deps
	target/venv/bin/shellcheck $(SHELL_SCRIPTS)
	$(PYTHON) -W error -m py_compile $(PYTHON_FILES)

.PHONY: fmt
fmt: ## format the Rust code
	cargo fmt --all

.PHONY: doc
doc: ## build the code's documentation (target/doc)
	cargo doc $(WORKSPACE) --no-deps

.PHONY: clean
clean: ## remove everything that was built (target)
	rm -rf target
