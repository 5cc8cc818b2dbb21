# `make run` starts a portal over the example organisation, `make test` runs every test.
# `make run ARGS="--listen 127.0.0.1:8080"` passes flags through.

.DELETE_ON_ERROR:
.PHONY: run build check-tools check-test-tools check-chromium check-postgres check-slapd check-sshd check-kafka test test-rust test-ui test-browser test-clients bench compare-backstage openapi screenshots

BINARY := target/release/stagedoor
ARGS ?=
NPM_CI := npm ci --no-audit --no-fund --prefer-offline --loglevel=error

# Directories count too: a removed file changes the one it was in.
UI_SOURCES := $(shell find ui/src ui/public 2>/dev/null) $(wildcard ui/index.html ui/vite.config.ts ui/tsconfig.json)

run: build
	@exec $(BINARY) serve --dev --config examples/quickstart/app-config.yaml --data-dir .stagedoor $(ARGS)

build: check-tools ui/dist/index.html
	cargo build --release --locked --package stagedoor

check-tools:
	@scripts/check-tools

check-test-tools:
	@scripts/check-tools test

# The web UI is built when what it is made of has changed.

ui/dist/index.html: ui/node_modules/.package-lock.json $(UI_SOURCES) | check-tools
	cd ui && npm run build
	@touch $@

%/node_modules/.package-lock.json: %/package.json %/package-lock.json | check-tools
	cd $* && $(NPM_CI)
	@touch $@

# Tests. What they need beyond the toolchains is made sure of before the first one runs.

test: check-test-tools check-chromium check-postgres check-slapd check-sshd check-kafka test-rust test-ui test-browser

check-chromium: check-test-tools
	@scripts/ensure-chromium >/dev/null

# Without it the tests say that they are skipped; in CI they fail.
check-postgres: check-test-tools
	@scripts/ensure-postgres >/dev/null || test -z "$$CI"

# The same for the tests with a real directory.
check-slapd: check-test-tools
	@scripts/ensure-slapd >/dev/null || test -z "$$CI"

# The same for the tests of git over SSH.
check-sshd: check-test-tools
	@scripts/ensure-sshd >/dev/null || test -z "$$CI"

# The same for the test of Kafka.
check-kafka: check-test-tools
	@scripts/ensure-kafka >/dev/null || test -z "$$CI"

test-rust: check-test-tools
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo test --workspace --locked

test-ui: check-test-tools ui/node_modules/.package-lock.json
	cd ui && npm run --silent generate -- --check || { echo "types of the APIs are stale: run make openapi"; exit 1; }
	cd ui && npm run lint
	cd ui && npm test

BROWSER = CHROMIUM_PATH="$$($(CURDIR)/scripts/ensure-chromium)" STAGEDOOR_BIN="$(BINARY)"

test-browser: check-test-tools check-chromium build
	cd ui && $(BROWSER) ../scripts/with-portal.mjs npm run e2e

# Real clients, unmodified, against the release build; what is left after kill -9 and after a power cut; and replicas.

CLIENTS := $(patsubst %/package.json,%,$(wildcard tests/clients/*/package.json))

# Those in Python.
PYTHON_CLIENTS := $(patsubst %/requirements.txt,%,$(wildcard tests/clients/*/requirements.txt))

test-clients: build check-postgres $(CLIENTS:%=%/node_modules/.package-lock.json) $(PYTHON_CLIENTS:%=%/.venv/installed.txt)
	STAGEDOOR_BIN=$(BINARY) node --test --test-reporter=spec --test-concurrency=1 \
		$(wildcard tests/durability/*.test.mjs tests/faults/*.test.mjs tests/replicas/*.test.mjs $(CLIENTS:%=%/*.test.mjs) $(PYTHON_CLIENTS:%=%/*.test.mjs))

# Without a Python for them the tests say so: they are skipped, in CI they fail.
%/.venv/installed.txt: %/requirements.txt
	-scripts/ensure-python-venv $*/.venv $<

# Figures of this machine: `make bench`, `make bench ENTITIES=1000000`, `make bench PEER=1` (a real Backstage beside it).

ENTITIES ?= 10000,100000
bench: build
	cargo build --release --locked --package stagedoor-bench
	target/release/bench run --entities $(ENTITIES) $(if $(PEER),--peer bench/peer/start)

# The same questions to a real Backstage and to Stagedoor; every difference that is not documented fails.
# `make compare-backstage ARGS="--seed 7 --requests 2000"`.

compare-backstage: build
	STAGEDOOR_BIN=$(BINARY) node tests/peer/compare.mjs $(ARGS)

# Generated files, committed: the API descriptions, what is made from them, and the tables of endpoints in docs/reference.

openapi: check-tools ui/node_modules/.package-lock.json
	cargo run --locked --package stagedoor -- openapi openapi
	STAGEDOOR_WRITE=1 cargo test --locked --package stagedoor-server --test it compat::pages
	cd ui && npm run generate

# The pictures in the documentation, from the running product.

screenshots: check-chromium build
	$(BROWSER) scripts/with-portal.mjs scripts/screenshots.mjs
