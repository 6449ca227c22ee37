# Each command first installs what it needs, inside of this checkout.

.DEFAULT_GOAL := help

# The newest Python on the PATH that is 3.11 or later.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$name; break; }; done)

python := .venv/bin/python
litellm_aws := .venv/bin/litellm-aws
pipenv := .pipenv/bin/python -m pipenv
installed := .venv/.installed
developed := .venv/.developed

# The variables that each command takes, and those that all take.
synth_takes := TENANTS
explain_takes := TENANTS TENANT ENV
changed_takes := TENANTS BASE FORMAT
engine_takes := TENANTS ENGINE OUT
demo_takes := PORT LITELLM
bench_takes := ROUNDS
all_take := TENANTS_FILE CDKTF_OUTDIR
arguments := TENANTS TENANT ENV BASE FORMAT ENGINE OUT PORT LITELLM ROUNDS $(all_take)

# Any other variable is an error. make escapes the blanks and backslashes in values, which must not end a word here.
goals := $(or $(MAKECMDGOALS),help)
taken := $(all_take) PYTHON $(foreach goal,$(goals),$($(goal)_takes))
tab := $(shell printf '\t')
one_word = $(subst \ ,_,$(subst \$(tab),_,$(subst \\,_,$(1))))
given := $(foreach word,$(call one_word,$(MAKEOVERRIDES)),$(firstword $(subst =, ,$(subst ?=, ,$(subst +=, ,$(subst :, ,$(word)))))))
nearest = $(shell $(PYTHON) -c 'import sys, difflib; \
	print(*difflib.get_close_matches(sys.argv[1].upper(), sys.argv[2:], n=1))' '$(subst ','\'',$(1))' $(taken))
did_you_mean = $(if $(1),: did you mean $(1)?,.)
$(foreach name,$(filter-out $(taken),$(given)),$(error \
	`make $(goals)` takes no variable $(name)$(call did_you_mean,$(call nearest,$(name))) It takes $(taken)))

# Values reach the commands literally, by the environment: neither make nor the shell expands them.
$(foreach name,$(arguments),$(eval override $(name) := $$(value $(name))))
ifdef TENANTS
override TENANTS_FILE := $(TENANTS)
endif
export $(arguments)

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
	@: "$${TENANT:?Set TENANT and ENV, as in: make explain TENANT=acme ENV=prod}" "$${ENV:?Set ENV, such as ENV=prod}"
	@$(litellm_aws) explain -- "$$TENANT" "$$ENV"

.PHONY: changed
changed: $(installed) ## List the tenants that differ from a commit (BASE=HEAD FORMAT=table, json, names or github)
	@$(litellm_aws) changed $${BASE:+--base="$$BASE"} $${FORMAT:+--format="$$FORMAT"}

.PHONY: engine
engine: $(installed) ## Write an engine's file (ENGINE=atlantis, github-actions or hcp-terraform, OUT=file)
	@$(litellm_aws) engine $${OUT:+--output="$$OUT"} -- $${ENGINE:+"$$ENGINE"}

.PHONY: demo
demo: $(developed) ## Apply an example tenant to a local AWS, without an account (PORT=an unused one LITELLM=versions)
	@$(litellm_aws) demo up $${PORT:+--port="$$PORT"} $${LITELLM:+--litellm $$LITELLM}

.PHONY: demo-down
demo-down: $(developed) ## Destroy the demo, and stop the local AWS
	@$(litellm_aws) demo down

.PHONY: docs
docs: $(developed) ## Write docs/inputs.md, tenants.schema.json, the engines' examples and the sizes in docs/benchmarks.md
	@$(python) -m litellm_aws.commands.docs
	@$(python) -m bench.measure --sizes-only

fast_tests := tests/unit tests/plan tests/engines

.PHONY: test
test: $(developed) ## Run the fast tests: all that apply nothing. Those that need a missing Terraform are skipped
	@$(python) -m pytest $(fast_tests) -n 2 --dist loadfile

.PHONY: test-all
test-all: test ## Run all tests, with those that apply to the local AWS
	@$(python) -m pytest $(fast_tests:%=--ignore=%) -n 3 --dist loadfile

.PHONY: bench
bench: $(developed) ## Measure syntheses and plans, and write docs/benchmarks.md (ROUNDS=number)
	@$(python) -m bench.measure $${ROUNDS:+--rounds="$$ROUNDS"}

.PHONY: snapshots
snapshots: $(developed) ## Write the snapshots under tests/snapshots again
	@$(python) -m pytest tests/unit/test_snapshots.py --take-snapshots

.PHONY: costs
costs: $(developed) ## Write docs/costs.md and the chart in docs/benchmarks.md again, from Terraform's plans
	@$(python) -m pytest tests/plan/test_costs.py tests/plan/test_first_apply.py --write-costs

.PHONY: screenshot
screenshot: $(developed) ## Write the screenshot of the UI in docs again
	@$(python) -m pytest tests/served/test_requests.py -k test_the_ui --take-screenshot

.PHONY: site
site: $(developed) ## Build the documentation's site in the folder site, from docs
	@.site/bin/zensical build --clean --strict

.PHONY: release
release: $(installed) ## Build the wheel in dist, from pyproject.toml's version
	@$(python) -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	@ls dist/*.whl

.PHONY: deployer-policy
deployer-policy: $(developed) ## Write docs/deployer-policy again, from new applies of all examples to the local AWS
	@$(python) -m pytest tests/local_aws/test_deployer_policy.py tests/unit/test_deployer_policy.py --take-deployer-policy

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

# A virtual environment has the path of its checkout in it: of a moved or copied checkout, it is made again.
ifneq ($(filter-out $(CURDIR),$(shell cat $(installed) 2>/dev/null)),)
$(installed): moved
endif

.PHONY: moved
moved:

$(installed): .pipenv/.installed pyproject.toml Pipfile Pipfile.lock
	@echo 'Installing what synthesis needs into .venv: a minute, once.'
	@test ! -s $@ || test "$$(cat $@)" = "$(CURDIR)" || rm -rf .venv
	@test -x $(python) || $(PYTHON) -m venv .venv
	@$(pipenv) sync
	@echo '$(CURDIR)' >$@

$(developed): $(installed) | .checkov/.installed .site/.installed
	@echo 'Installing what the tests and the local AWS need: a minute, once.'
	@$(pipenv) sync --dev
	@touch $@

# Tools in environments of their own. Wheels only: the build of a source distribution installs packages without hashes.
tool = test -n "$(PYTHON)" || { echo 'Python 3.11 or later is not on the PATH: install it.' >&2; exit 1; }; \
	$(PYTHON) -m venv --clear $(@D) && $(@D)/bin/python -m pip install --quiet --disable-pip-version-check \
	--require-hashes --only-binary=:all: -r $< && touch $@

.pipenv/.installed: requirements/pipenv.txt
	@$(tool)

.checkov/.installed: requirements/checkov.txt
	@echo 'Installing checkov into .checkov: a minute, once.'
	@($(tool)) || echo 'checkov cannot be installed, as pip says above: the tests that need it are skipped.' >&2

.site/.installed: requirements/site.txt
	@($(tool)) || echo 'zensical cannot be installed, as pip says above: the tests that need it are skipped.' >&2
