# The two commands to know: `make demo` and `make test`. Both set up what they need.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PRODUCT := $(VENV)/.product
LOCKS := reconciler/initial/action

# The tests start Python hundreds of times. Without cached bytecode, each start compiles every module again.
unexport PYTHONDONTWRITEBYTECODE

# Some tests wait for a process or a clock, so one more runs than there are cores.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

# Targets that do not need one another are made beside each other.
TWO := --no-print-directory --jobs=2

.PHONY: demo test check types style contracts bytecode chaos campaign fuzz bench picture reference site lock dist clean
.PHONY: lowest newest packages wheels modules

demo: $(PRODUCT)  ## the main job on projects/, against the sandbox: plan, apply, and a plan with "No changes"
	@sh tests/demo.sh "$(BIN)/python"

test: $(READY)  ## every check: tests with coverage, lint, types, import contracts
	@echo "1 of 3: types, style, and imports"
	$(MAKE) $(TWO) types style contracts bytecode
	@echo "2 of 3: $$(awk '{sum += $$NF} END {print sum}' $(VENV)/collected) tests, $(WORKERS) at a time"
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q -n $(WORKERS) --dist worksteal $(PYTEST)
	@echo "3 of 3: what the tests cover"
	$(BIN)/coverage combine -q
	$(BIN)/python tests/coverage_floor.py

check: $(READY)  ## lint, types, import contracts
	$(MAKE) $(TWO) types style contracts

types:
	$(BIN)/mypy

style:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

contracts:
	$(BIN)/lint-imports --no-logo

bytecode:  # of the tests, which else each worker compiles; what cannot be collected is reported by the run that follows
	@$(BIN)/python -m pytest --collect-only -qq >$(VENV)/collected || true

chaos: $(READY)  ## N simulated stories, 500 by default, from the seed FIRST: kills, faults, races; the real applier
	$(BIN)/python -m tests.simulation $(or $(N),500) $(or $(FIRST),0)

campaign: $(READY)  ## N kills of real runs and N rounds of runs that meet, 100 by default; SEED makes the same choices again
	$(BIN)/python -m tests.campaign $(or $(N),100) $(or $(SEED),0)

fuzz: $(READY)  ## N repositories of bad manifests, 100,000 by default, from the seed FIRST, and N bred by coverage
	$(BIN)/python -m tests.fuzz $(or $(N),100000) $(or $(FIRST),0)
	$(BIN)/python -m tests.fuzz.guided $(or $(N),100000) $(or $(FIRST),1)

bench: $(READY)  ## each row of docs/performance.md with N projects, 10,000 by default, or only ROWS; small costly inputs
	@$(BIN)/pip install --quiet --disable-pip-version-check --upgrade --target .bench/extras octodns || \
		echo "octoDNS cannot be installed: its row is left out"
	$(BIN)/python -m tests.bench $(N) $(ROWS)
	$(if $(ROWS),,$(BIN)/python -m tests.bench.cost)

picture: $(READY)  ## docs/run.svg and docs/page.png, the pictures in README, from real runs; the second needs chromium
	$(BIN)/python -m tests.picture

reference: $(READY)  ## the parts of docs/ that the code defines: options, keys, guards, JSON documents
	$(BIN)/python -m tests.docs.generated

site: $(READY)  ## the documentation as a site, in ./site
	@$(BIN)/python -m tests.docs.site

dist: $(READY)  ## the files of a release, checked as PyPI checks them
	$(BIN)/python -m build --no-isolation
	$(BIN)/twine check --strict dist/*

LOCK := uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11

lock:  ## requirements.lock, and the two locks that a job installs from; needs uv
	$(LOCK) --group dev pyproject.toml --output-file requirements.lock
	echo hatchling | $(LOCK) pyproject.toml - --output-file $(LOCKS)/action.lock
	echo uv | $(LOCK) - --output-file $(LOCKS)/installer.lock

# The tests of what uses each dependency.
BOUNDED := tests/cli/test_commands.py tests/cli/test_progress.py tests/documents tests/http tests/manifest \
	tests/planning/test_cases.py tests/render tests/scale

lowest: RESOLUTION := lowest-direct
newest: RESOLUTION := highest
lowest newest:  ## these tests with the oldest, or the newest, versions of dependencies that pyproject.toml allows; needs uv
	uv pip compile --quiet --resolution $(RESOLUTION) --python $(PYTHON) pyproject.toml --output-file $(VENV)/$@.txt
	uv venv --quiet --clear --python $(PYTHON) $(VENV)/$@
	uv pip install --quiet --python $(VENV)/$@ --constraint $(VENV)/$@.txt --editable . --group bounds
	$(VENV)/$@/bin/python -m pytest -q -n $(WORKERS) --dist worksteal $(BOUNDED)

PIP := $(BIN)/pip --quiet --disable-pip-version-check
INSTALL ?= $(PIP) install

# What the product needs, and nothing else: the demo runs the checkout as it is. A complete environment has it all.
$(PRODUCT): $(LOCKS)/action.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=python3.12"; exit 1; }
	@echo "Setting up $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(INSTALL) --no-compile --require-hashes --requirement $(LOCKS)/action.lock
	@touch $@

$(READY): $(PRODUCT) requirements.lock $(wildcard $(LOCKS)/*.lock) pyproject.toml tests/package-lock.json
	$(MAKE) $(TWO) packages modules wheels
	@touch $@

packages:
	$(INSTALL) --no-compile --require-hashes --requirement requirements.lock
	$(INSTALL) --no-deps --no-build-isolation --editable .

wheels:
	$(PIP) download --require-hashes --no-deps --dest $(VENV)/wheels \
		--requirement $(LOCKS)/action.lock --requirement $(LOCKS)/installer.lock

modules:
	@if command -v npm >/dev/null; then cp tests/package*.json $(VENV) && npm ci --silent --legacy-peer-deps --prefix $(VENV); \
		else echo "npm is missing: the tests that need its packages are skipped"; fi

clean:
	rm -rf .venv .reconciler build dist site .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
