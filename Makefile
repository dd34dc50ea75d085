# make run    the demo on sample data, offline and free
# make test   the tests
# make check  format, lint, types, import contracts, tests
# make bench  the benchmarks (minutes)
# make fuzz   100,000 damaged inputs for everything that reads bytes (about an hour)
# make lock   the versions and hashes of what is installed
# make audit  published advisories about these versions, where a source of them can be reached
# make weather  kills, full disks, limits and races (half an hour)

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null)

.PHONY: run test check lint bench fuzz weather samples lock audit clean

run: $(VENV)/.runtime
	$(BIN)/comprehend-tuner demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto

check: lint
	$(BIN)/python -m pytest -n auto

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	$(BIN)/python -m tests.benchmarks

fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.fuzz

weather: $(VENV)/.dev
	$(BIN)/python -m tests.weather

samples: $(VENV)/.dev
	$(BIN)/python -m sample_data.generate

$(VENV)/.runtime: pyproject.toml constraints.txt
	$(call install,.)
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt
	$(call install,.[dev])
	@touch $@ $(VENV)/.runtime

ifdef UV
install = test -d $(VENV) || uv venv -q -p $(PYTHON) $(VENV); \
	uv pip install -q -p $(VENV) -c constraints.txt -e '$(1)'
else
install = test -d $(VENV) || $(PYTHON) -m venv $(VENV); \
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '$(1)'
endif

lock: $(VENV)/.dev
	( echo "# Locked versions of everything the product and its tests install; \`make lock\` writes this file."; \
	  $(BIN)/python -m pip freeze --exclude-editable | sort -f ) > constraints.txt
	$(BIN)/python -m tests.lock

audit: $(VENV)/.dev
	$(BIN)/python -m tests.lock audit

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
