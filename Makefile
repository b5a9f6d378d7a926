# Tierline: everything a newcomer, a developer and a build server run. `make help` tells.
# Each step is a file that make knows, so what is up to date is not touched again.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON_BIN := .venv/bin/python
TIERLINE   := $(PYTHON_BIN) -m app
DURATION   ?=
TESTS      ?=

PACKAGES := .venv/.packages
NODE_MODULES := web/node_modules/.packages
PAGES := web/dist/index.html
WEB_SOURCES := $(shell find web -type d \( -name node_modules -o -name dist -o -name 'test*' \) -prune -o \
	\( -type f -o -path 'web/src*' -type d \) -not -name '*.test.*' -print 2>/dev/null)

.PHONY: help
help: ## This list
	@echo 'Tierline: a contact-centre backend for Asterisk. Start with: make demo'; echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- what a person runs ------------------------------------------------------------------------------------

.PHONY: demo
demo: setup ## Real calls on a private Asterisk, pages in the browser; DURATION=60 ends by itself, EXECUTOR=directed distributes itself
	@exec $(TIERLINE) demo $(if $(DURATION),--duration $(DURATION)) $(if $(EXECUTOR),--executor $(EXECUTOR))

.PHONY: run
run: setup ## The service alone, against the configured database and PBX (TIERLINE_*)
	@exec $(TIERLINE) serve

.PHONY: setup
setup: $(PACKAGES) $(PAGES) ## Install Python and web packages, build the pages

.PHONY: bench
bench: setup asterisk ## Measure against stock parts in the same run; FULL=1 for 10 M phones
	@exec $(PYTHON_BIN) -m bench

.PHONY: proof
proof: setup asterisk ## 20 phones, three tiers, MINUTES=15 of accelerated calls: is the promise kept? See bench/proof
	@exec $(PYTHON_BIN) -m bench.proof $(if $(MINUTES),--minutes $(MINUTES)) $(OPTIONS)

# --- what a developer and a build server run ---------------------------------------------------------------

.PHONY: test
test: setup asterisk chromium ## All tests: unit, database, PBX, browser, pages; TESTS=path for some
	@status=0; \
	if [ -z "$(TESTS)" ]; then tools/web.sh npm test --silent || status=$$?; fi; \
	$(PYTHON_BIN) -m pytest -n 2 --dist loadfile $(TESTS) </dev/null || status=$$?; \
	exit $$status

.PHONY: check
check: setup ## Format, lint, types, import borders, contracts current
	@$(PYTHON_BIN) -m ruff format --check --quiet . || { echo 'Run: make format'; exit 1; }
	@$(PYTHON_BIN) -m ruff check --quiet .
	@$(PYTHON_BIN) -m mypy
	@.venv/bin/lint-imports
	@tools/web.sh npm run --silent typecheck
	@tools/web.sh npm run --silent lint
	@tools/web.sh node scripts/weigh.mjs
	@$(TIERLINE) contracts --check

.PHONY: format
format: setup ## Let the formatters write
	@$(PYTHON_BIN) -m ruff format --quiet .
	@$(PYTHON_BIN) -m ruff check --quiet --fix .

.PHONY: contracts
contracts: setup ## Write the generated references and the pages' types anew
	@$(TIERLINE) contracts

.PHONY: lock
lock: ## Resolve the Python packages anew into requirements.lock
	@tools/python.sh lock

.PHONY: clean
clean: ## Remove what setup and tests made here; databases and downloads elsewhere stay
	@rm -rf .venv web/node_modules web/dist artifacts dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the pieces --------------------------------------------------------------------------------------------

$(PACKAGES): requirements.lock pyproject.toml tools/python.sh
	@tools/python.sh
	@touch $@

$(NODE_MODULES): web/package.json web/package-lock.json
	@echo 'setup: installing the packages of the pages' >&2
	@tools/web.sh npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(PAGES): $(NODE_MODULES) $(WEB_SOURCES)
	@echo 'setup: building the pages' >&2
	@tools/web.sh npx --no-install vite build --logLevel warn
	@touch $@

.PHONY: asterisk
asterisk: $(PACKAGES)
	@$(PYTHON_BIN) -m app.infra.asterisk install

.PHONY: chromium
chromium:
	@tools/chromium.sh
