# The two commands that matter: make run, make test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: run test check types format bench servers clean

run: $(VENV)/run.stamp ## Start the service with its defaults; it prints the page's address.
	$(BIN)/hubbub run

test: servers check ## Everything: linters, types, tests with real servers.
	$(BIN)/python -m pytest -n auto

check: $(VENV)/dev.stamp ## Linters, types, and the rule of who may import whom.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/dev.stamp ## Bring the code into shape.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/dev.stamp ## What the README claims about speed and quality, measured.
	$(BIN)/python -m benchmarks.import_rows
	$(BIN)/python -m benchmarks.sentiment
	$(BIN)/python -m benchmarks.firehose
	$(BIN)/python -m benchmarks.distros
	$(BIN)/python -m benchmarks.detection

servers: ## Real servers and a browser for the tests, from Debian where that can be done.
	@sh tests/install-servers.sh

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "hubbub needs Python 3.11 or later; name one with: make PYTHON=python3.11" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --constraint constraints.txt pip

$(VENV)/run.stamp: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	$(PIP) install --constraint constraints.txt --group dev
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
