# Two commands matter: `make demo` and `make test`. Everything they need is fetched into this folder
# (.tools: a private uv; .venv: pinned, hash-checked packages) and into the user's cache (Kafka's jars).
PYTHON ?= $(shell command -v python3.11 || command -v python3)
UV      = .tools/bin/uv
PY      = .venv/bin/python
STAMP   = .venv/.installed
export UV_PROJECT_ENVIRONMENT = .venv

.DEFAULT_GOAL := help
.PHONY: help install demo test faults check bench bench-rules lock clean

help: ## Show the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 13

install: $(STAMP) ## Fetch uv and the pinned packages; leaves .venv/bin/memberships

$(UV): requirements/uv.txt
	@echo "fetching uv (once)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; say which with: make PYTHON=python3.12 ..."; exit 2; }
	@$(PYTHON) -m venv .tools
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $(UV)

$(STAMP): $(UV) requirements/dev.txt pyproject.toml
	@test -x $(PY) || $(UV) venv --quiet --python $(PYTHON) .venv
	@echo "installing the pinned packages"
	@$(UV) pip sync --quiet --python $(PY) --require-hashes requirements/dev.txt
	@$(UV) pip install --quiet --python $(PY) --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: install ## Start everything here, run a month of sample events, show what came of it
	@.venv/bin/memberships demo

test: install ## All tests: rules, driver and system on a real broker
	@$(PY) -m pytest

SEEDS ?= 2
faults: install ## The fault suite, long form: kills, rebalances, broken network, broker, Redis, disk (SEEDS=20: the longest)
	@mkdir -p .faults && rm -f .faults/runs.jsonl
	@MEMBERSHIPS_TEST_SEEDS=$(SEEDS) MEMBERSHIPS_FAULTS_REPORT=$(CURDIR)/.faults/runs.jsonl $(PY) -m pytest tests/faults --long -n 3
	@$(PY) -m tests.faults.kit.table .faults/runs.jsonl

check: install ## Format, lint, types, layers, dead code, dependencies
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@.venv/bin/vulture
	@.venv/bin/deptry .

SHOP ?= ../shared/data/online_retail.csv.xz
bench: install ## Speed and memory as ratios against peers, in one run (SHOP=file: the Online Retail data set)
	@.venv/bin/memberships bench --shop $(SHOP)

N ?= 1000000
SEED ?= 1
fuzz: install ## N records as nobody sane would send them, through the reader (N=1000000 SEED=1; minutes)
	@$(PY) -m tests.security.fuzz --inputs $(N) --seed $(SEED)

.tools/%/.installed: requirements/%.txt $(UV)
	@$(UV) pip install --quiet --python $(PY) --require-hashes --target .tools/$* -r requirements/$*.txt
	@touch $@

fuzz-guided: install .tools/atheris/.installed ## The same reader, led by coverage (N inputs; Linux with Python 3.11)
	@PYTHONPATH=.tools/atheris $(PY) -m tests.security.guided -runs=$(N) -seed=$(SEED) -max_len=4096

advisories: install .tools/advisories/.installed ## Known holes in the pinned packages; fails where the registry does not tell
	@PYTHONPATH=.tools/advisories $(PY) -m pip_audit --strict --disable-pip --require-hashes -r requirements/run.txt

bench-rules: install ## What an order costs the rules alone, without Kafka, and what a member weighs (seconds)
	@.venv/bin/memberships bench --rules

lock: $(UV) ## Renew the hashed requirement files (no index address in them)
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile pyproject.toml --quiet --extra dev --python-version 3.11 --generate-hashes --no-emit-index-url -o requirements/dev.txt
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile pyproject.toml --quiet --python-version 3.11 --generate-hashes --no-emit-index-url -c requirements/dev.txt -o requirements/run.txt
	for tool in atheris advisories; do UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile requirements/$$tool.in --quiet --python-version 3.11 --generate-hashes --no-emit-index-url -o requirements/$$tool.txt; done

clean: ## Remove what `install` made here (not the user's cache)
	rm -rf .venv .tools
