# make demo and make test are all that a newcomer needs; `make` lists the rest.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
BIN := .venv/bin
# The default set of tests on other Pythons leaves out what takes minutes, and what tries programs other than ours.
QUICK := not heavy and not soak and not needs_tool
# What may differ between Pythons: formats, protocols and files, and a whole audit; the rest is tried on the main one.
OTHER := tests/contract $(addprefix tests/unit/,model readers rules cli/test_audit.py wire/tls)
# A module's tests share recordings and rendered reports, so they stay together.
PARALLEL := -n auto --dist loadfile
RUNS ?= 5000
SEED ?= 1

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z0-9.-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do \
	  printf '  make %-10s %s\n' "$$name" "$$text"; done

# What is compiled is compiled anew when it changed, and when what was compiled is gone.
NATIVE := src/phonehome/wire/native
COMPILED := hatch_build.py $(wildcard $(NATIVE)/*.pyx $(NATIVE)/*.pxd)
COMPILED += $(if $(filter-out $(wildcard $(NATIVE)/*.so),$(shell cat .venv/.compiled 2>/dev/null)),gone)
.PHONY: gone

.venv/.ready-run: pyproject.toml scripts/bootstrap $(COMPILED)
	@scripts/bootstrap run .venv

.venv/.ready-dev: pyproject.toml scripts/bootstrap $(COMPILED)
	@scripts/bootstrap dev .venv

# There the twins in plain Python are tried.
.venv-3.13/.ready-dev: pyproject.toml scripts/bootstrap
	@PHONEHOME_NATIVE=off scripts/bootstrap dev .venv-3.13 "$$(scripts/bootstrap find 3.13)"

.PHONY: setup dev packages
setup: .venv/.ready-run ## install phonehome into .venv
dev: .venv/.ready-dev ## that, and the developers' tools
packages: ## install the Debian packages that the tests use, where that is allowed
	@scripts/bootstrap packages

.PHONY: demo
demo: setup ## the story of 2014, told from its audit; writes demo-report.html and demo-advisory.html here
	@$(BIN)/python -m phonehome.demo
.PHONY: demo-case
demo-case: dev ## record the case of the demo anew, with the lab
	$(BIN)/python scripts/record_demo_case.py

.PHONY: lint docs
lint: dev ## formatting, style, types, layers, dependencies
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry src
docs: dev ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# What the tests hold CSAF documents against; without npm those tests are skipped, and fail in CI.
VALIDATOR := tests/support/csaf_validator
$(VALIDATOR)/node_modules/.ready: $(VALIDATOR)/package-lock.json | packages
	@if command -v npm >/dev/null; then npm ci --prefix $(VALIDATOR) --ignore-scripts --no-audit --no-fund --loglevel=error && touch $@; \
	else echo 'csaf: skipped, there is no npm here'; [ "$${CI:-}" != true ]; fi
.PHONY: csaf
csaf: $(VALIDATOR)/node_modules/.ready ## install the validator of CSAF documents that the tests use

# Most of what comes before the tests uses one core, so two of these run at a time.
.PHONY: checks python-3.13
checks: lint docs csaf python-3.13
python-3.13:
	@! scripts/bootstrap find 3.13 >/dev/null || $(MAKE) --no-print-directory .venv-3.13/.ready-dev

.PHONY: test test-3.13
test: dev packages ## everything that must pass; pytest comes last
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target checks
	@$(MAKE) --no-print-directory test-3.13
	$(BIN)/pytest $(PARALLEL) -m 'not soak'
test-3.13: ## the quick tests on Python 3.13, with nothing compiled, where there is one
	@if scripts/bootstrap find 3.13 >/dev/null; then \
	  $(MAKE) --no-print-directory .venv-3.13/.ready-dev && PHONEHOME_NATIVE=off .venv-3.13/bin/pytest -q $(PARALLEL) -m '$(QUICK)' -p no:cacheprovider $(OTHER); \
	else echo 'test-3.13: skipped, there is no Python 3.13 here'; fi

.PHONY: bench fuzz soak
bench: dev packages ## compare detection, then reading packets, with the peers on the same input
	$(BIN)/python -m benchmarks.detection
	$(BIN)/python -m benchmarks.packets
fuzz: dev ## look for input that breaks readers, packets, decoders, detection (RUNS=… SEED=…)
	$(BIN)/python -m fuzz.run --runs $(RUNS) --seed $(SEED)
soak: dev packages ## what the tests do once, for minutes: kill servers and databases, compare with every capture
	$(BIN)/pytest $(PARALLEL) -m soak
