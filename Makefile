# Every command sets up by itself what it needs, inside of this checkout.

.DEFAULT_GOAL := help

# The newest Python at hand that is 3.11 or later.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$name; break; }; done)
PIPENV_VERSION := 2026.10.3

python := .venv/bin/python
pipenv := .pipenv/bin/python -m pipenv
installed := .venv/.installed
developed := .venv/.developed

export PYTHONPATH := constructs
export PIPENV_VENV_IN_PROJECT := 1
export PIPENV_IGNORE_VIRTUALENVS := 1
export PIPENV_NOSPIN := 1
export PIPENV_VERBOSITY := -1
# `make synth TENANTS=path` says the same as the environment's TENANTS_FILE.
ifdef TENANTS
export TENANTS_FILE := $(TENANTS)
endif

# What a command is told, to the letter: neither make nor the shell looks into it.
told := TENANT ENV BASE FORMAT ENGINE OUT
$(foreach name,$(told),$(eval override $(name) := $$(value $(name))))
export $(told)

.PHONY: help
help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1:/p' $(firstword $(MAKEFILE_LIST)) | while IFS=: read -r name what; do \
		printf '  make %-10s %s\n' "$$name" "$$what"; done

.PHONY: setup
setup: $(developed) ## Make the virtual environment, and install what Pipfile.lock pins

.PHONY: synth
synth: $(installed) ## Write the module and the tenants' roots to cdktf.out (TENANTS=tenants.yaml)
	@$(python) main.py

.PHONY: explain
explain: $(installed) ## Print a tenant's inputs and where each was set (TENANT=acme ENV=prod)
	@$(python) -m fleet.explain "$$TENANT" "$$ENV"

.PHONY: changed
changed: $(installed) ## List the tenants that differ from a commit (BASE=HEAD FORMAT=json)
	@$(python) -m fleet.changed "$${BASE:-HEAD}" "$$FORMAT"

.PHONY: engine
engine: $(installed) ## Write what an engine runs the roots by (ENGINE=atlantis or github-actions, OUT=file)
	@$(python) -m engines "$$ENGINE" "$$OUT"

.PHONY: demo
demo: $(developed) ## Apply an example tenant to a local AWS, without an account (PORT=a free one)
	@$(python) -m demo up --port $(or $(PORT),0)

.PHONY: demo-down
demo-down: $(developed) ## Destroy the demo, and stop the local AWS
	@$(python) -m demo down

.PHONY: docs
docs: $(developed) ## Write docs/inputs.md, tenants.schema.json and the engines' examples anew
	@$(python) -m fleet.reference
	@$(python) -m engines.examples

.PHONY: test
test: $(developed) ## Run the tests; what needs Terraform is skipped, with the reason, where it is missing
	@$(python) -m pytest

.PHONY: bench
bench: $(developed) ## Measure against plain CDKTF, and write docs/benchmarks.md: ten minutes (ROUNDS=5)
	@$(python) -m bench --rounds $(or $(ROUNDS),5)

.PHONY: snapshots
snapshots: $(developed) ## Take the snapshots under tests/snapshots anew
	@$(python) -m pytest tests/unit/test_snapshots.py --take-snapshots

.PHONY: lint
lint: $(developed) ## Check style and types
	@$(python) -m ruff check
	@$(python) -m ruff format --check
	@$(python) -m mypy

.PHONY: lock
lock: .pipenv/.installed ## Resolve Pipfile to Pipfile.lock anew
	@$(pipenv) lock --dev
	@.pipenv/bin/python -c 'import json, pathlib; path = pathlib.Path("Pipfile.lock"); \
		lock = json.loads(path.read_text()); lock["_meta"]["sources"] = []; \
		[package.pop("index", None) for group in ("default", "develop") for package in lock[group].values()]; \
		path.write_text(json.dumps(lock, indent=4) + "\n")'

$(installed): .pipenv/.installed Pipfile Pipfile.lock
	@echo 'Installing what synthesis needs into .venv: a minute, once.'
	@test -x $(python) || $(PYTHON) -m venv .venv
	@$(pipenv) sync
	@touch $@

$(developed): $(installed)
	@echo 'Installing what the tests and the local AWS need: a minute, once.'
	@$(pipenv) sync --dev
	@touch $@

.pipenv/.installed: Makefile
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or later is needed, and is not on the PATH.' >&2; exit 1; }
	@$(PYTHON) -m venv .pipenv
	@.pipenv/bin/python -m pip install --quiet --disable-pip-version-check pipenv==$(PIPENV_VERSION)
	@touch $@
