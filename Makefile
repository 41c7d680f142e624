# Two commands: `make run` runs everything embedded with the demo authority, `make test` checks everything CI checks.
# `make services` starts the real servers as throw-away processes, `make run-full` the E-Akte on them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export EAKTE_HOME ?= $(CURDIR)/data
export OMP_THREAD_LIMIT := 1
# Compiled modules are kept whatever the shell says: hundreds of processes of the tests would compile them again.
unexport PYTHONDONTWRITEBYTECODE
# What runs a second time on PostgreSQL: everything whose answers come from the database. The longest come first.
ON_POSTGRESQL := $(addprefix tests/,eakte/test_upgrade.py eakte/test_doctor.py retention/test_disposal.py \
	search/test_service.py eakte/test_interfaces.py eakte/test_retention_walk.py \
	core/test_database.py core/test_lanes.py core/test_postgresql.py core/test_postgresql_silence.py core/test_jobs.py core/test_leases.py \
	core/test_audit.py core/test_anchors.py core/test_migrations.py core/test_clock_set_back.py \
	core/test_isolation.py::test_a_stopped_child_that_wakes_up_late_commits_nothing \
	core/test_isolation.py::test_the_same_child_commits_when_nobody_took_its_lease \
	organisation/test_responsibility.py inbox archive/test_access.py archive/test_granting.py archive/test_register_import.py archive/test_s3_anchors.py \
	ingest/test_ledger.py ingest/test_quarantine.py ingest/test_hotfolder.py \
	retention/test_cases.py retention/test_service.py retention/test_appraising.py \
	retention/test_disposal_resume.py::test_an_interrupted_list_is_finished_by_the_worker retention/test_export.py search/test_indexing.py \
	api/test_looks.py api/test_stored.py eakte/test_start_up.py eakte/test_supervisor.py \
	web/test_routes_inbox.py web/test_routes_once.py)

# Tests wait for servers, pages and disks: one worker more than cores keeps the cores busy.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

.PHONY: setup otel run run-full services install-services test checks lint types contracts unit bench clean test-faults

setup: $(VENV)/.complete

$(VENV)/.complete: requirements.lock pyproject.toml web/package.json
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m web.assets
	@touch $@

# The extra `otel` (traces), locked beside everything else: nobody gets it who does not ask for it.
otel: setup
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirements requirements-otel.lock

run: setup
	@$(BIN)/eakte run --demo

services: install-services
	@$(BIN)/eakte dev services

# The main job of `make run` on the real servers; their data stay in data-full, `settings` there is for other commands.
run-full: install-services
	@EAKTE_HOME=$(CURDIR)/data-full/home $(BIN)/eakte dev services --folder $(CURDIR)/data-full/servers \
		--settings $(CURDIR)/data-full/settings -- $(BIN)/eakte run --demo

# What can't be had is told; the tests that need it skip with the reason (and fail in CI).
install-services: setup
	-@$(BIN)/eakte dev services --install

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

contracts: setup
	$(BIN)/lint-imports

unit: setup otel install-services
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations=25
	EAKTE_TEST_DATABASE=postgresql $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations=10 $(ON_POSTGRESQL)

# The servers are fetched and built while the code is checked.
test: setup
	@$(MAKE) --no-print-directory --jobs=2 install-services checks
	@$(MAKE) --no-print-directory unit

checks: lint types contracts

# Every server killed, stopped, cut off, filled up or misled about the time, under load: an hour; KILLS=3 OUTAGE=20 is a
# short one. As root on Linux with iproute2, e2fsprogs and faketime, or those parts are skipped. docs/reliability.md
KILLS ?= 20
OUTAGE ?= 60
test-faults: setup install-services
	EAKTE_FAULTS_KILLS=$(KILLS) EAKTE_FAULTS_SECONDS=$(OUTAGE) $(BIN)/pytest tests/faults/matrix.py -n 0 -s
	@$(BIN)/python -m tests.faults.record

bench: setup
	$(BIN)/python -m bench.all

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
