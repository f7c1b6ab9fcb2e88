# `make` lists the commands. They work in .venv, .dev and dist, and install the Debian packages that are missing.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help setup run check lint test soak bench eval format lock wheel docker clean

help: ## List these commands
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' Makefile | expand -t 16

setup: .venv/.installed ## Make .venv with everything that is locked

run: setup ## Set up and serve: the gateway on :4000, the admin pages on :4001
	@exec $(BIN)/transom serve

check: lint ## Format, lint, types, import layers, fast tests
	$(BIN)/pytest -n 2 --dist loadfile -m "not slow" tests/unit tests/pipeline tests/property tests/simulation

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint ## Install what the tests need and run them all
	.ci/packages chromium gcc libc6-dev nginx-light npm postgresql prometheus
	$(BIN)/pytest -n 2 --dist loadfile

soak: setup ## Hours: a million simulated stories, 20,000 exchanges under random kills
	.ci/packages postgresql
	$(BIN)/python -m tests.simulation --seeds 1000000
	KILL_TEST_EXCHANGES=20000 $(BIN)/pytest -s tests/acceptance/test_kills.py

bench: setup ## Measure the relay beside nginx and other gateways; results are kept under evals/relay
	.ci/packages gcc libc6-dev nginx-light npm
	$(BIN)/python -m evals.relay.measure table
	$(BIN)/python -m evals.relay.measure memory
	$(BIN)/python -m evals.relay.measure streams

eval: setup ## Measure redaction, recording, store, sessions, footprint; results are kept under evals
	$(BIN)/python -m evals.redaction.measure
	$(BIN)/python -m evals.recording.measure
	$(BIN)/python -m evals.store.measure rates storage
	$(BIN)/python -m evals.sessions.measure
	$(BIN)/python evals/footprint/measure.py

format: setup ## Format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## Resolve the dependencies anew into both lock files
	rm -rf .dev/lock
	$(PYTHON) -m venv .dev/lock
	.dev/lock/bin/pip install --quiet uv
	cp pyproject.toml .dev/lock
	.dev/lock/bin/uv lock --quiet --prerelease disallow --project .dev/lock --python .dev/lock/bin/python
	$(EXPORT) --no-dev --group build --output-file requirements.lock
	$(EXPORT) --output-file requirements-dev.lock
	rm -rf .dev/lock

EXPORT := .dev/lock/bin/uv export --quiet --project .dev/lock --python .dev/lock/bin/python \
	--frozen --no-emit-project --no-annotate --no-header

wheel: setup ## Build the wheel into dist
	$(BIN)/python -m build --wheel --no-isolation

docker: ## Build the container image
	docker build --tag transom .

clean: ## Remove what was built and cached; .venv and data stay
	rm -rf dist build .dev .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests evals -name __pycache__ -prune -exec rm -rf {} +

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
		|| { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.13 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || .ci/packages python3-venv
	$(PYTHON) -m venv .venv
	@touch $@

# Bytecode is made afterwards, on all cores.
.venv/.locked: requirements-dev.lock .venv/.made
	$(PIP) install --no-compile --no-deps --require-hashes -r $<
	@$(BIN)/python -W ignore -m compileall -qq -j 0 .venv/lib || true
	@touch $@

.venv/.installed: pyproject.toml .venv/.locked
	$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@
