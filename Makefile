# pixelfleet: make demo, make test. Every target sets up what it needs first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Two cores run two test processes; more cores run more.
JOBS ?= auto

.DEFAULT_GOAL := help
.PHONY: help setup lock docs demo lint format test test-slow bench fuzz chaos clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

setup: $(STAMP) ## make .venv with everything that is pinned; instant when it is there

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("pixelfleet needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

lock: $(STAMP) ## pin anew what pyproject.toml asks for: one lock an extra, with hashes
	$(BIN)/python requirements/lock.py

docs: $(STAMP) ## write anew the references that are made from the code
	$(BIN)/typer pixelfleet.cli.main utils docs --name pixelfleet --title Commands --output docs/reference/cli.md
	$(BIN)/python -m dashboard.reference > docs/reference/api.md

demo: $(STAMP) ## sample images through the whole fleet on this machine; ends with a contact sheet
	$(BIN)/pixelfleet samples demo/samples
	$(BIN)/pixelfleet run demo/samples --out demo/results --report demo/report.json

lint: $(STAMP) ## ruff, mypy --strict, import-linter
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## format and mend what ruff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: $(STAMP) ## all tests but the slow ones
	$(BIN)/python -m pytest -n $(JOBS) -m "not slow"

test-slow: $(STAMP) ## the slow ones: real outside programs, minutes of work
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m slow

bench: $(STAMP) ## engine, upload, producer, a batch of 20,000: IMAGES=DIR of JPEGs, SHARP=DIR of an npm install, TOOLS=VENV
	$(BIN)/python -m benchmarks.engine $(if $(IMAGES),--images $(IMAGES)) $(if $(SHARP),--sharp $(SHARP))
	$(BIN)/python -m benchmarks.producer
	$(BIN)/python -m benchmarks.upload $(if $(TOOLS),--tools $(TOOLS))
	$(BIN)/python -m benchmarks.batch

FUZZ_SECONDS ?= 60
fuzz: $(STAMP) ## feed mutated images to the engine for a minute (FUZZ_SECONDS)
	$(BIN)/python -m tests.fuzz.fuzz_render $(FUZZ_SECONDS)

chaos: $(STAMP) ## a storm over a whole fleet: five minutes, 2,000 images, then the books are checked
	$(BIN)/python -m tests.chaos.storm --images 2000 --minutes 5

clean: ## remove what the other targets made
	rm -rf $(VENV) build demo .pytest_cache .mypy_cache .ruff_cache
