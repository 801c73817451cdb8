# Everything a person does here has one word. `make` alone lists the words.
.DEFAULT_GOAL := help
.PHONY: help install run test lint check corpora mutants fuzz bench lock openapi licences tables gallery format clean
.DELETE_ON_ERROR:
SHELL := /bin/bash

PORT ?= 8000
DATA_DIR ?= var
JOBS ?= 3
ORDER ?= 1111010319
N ?= 10000
SEED ?= 1
SECONDS ?= 60
PACKAGES := certlib certlib_client keys signing storage api
CERTLIB := .venv/bin/certlib
PY := .venv/bin/python
PYTEST := $(PY) -m pytest
FAST := $(addprefix tests/unit/,api client domain egress house keys life storage usecases verdicts)
# Three workers keep two cores busy: some tests wait. They run in an order by chance, the same each time: ORDER=$$RANDOM tries another.
ALL_CORES := -n $(JOBS) --dist loadfile --no-loadscope-reorder --randomly-seed=$(ORDER)

# Only `run` hands these on: no test ever reads the port or the data folder of a running node.
unexport PORT DATA_DIR

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# A folder that was moved or copied has a .venv whose programs point to where it was.
ifneq ($(shell cat .venv/.place 2>/dev/null),$(CURDIR))
.PHONY: .venv/.installed .venv/.installed-dev
endif

install: .venv/.installed ## .venv with everything the service needs (hashes checked)

.venv/.installed: requirements.lock scripts/install.sh
	scripts/install.sh requirements.lock
	touch $@

.venv/.installed-dev: requirements-dev.lock requirements.lock scripts/install.sh
	scripts/install.sh requirements-dev.lock
	touch .venv/.installed $@

run: export PORT := $(PORT)
run: export DATA_DIR := $(DATA_DIR)
run: export CERTLIB_DEMO := 1
run: install ## the service with demo data: PORT=8000 DATA_DIR=var
	$(CERTLIB) init
	$(CERTLIB) demo
	exec $(CERTLIB) serve

ifdef T
test: .venv/.installed-dev ## all gates and tests; T=tests/… for one file; ORDER=… in another order
	scripts/system_packages.sh test
	$(PYTEST) $(T)
else
test: lint
	scripts/system_packages.sh test
	$(PY) -m coverage erase
	$(PYTEST) $(ALL_CORES) --cov --cov-report=
	scripts/coverage_floors.sh $(PACKAGES)
endif

lint: .venv/.installed-dev ## format, lint, imports, types, declared dependencies: seconds
	$(PY) -m ruff format --check --quiet .
	$(PY) -m ruff check --quiet .
	.venv/bin/lint-imports --no-logo
	$(PY) -m mypy
	$(PY) -m deptry . --no-ansi

check: lint ## lint and the fast tests (rules, use cases, API, keys): under three minutes
	scripts/system_packages.sh test
	$(PYTEST) $(ALL_CORES) -m "not slow" $(FAST)

corpora: .venv/.installed-dev ## public files and NIST PKITS: agreement and differences; CERTLIB_CORPORA=folder
	$(PY) -m tests.corpora

mutants: .venv/.installed-dev ## files changed by chance: N=1000000, SEED=…; goes on where it was stopped
	nice $(PY) -m tests.attacks.mutation --count $(N) --seed $(SEED) --jobs $(JOBS)

fuzz: .venv/.installed-dev ## parsers of bytes under atheris: T=syntax for one of them, SECONDS=60
	nice $(PY) -m tests.fuzz $(T) --seconds $(SECONDS)

bench: .venv/.installed-dev ## repeatable timings; the figures are committed in bench/
	scripts/system_packages.sh bench
	scripts/bench.sh

lock: .venv/.installed-dev ## both lock files anew; LOCKFLAGS=--upgrade takes newer versions
	scripts/lock.sh $(LOCKFLAGS)

openapi: .venv/.installed-dev ## docs/openapi.json from the code
	$(PY) -m api.openapi docs/openapi.json

licences: .venv/.installed-dev ## the tables in docs/licences.md from what is installed
	$(PY) scripts/licences.py docs/licences.md

tables: .venv/.installed-dev ## the tables of docs/verification.md from the code
	$(PY) scripts/verification_tables.py docs/verification.md

gallery: .venv/.installed-dev ## docs/images/gallery.png, every type on one sheet
	$(PY) scripts/gallery.py docs/images/gallery.png

format: .venv/.installed-dev ## formats and sorts what can be done by rule
	$(PY) -m ruff format --quiet .
	$(PY) -m ruff check --quiet --fix .

clean: ## caches and reports; never the data folder
	rm -rf .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
