# Everything a person or CI runs. Needs make and Python 3.11+ with venv; the rest sets itself up in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2

.PHONY: run test explore chaos proof lint bench clean help

help:
	@echo "make run    start everything: database, simulated venues, Dagster with its UI; Ctrl-C stops it"
	@echo "make test   run the tests"
	@echo "make explore the same with new examples of the property tests"
	@echo "make chaos  kill processes, stop the database, spoil streams, and compare with what truly happened"
	@echo "make proof  hold the simulator against the exchange's own clients and its specification"
	@echo "make lint   check style, types and the import rules"
	@echo "make bench  print the figures the README quotes, as a table and as JSON"
	@echo "make clean  stop the embedded database and remove .venv and .precog"

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Precog needs Python 3.11 or newer; set PYTHON=python3.x")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $(STAMP)

run: $(STAMP)
	@$(BIN)/precog up

test: $(STAMP)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

explore: $(STAMP)
	HYPOTHESIS_PROFILE=explore $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

chaos: $(STAMP)
	$(BIN)/python -m pytest -n 0 -m chaos -v -rs --durations=0

proof: $(STAMP)
	$(BIN)/python -m pytest -n 0 -m proof -v --durations=0

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

bench: $(STAMP)
	$(BIN)/python -m benchmarks

clean:
	@if [ -x $(BIN)/precog ]; then $(BIN)/precog db stop || true; fi
	rm -rf $(VENV) .precog .ruff_cache .hypothesis .import_linter_cache
