# Two commands are the whole set-up: `make demo` and `make test`. Without make: see README.md, "Windows and plain commands".
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: install install-dev demo test check proof bench house lock clean

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python tools/link_source.py
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

demo: install
	$(BIN)/gp365 demo

check: install-dev
	$(BIN)/python tools/check.py

test: check
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

proof: install-dev
	$(BIN)/python -m pytest -q -m proof --override-ini "addopts=-ra --strict-markers"
	
bench: install-dev
	$(BIN)/python -m bench

house: install-dev
	$(BIN)/python tools/house.py

# Needs uv (pip install uv). Locks carry hashes and no index addresses.
lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) demo .pytest_cache .ruff_cache .hypothesis
