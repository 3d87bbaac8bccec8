# Everything runs from the folder of this file and uses relative paths only, so that a path with spaces works.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:

BIN := .venv/bin
PYTHON := $(BIN)/python
ARGS ?=

.PHONY: help
help: ## Show what make can do
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

.PHONY: install
install: ## Put the environment in .venv (quick when nothing changed)
	@sh tools/install.sh

.PHONY: run
run: install ## Serve the demo on http://localhost:8000 (ARGS="--port 9000")
	@exec $(BIN)/pesan demo $(ARGS)

.PHONY: test
test: install ## Run every test (ARGS="tests/orders -k expire")
	@sh tools/test.sh $(ARGS)

.PHONY: check
check: install ## Format, lint, types, import directions, lock file, vendored assets
	@sh tools/check.sh

.PHONY: format
format: install ## Format the code and fix what can be fixed
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format .

.PHONY: bench
bench: install ## Measure speed as ratios in one run (ARGS="holds" for one part)
	@$(PYTHON) -m benchmarks $(ARGS)

.PHONY: kill
kill: install ## Kill web, worker and database under load, 20 times each, and whoever takes money 50 times
	@PESAN_TEST_KILLS=20 $(PYTHON) -m pytest tests/concurrency/test_kill.py $(ARGS)
	@PESAN_TEST_KILLS=50 $(PYTHON) -m pytest tests/concurrency/test_kill_capture.py $(ARGS)

.PHONY: lock
lock: install ## Pin the dependencies of pyproject.toml in requirements.lock
	@sh tools/lock.sh

.PHONY: migration
migration: install ## Write the migration for what changed in the models (ARGS="-m why")
	@$(PYTHON) tools/migration.py $(ARGS)
