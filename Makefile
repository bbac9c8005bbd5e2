# Everything starts here: `make run` and `make test`; `make help` lists the rest.

DATA := $(or $(DATA),$(PUNCHLINE_DATA),data)
PORT := $(or $(PORT),$(PUNCHLINE_PORT),8000)
HOST := $(or $(HOST),$(PUNCHLINE_HOST),127.0.0.1)
python := .venv/bin/python
# A process of ours ends with the make that started it, however that one ends.
leash := $(if $(shell command -v setpriv),setpriv --pdeathsig TERM --)

.DEFAULT_GOAL := help
.PHONY: help run test env check

help:
	@echo "make run      run Punchline here: DATA=folder PORT=8000 HOST=127.0.0.1; Ctrl-C stops it"
	@echo "make test     run all tests, on SQLite and on private PostgreSQL and Redis: TESTS='pytest arguments'"
	@echo "make check    lint, types, imports, migrations and deployment settings"
	@echo "make env      build .venv alone"

run: export PUNCHLINE_DATA = $(DATA)
run: export PUNCHLINE_PORT = $(PORT)
run: export PUNCHLINE_HOST = $(HOST)
run: .venv/run
	@exec $(leash) $(python) -m config.supervisor

test: .venv/dev
	@exec $(leash) $(python) -m tests.run $(TESTS)

env: .venv/dev

check: .venv/dev
	@exec $(leash) $(python) -m tests.check

# Stamps: the environment is touched only when what it should hold has changed.
.venv/run .venv/dev: pyproject.toml constraints.txt
	@.ci/env $(@F)
