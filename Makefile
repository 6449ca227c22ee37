# Each command first installs what it needs, inside of this checkout.

.DEFAULT_GOAL := help

# The newest Python on the PATH that is 3.11 or later.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$name; break; }; done)
PIPENV_VERSION := 2026.10.3

python := .venv/bin/python
litellm_aws := .venv/bin/litellm-aws
pipenv := .pipenv/bin/python -m pipenv
installed := .venv/.installed
developed := .venv/.developed

# The variables that the commands take.
arguments := TENANTS TENANT ENV BASE FORMAT ENGINE OUT PORT ROUNDS
known := $(arguments) TENANTS_FILE CDKTF_OUTDIR PYTHON

# A misspelled variable is an error. make escapes the blanks and backslashes in values, which must not end a word here.
one_word = $(subst \ ,_,$(subst \$(tab),_,$(subst \\,_,$(1))))
tab := $(shell printf '\t')
given := $(foreach word,$(call one_word,$(MAKEOVERRIDES)),$(firstword $(subst =, ,$(subst ?=, ,$(subst +=, ,$(subst :, ,$(word)))))))
nearest = $(shell $(PYTHON) -c 'import sys, difflib; \
	print(*difflib.get_close_matches(sys.argv[1].upper(), sys.argv[2:], n=1, cutoff=0))' \
	'$(subst ','\'',$(1))' $(known))
$(foreach name,$(filter-out $(known),$(given)),$(error \
	$(name) is not a variable of this Makefile: did you mean $(call nearest,$(name))? It has $(known)))

# Values reach the commands literally, by the environment: neither make nor the shell expands them.
$(foreach name,$(arguments),$(eval override $(name) := $$(value $(name))))
export $(arguments)
ifdef TENANTS
export TENANTS_FILE := $(TENANTS)
endif

export PIPENV_VENV_IN_PROJECT := 1
export PIPENV_IGNORE_VIRTUALENVS := 1
export PIPENV_NOSPIN := 1
export PIPENV_VERBOSITY := -1

.PHONY: help
help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1:/p' $(firstword $(MAKEFILE_LIST)) | while IFS=: read -r name what; do \
		printf '  make %-10s %s\n' "$$name" "$$what"; done

.PHONY: setup
setup: $(developed) ## Make the virtual environment, and install what Pipfile.lock pins

.PHONY: synth
synth: $(installed) ## Write the module and the tenants' roots to cdktf.out (TENANTS=tenants.yaml)
	@$(litellm_aws) synth

.PHONY: explain
explain: $(installed) ## Show a tenant's inputs, and where each was set (TENANT=acme ENV=prod)
	@$(litellm_aws) explain -- $${TENANT:+"$$TENANT"} $${ENV:+"$$ENV"}

.PHONY: changed
changed: $(installed) ## List the tenants that differ from a commit (BASE=HEAD FORMAT=table, json, names or github)
	@$(litellm_aws) changed $${BASE:+--base="$$BASE"} $${FORMAT:+--format="$$FORMAT"}

.PHONY: engine
engine: $(installed) ## Write an engine's file (ENGINE=atlantis, github-actions or hcp-terraform, OUT=file)
	@$(litellm_aws) engine $${OUT:+--output="$$OUT"} -- $${ENGINE:+"$$ENGINE"}

.PHONY: demo
demo: $(developed) ## Apply an example tenant to a local AWS, without an account (PORT=an unused one)
	@$(litellm_aws) demo up $${PORT:+--port="$$PORT"}

.PHONY: demo-down
demo-down: $(developed) ## Destroy the demo, and stop the local AWS
	@$(litellm_aws) demo down

.PHONY: docs
docs: $(developed) ## Write docs/inputs.md, tenants.schema.json, the engines' examples and the sizes in docs/benchmarks.md
	@$(litellm_aws) docs
	@$(if $(wildcard bench/measure.py),$(python) bench/measure.py --sizes-only)

.PHONY: test
test: $(developed) ## Run the fast tests: all that apply nothing. Those that need a missing Terraform are skipped
	@$(python) -m pytest tests/unit tests/plan tests/engines

.PHONY: test-all
test-all: $(developed) ## Run all tests, with those that apply to the local AWS
	@$(python) -m pytest

.PHONY: bench
bench: $(developed) ## Measure against plain CDKTF, and write docs/benchmarks.md (ROUNDS=number)
	@$(python) bench/measure.py $${ROUNDS:+--rounds="$$ROUNDS"}

.PHONY: snapshots
snapshots: $(developed) ## Write the snapshots under tests/snapshots again
	@$(python) -m pytest tests/unit/test_snapshots.py --take-snapshots

.PHONY: lint
lint: $(developed) ## Check style and types
	@$(python) -m ruff check
	@$(python) -m ruff format --check
	@$(python) -m mypy

.PHONY: lock
lock: .pipenv/.installed ## Resolve pyproject.toml and Pipfile to Pipfile.lock
	@$(pipenv) lock --dev
	@.pipenv/bin/python -c 'import json, pathlib; path = pathlib.Path("Pipfile.lock"); \
		lock = json.loads(path.read_text()); lock["_meta"]["sources"] = []; \
		[package.pop("index", None) for group in ("default", "develop") for package in lock[group].values()]; \
		path.write_text(json.dumps(lock, indent=4) + "\n")'

$(installed): .pipenv/.installed pyproject.toml Pipfile Pipfile.lock
	@echo 'Installing what synthesis needs into .venv: a minute, once.'
	@test -x $(python) || $(PYTHON) -m venv .venv
	@$(pipenv) sync
	@touch $@

$(developed): $(installed)
	@echo 'Installing what the tests and the local AWS need: a minute, once.'
	@$(pipenv) sync --dev
	@touch $@

.pipenv/.installed: Makefile
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or later is not on the PATH: install it.' >&2; exit 1; }
	@$(PYTHON) -m venv .pipenv
	@.pipenv/bin/python -m pip install --quiet --disable-pip-version-check pipenv==$(PIPENV_VERSION)
	@touch $@
