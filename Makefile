# Two commands do everything on a machine that has Rust: `make demo` and `make test`.
.DEFAULT_GOAL := help
.PHONY: help dist dist-test demo test ready fmt codegen python node deny bench bench-quick bench-build bench-instructions

CARGO ?= cargo
PYTHON := target/python/bin/python
# Which binary is measured: `shipped`, which is optimised by a profile of its work and what `make dist` gives to others, or
# `release`, which cargo builds in half the time.
bench: BUILD ?= shipped
BUILD ?= release
MEASURED = $(if $(filter shipped,$(BUILD)),target/$(shell rustc -vV | sed -n 's/^host: //p')/shipped/tollgate,target/release/tollgate)

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-19s %s\n", $$1, $$2 }'

demo: python ## Real Tornado and Bottle backends behind the gateway, a key made, the calls shown; ONCE=1 ends after them
	@echo "==> Building the release binary (a few minutes the first time)"
	@$(CARGO) build --release --locked --package tollgate
	@$(PYTHON) scripts/demo.py --binary target/release/tollgate $(if $(ONCE),--once)

test: python node ## Everything that is tested, with what it needs installed and started by itself
	@scripts/test.sh

bench: bench-build ## nginx, HAProxy, Envoy and Tollgate side by side (half an hour); BENCH="--help" for its options
	@BENCH_BINARY=$(MEASURED) python3 -m benches.runner $(BENCH)

bench-quick: bench-build ## nginx and Tollgate, three scenarios, under two minutes
	@BENCH_BINARY=$(MEASURED) python3 -m benches.runner --quick $(BENCH)

bench-instructions: ## Instructions a request, by callgrind: stable on a busy machine too; BENCH="--check" compares with the baseline
	@$(CARGO) build --release --locked --package tollgate
	@python3 -m benches.runner.instructions $(BENCH)

bench-build:
	@$(if $(filter shipped,$(BUILD)),scripts/shipped.sh,echo "==> Building the release binary (a few minutes the first time)"; $(CARGO) build --release --locked --package tollgate)
	@$(CARGO) build --release --locked --package tollgate-bench

ready: ## What a commit must pass: format, lints, documentation, generated files, dependencies
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" $(CARGO) doc --workspace --no-deps --locked --document-private-items
	$(CARGO) xtask codegen --check
	$(MAKE) deny

deny: ## Banned dependencies, licences and sources
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny@0.20.2
	$(CARGO) deny --all-features check bans licenses sources

codegen: ## Writes the generated reference pages and schemas
	$(CARGO) xtask codegen

fmt: ## Formats the code
	$(CARGO) fmt --all

node: ## The npm packages of the tests, in target/node
	@scripts/node-packages.sh

python: ## The Python environment of the examples, in target/python
	@scripts/python-env.sh

dist: ## What is given to others, in target/dist: binaries, archives, Debian packages, SBOM, checksums; PROFILE=dev to try it
	@scripts/dist.sh

dist-test: ## The same, checked, and the Debian package installed, run, upgraded and purged in a system of its own (as root)
	@scripts/dist-test.sh
