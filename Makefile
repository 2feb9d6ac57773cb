# Two commands matter: `make package` and `make test`. The rest is for maintainers.
PYTHON ?= python3
BIN := .venv/bin
export DO_NOT_TRACK := 1
export DAGSTER_DISABLE_TELEMETRY := 1
export GX_ANALYTICS_ENABLED := false
export RUNTIME__DLTHUB_TELEMETRY := false

.PHONY: env env-spark extras package test test-spark check unit unit-spark test-crash mutants bench lock clean

package: env
	@$(BIN)/itgc package

test: check
	@$(BIN)/python -m pytest -q -n auto --dist loadfile

check: env
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/sqlfluff lint -q dbt_project/models
	@$(BIN)/mypy

# The unit tests of one model, over the warehouse of `make package`: make unit MODEL=la_04__terminations
unit: env
	@ITGC_WAREHOUSE=$(CURDIR)/build/warehouse.duckdb DBT_TARGET_PATH=$(CURDIR)/build/dbt DBT_LOG_PATH=$(CURDIR)/build/dbt \
		$(BIN)/dbt --quiet test --profiles-dir dbt_project --select "$(MODEL),test_type:unit" && echo "unit tests of $(MODEL): passed"

# Both engines over one vault: every model row for row, the package file for file, the engine macros over hard inputs.
test-spark: env-spark
	@$(BIN)/python -m pytest -q tests/spark

# The unit tests of one model on Spark, over the tables of `itgc build --target spark`.
unit-spark: env-spark
	@ITGC_WAREHOUSE=$(CURDIR)/build/warehouse.duckdb ITGC_SPARK=$(CURDIR)/build/spark SPARK_LOCAL_IP=127.0.0.1 \
		DBT_TARGET_PATH=$(CURDIR)/build/dbt-spark DBT_LOG_PATH=$(CURDIR)/build/dbt-spark \
		$(BIN)/dbt --quiet test --profiles-dir dbt_project --target spark --select "$(MODEL),test_type:unit" \
		2>>$(CURDIR)/build/dbt-spark/spark.log && echo "unit tests of $(MODEL) on Spark: passed"

test-crash: env
	@$(BIN)/python -m pytest -q tests/crash --kills 30

mutants: env
	@$(BIN)/python -m tests.mutants

# The speed, as ratios: `make bench` takes minutes, `make bench SCALE=100` the reference load, and writes docs/performance.*.
SCALE ?= 1
bench: env
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-bench.lock
	@$(BIN)/python -m bench --scale $(SCALE)

env: .venv/.installed

env-spark: .venv/.spark

.venv/.spark: .venv/.installed requirements-spark.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps --compile-bytecode -r requirements-spark.lock
	@touch $@

.venv/.installed: requirements-uv.lock requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"Python 3.11 to 3.13 is needed, this is {v[0]}.{v[1]}; for example: make PYTHON=python3.12 package")'
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

# What docs/deployment.md needs: object storage, PostgreSQL, launchers.
extras: .venv/.extras

.venv/.extras: .venv/.installed requirements-extras.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements-extras.lock
	@touch $@

# Host-free, hashed: uv.lock would name the index.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header
lock: env
	@$(LOCK) pyproject.toml --group dev -o requirements.lock
	@$(LOCK) pyproject.toml --group dev --group extras --extra object-storage --extra deployment -c requirements.lock -o requirements-extras.lock
	@$(LOCK) pyproject.toml --extra spark -c requirements.lock $$(sed -n 's/^\([a-z0-9._-]*\)==.*/--no-emit-package \1/p' requirements.lock) -o requirements-spark.lock
	@$(LOCK) --group bench -c requirements.lock -o requirements-bench.lock
	@$(BIN)/uv --version | awk '{print "uv==" $$2}' | $(LOCK) - -o requirements-uv.lock

clean:
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache build
