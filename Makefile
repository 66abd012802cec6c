# TAXLIEN.online. Two commands matter: `make up` and `make test`.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help install up down test check bench lock clean

help:  ## say what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

install: $(STAMP)  ## make .venv with everything the product and its tests need

$(STAMP): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ echo "python3 -m venv does not work here: on Debian, apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/uv || $(BIN)/pip install --quiet uv
	@echo "installing what requirements.lock names"
	@$(BIN)/uv pip install --python $(BIN)/python --quiet --compile-bytecode --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --python $(BIN)/python --quiet --no-deps -e .
	@$(BIN)/python -m compileall -q src
	@touch $(STAMP)

up: install  ## start the product with demo data; Ctrl-C stops it
	@$(BIN)/taxlien up

down: install  ## stop a product that was started elsewhere
	@$(BIN)/taxlien down

test: install  ## run the tests against real servers
	@$(BIN)/python -m compileall -q src  # tests start our programs again and again
	@PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder tests

check: install  ## lint, format, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy src
	@$(BIN)/lint-imports

bench: install  ## run every benchmark and print its table
	@for file in $(filter-out bench/product_processes.py bench/memory_plot.py bench/collecting_days.py bench/collecting_memory.py,$(wildcard bench/*.py)); do echo; echo "== $$file"; $(BIN)/python $$file || exit 1; done

lock: install  ## resolve the dependencies again
	@$(BIN)/uv pip compile --python $(BIN)/python --universal --generate-hashes --no-emit-index-url \
		--extra stack --extra browser --extra mongo --extra dev pyproject.toml -o requirements.lock --quiet

clean: down  ## forget the product's data on this machine
	@rm -rf .taxlien
