# `make run` and `make test` need only Python 3.11 or 3.12 with pip and venv, and make.
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := run
.PHONY: run test lint bench many-series reset system-packages

# The first interpreter that really is 3.11 or 3.12; `make run PYTHON=…` names another.
PYTHON ?= $(shell for candidate in python3.12 python3.11 python3 python; do \
	"$$candidate" -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null \
	&& echo "$$candidate" && break; done)

run: $(VENV)/.installed
	@exec $(BIN)/python -m backend run --port $(PORT)

test: $(VENV)/.installed-dev system-packages
	$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed-dev system-packages
	@command -v wrk >/dev/null || if [ -f /etc/debian_version ] && [ "$$(id -u)" = 0 ]; then apt-get install -y -qq wrk; \
	else echo "The benchmarks need wrk: install the package wrk."; exit 1; fi
	$(BIN)/python -m benchmarks

# What training on thousands of series takes, in an environment beside the app's (docs/many-series.md).
many-series:
	$(MAKE) VENV=.venv-many .venv-many/.installed-many-series

reset: $(VENV)/.installed
	$(BIN)/python -m backend reset

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Yosoku needs Python 3.11 or 3.12 (with venv); none was found. Name one: make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# uv (a requirement itself) installs in seconds what pip takes minutes for; pip is there where uv can't reach
# the index that pip is configured for.
define install
	@echo "Installing $(1) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv>' requirements.txt)"
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r $(1) \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check -r $(1)
	@touch $@
endef

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	$(call install,requirements.txt)

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(call install,requirements-dev.txt)

$(VENV)/.installed-many-series: requirements-many-series.txt | $(VENV)/bin/python
	$(call install,requirements-many-series.txt)

# The browser tests drive the system's Chromium (Japanese pages need a Japanese font), and the store is tested on
# PostgreSQL too, which Debian keeps off the PATH.
system-packages:
	@if command -v chromium >/dev/null && fc-list 2>/dev/null | grep -qi 'noto.*cjk' && \
		{ command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }; then :; \
	elif [ -f /etc/debian_version ] && [ "$$(id -u)" = 0 ]; then \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk fontconfig postgresql; \
	else echo "The tests need Chromium, the Noto CJK fonts and PostgreSQL: install the packages chromium, fonts-noto-cjk and postgresql."; exit 1; fi
