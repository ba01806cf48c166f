# Two commands matter: `make run` starts everything, `make test` tests everything. Both install
# what they need into .venv first. `make help` lists the rest.

# The first Python of at least 3.12 that really starts, on the path or among pyenv's versions.
PYTHON := $(shell for candidate in python3.12 python3 python3.13 python3.14 \
	$(HOME)/.pyenv/versions/*/bin/python3; do \
	"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null \
	&& echo "$$candidate" && break; done)
BIN := .venv/bin
DATA := .stibnite

# Modules are compiled when they are first imported, which is a fraction of what is installed; a
# start that could not keep the result would take three times as long, every time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test check bench lock .venv

help: ## lists the targets
	@sed -n 's/^\([.a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

run: .venv ## starts the stack: engines, API, worker (data in .stibnite)
	$(BIN)/stibnite up --data-dir $(DATA)

test: .venv ## runs the whole suite against real engines and a browser, which it installs
	@sh tests/embed/browser.sh
	$(BIN)/python -m pytest $(PYTEST)

check: .venv ## formatting, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: .venv ## the benchmarks, in a data folder of their own
	$(BIN)/stibnite bench persons

lock: .venv ## renews requirements.lock
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.12 --extra dev --upgrade \
		--generate-hashes --no-header --no-annotate --no-emit-index-url --output-file requirements.lock \
		pyproject.toml

.venv: .venv/installed ## installs the locked dependencies

.venv/installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Stibnite needs Python 3.12 or newer: install it from your \
	system's packages, or with pyenv install 3.12, and run make again."; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-compile \
		--requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--no-build-isolation --editable .
	@touch .venv/installed
