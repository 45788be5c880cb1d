# Everything runs from .venv, which `make setup` makes from pinned requirements.

PORT ?= 8000
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_ENV := var/demo.env
DEMO := ENV_FILE=$(DEMO_ENV) PUBLIC_URL=http://127.0.0.1:$(PORT) DATABASE_URL=sqlite:///$(CURDIR)/var/demo.sqlite3 \
	INTERCOM_SANDBOX=on INTERCOM_SANDBOX_FILE=var/demo-sandbox.sqlite3 REDIS_URL= LOG_LEVEL=WARNING \
	EMAIL_URL=consolemail://

.PHONY: help setup demo clean-demo run test check bench bench-long chaos fuzz soak

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/installed  ## install everything into .venv

$(VENV)/installed: requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; make PYTHON=python3.11 …")'
	@echo "Installing into $(VENV): a minute or two"
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

demo: setup $(DEMO_ENV)  ## run everything here, with a pretend Intercom
	@umask 077; $(DEMO) $(BIN)/python manage.py migrate --verbosity 0
	@$(DEMO) $(BIN)/python manage.py collectstatic --noinput --verbosity 0
	@umask 077; set -a; . ./$(DEMO_ENV); set +a; $(DEMO) exec $(BIN)/python manage.py demo $(DEMO_ARGS)

$(DEMO_ENV): | setup
	@mkdir -p var
	@umask 077; { $(BIN)/python -m config.newenv; echo "DEMO_PASSWORD=$$($(BIN)/python -c 'import secrets; print(secrets.token_hex(4))')"; } > $@

clean-demo:  ## forget the demonstration's data
	rm -f var/demo.sqlite3* var/demo-sandbox.sqlite3* $(DEMO_ENV)

# The address of this machine follows PORT in .env, where every command reads it; any other stays as it is.
run: setup .env  ## run web server and worker with the settings in .env
	@sed -i.old -E 's|^PUBLIC_URL=http://127\.0\.0\.1:[0-9]+$$|PUBLIC_URL=http://127.0.0.1:$(PORT)|' .env && rm .env.old
	@grep -q '^PUBLIC_URL=' .env || printf '\nPUBLIC_URL=http://127.0.0.1:$(PORT)\n' >> .env
	@umask 077; $(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py collectstatic --noinput --verbosity 0
	@umask 077; exec $(BIN)/python manage.py supervise --web --bind 127.0.0.1:$(PORT)

.env: | setup
	@umask 077; { $(BIN)/python -m config.newenv; echo "PUBLIC_URL=http://127.0.0.1:$(PORT)"; } > $@
	@echo "Made .env with fresh keys. Add DATABASE_URL and the rest there (README.md, Environment)."

# A process for each core, and two more, since many tests wait for time to pass. A file's tests stay together,
# since some share what is dear to set up; in the order of the folders, so that what drives a browser does not come
# last and alone.
PROCESSES ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 2)
test: setup  ## run the tests (DATABASE_URL=postgres://… for PostgreSQL)
	$(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder $(ARGS)

check: setup  ## lint, types, migrations, templates, import direction
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/django-upgrade --target-version 5.2 $$(git ls-files '*.py')
	$(BIN)/djade --check $$(git ls-files 'templates/*.html')
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/mypy .
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python manage.py makemigrations --check --dry-run
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python manage.py check --fail-level WARNING
	$(BIN)/python -m pytest -q tests/test_imports.py tests/test_templates.py

bench: setup  ## measure, as ratios within one run (ARGS=--quick; ARGS="--only latency")
	$(BIN)/python -m tests.bench $(ARGS)

bench-long: setup  ## measure a backlog of 100,000, two clusters, a million people; an hour at most, on PostgreSQL
	$(BIN)/python -m tests.bench.long $(ARGS)

chaos: setup  ## thousands join while everything fails; needs PostgreSQL (ARGS="--seed 7 --runs 3 --leads 5000")
	$(BIN)/python -m tests.chaos.long $(ARGS)

fuzz: setup  ## make up what may come in from outside (FUZZ_EXAMPLES=1000; DATABASE_URL=postgres://… for PostgreSQL)
	FUZZ_EXAMPLES=$(or $(FUZZ_EXAMPLES),300) $(BIN)/python -m pytest tests/fuzz $(ARGS)

soak: setup  ## work for an hour and see what grows; needs PostgreSQL (ARGS="--minutes 60 --rate 3")
	$(BIN)/python -m tests.soak $(ARGS)
