# pixelfleet: make demo, make test. Every target sets up what it needs first.
PYTHON ?= python3
# `make lambda PYTHON=3.13` means the Lambda's Python; this machine's own is then python3.
INTERPRETER := $(if $(filter 3.%,$(PYTHON)),python3,$(PYTHON))
VENV := .venv
BIN := $(VENV)/bin
# Two stages of one environment: what the product needs on one machine, and what its developers need besides.
PRODUCT := $(VENV)/.product
STAMP := $(VENV)/.installed
# A process of ours that starts is to find its modules compiled, also where the shell says that nothing is to be written.
unexport PYTHONDONTWRITEBYTECODE
# Most tests wait for real processes more than they compute: two test processes a core.
JOBS ?= $(shell $(PYTHON) -c 'import os; print(2 * (os.cpu_count() or 1))')

# The scripts' types are checked by tsc from npm, which a developer of Python need not have; CI must.
TYPESCRIPT := tests/typescript
SCRIPT_TYPES := $(if $(or $(CI),$(shell command -v npm)),$(TYPESCRIPT)/node_modules/.installed)

# $(call step,TEXT,COMMAND): says what is done, does it, says how long it took. TEXT and COMMAND have no commas.
define step
@printf '%s\n' "$(1)"; began=$$(date +%s); $(2) && printf '  done in %s s\n' $$(($$(date +%s) - began))
endef

.DEFAULT_GOAL := help
.PHONY: lambda image sbom audit plan apply destroy checkov help setup lock docs demo lint format test test-slow mutants simulate ci bench fuzz fuzz-images fuzz-texts chaos clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

setup: $(STAMP) ## make .venv with everything that is pinned; instant when it is there

$(PRODUCT): requirements/local.txt requirements/build.txt requirements/install.py pyproject.toml
	@$(INTERPRETER) -c 'import sys; sys.exit("pixelfleet needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(call step,Installing pixelfleet into $(VENV),$(INTERPRETER) requirements/install.py $(VENV) requirements/build.txt requirements/local.txt)
	@touch $@

$(STAMP): $(PRODUCT) requirements/dev.txt
	$(call step,Installing the developers' tools into $(VENV),$(INTERPRETER) requirements/install.py $(VENV) requirements/dev.txt)
	@touch $@

$(TYPESCRIPT)/node_modules/.installed: $(TYPESCRIPT)/package-lock.json
	npm ci --silent --no-audit --no-fund --ignore-scripts --prefix $(TYPESCRIPT)
	@touch $@

lock: $(STAMP) ## pin anew what pyproject.toml asks for: one lock an extra, with hashes
	$(BIN)/python requirements/lock.py

docs: $(STAMP) ## write anew the references that are made from the code
	$(BIN)/typer pixelfleet.cli.main utils docs --name pixelfleet --title Commands --output docs/reference/cli.md
	$(BIN)/python -m dashboard.reference > docs/reference/api.md

demo: $(PRODUCT) ## sample images through the whole fleet on this machine; ends with a contact sheet
	$(call step,Writing sample images into demo/samples,$(BIN)/pixelfleet samples demo/samples)
	$(call step,Sending them through a fleet on this machine,$(BIN)/pixelfleet run demo/samples --out demo/results --report demo/report.json)

lint: $(STAMP) $(SCRIPT_TYPES) ## ruff, mypy --strict, import-linter; tsc for the dashboard's scripts where npm is
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(if $(SCRIPT_TYPES),$(TYPESCRIPT)/node_modules/.bin/tsc --project $(TYPESCRIPT),@echo "The dashboard's scripts were not checked: tsc needs npm")

format: $(STAMP) ## format and mend what ruff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: $(STAMP) ## all tests but the slow ones
	$(call step,Testing with $(JOBS) processes (the slow tests: make test-slow),$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not slow and not mutation")

test-slow: $(STAMP) ## the slow ones: real outside programs, minutes of work
	$(call step,The slow tests and the property tests with many examples,HYPOTHESIS_PROFILE=deep $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m "(slow or hypothesis) and not mutation")

mutants: $(STAMP) ## put each known fault back and hunt it through 20,000 seeds of the simulator: hours
	$(call step,Hunting the mutants,$(BIN)/python -m pytest -n $(JOBS) -m mutation)

SEEDS ?= 1000
simulate: $(STAMP) ## the whole fleet in simulated time, under faults: SEEDS=N, or SEED=n for one seed's trace
	$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED),--seeds $(SEEDS))

ci: ## what every change must pass, from a bare Debian on: lint, tests, checkov, slow tests
	.ci/run

bench: $(STAMP) ## engine, worker, upload, producer, a batch of 20,000 ...: IMAGES=DIR of JPEGs, SHARP=DIR of an npm install, TOOLS=VENV
	$(BIN)/python -m benchmarks.engine $(if $(IMAGES),--images $(IMAGES)) $(if $(SHARP),--sharp $(SHARP))
	$(BIN)/python -m benchmarks.heavy $(if $(IMAGES),--images $(IMAGES))
	$(BIN)/python -m benchmarks.calls
	$(BIN)/python -m benchmarks.fleet
	$(BIN)/python -m benchmarks.queue
	$(BIN)/python -m benchmarks.producer
	$(BIN)/python -m benchmarks.upload $(if $(TOOLS),--tools $(TOOLS))
	$(BIN)/python -m benchmarks.reconcile
	$(BIN)/python -m benchmarks.forecast
	$(BIN)/python -m benchmarks.batch

FUZZ_SECONDS ?= 60
fuzz: fuzz-images fuzz-texts ## mutated images for the engine and texts for every reader: a minute each (FUZZ_SECONDS; an hour before a release)

fuzz-images: $(STAMP)
	$(BIN)/python -m tests.fuzz.fuzz_render $(FUZZ_SECONDS)

fuzz-texts: $(STAMP)
	$(BIN)/python -m tests.fuzz.fuzz_text $(FUZZ_SECONDS)

chaos: $(STAMP) ## a storm over a whole fleet: five minutes, 2,000 images, then the books are checked
	$(BIN)/python -m tests.chaos.storm --images 2000 --minutes 5

# What the producer runs on, and what the image is built for: arm64 or x86_64. Terraform's variables must say the same.
ARCH ?= arm64
LAMBDA_PYTHON := $(or $(filter 3.%,$(PYTHON)),3.13)
TAG ?= pixelfleet:dev
TERRAFORM := terraform -chdir=infra

lambda: $(STAMP) ## the producer's zip in build/, for ARCH (arm64) and PYTHON (3.13)
	$(BIN)/python infra/packaging/lambda_zip.py --arch $(ARCH) --python $(LAMBDA_PYTHON)

image: $(STAMP) sbom ## the container image, by docker, podman or buildah: TAG, ARCH; and what is in it
	$(BIN)/python infra/packaging/container_image.py --tag $(TAG) --arch $(ARCH)

# cyclonedx-bom and pip-audit bring much of their own: an environment apart.
.venv-audit/.installed: requirements/audit.txt
	test -x .venv-audit/bin/python || $(INTERPRETER) -m venv .venv-audit
	.venv-audit/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/audit.txt
	@touch $@

sbom: $(STAMP) .venv-audit/.installed ## the packages of the image and their licences: build/sbom.json (CycloneDX), build/licences.json
	$(BIN)/python infra/packaging/sbom.py --cyclonedx .venv-audit/bin/cyclonedx-py --output build

audit: .venv-audit/.installed ## known weaknesses of what is pinned, from a database on the internet: SERVICE=pypi or osv
	$(INTERPRETER) infra/packaging/audit.py --pip-audit .venv-audit/bin/pip-audit $(if $(SERVICE),--service $(SERVICE))

# A stamp of its own: Terraform makes the folder at the beginning of an init that may fail. A backend.tf that is added later,
# and a module of a newer release, need another init.
INITIALISED := infra/.terraform/.initialised
$(INITIALISED): $(wildcard infra/*.tf infra/modules/*/*.tf ecs/*.tf ecs/modules/*/*.tf)
	$(TERRAFORM) init
	@touch $@

plan: lambda $(INITIALISED) ## what terraform would change on AWS; ARGS for more
	$(TERRAFORM) plan $(ARGS)

apply: lambda $(INITIALISED) ## make or change the stack on AWS
	$(TERRAFORM) apply $(ARGS)

destroy: $(INITIALISED) ## take the stack on AWS down
	$(TERRAFORM) destroy $(ARGS)

# checkov pins another boto3: an environment of its own.
.venv-checkov/.installed: requirements/checkov.txt
	test -x .venv-checkov/bin/python || $(INTERPRETER) -m venv .venv-checkov
	.venv-checkov/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/checkov.txt
	@touch $@

checkov: .venv-checkov/.installed ## checkov over the Terraform
	.venv-checkov/bin/checkov --config-file infra/.checkov.yaml

clean: ## remove what the other targets made
	rm -rf $(TYPESCRIPT)/node_modules $(VENV) .venv-checkov .venv-audit infra/.terraform build demo .pytest_cache .mypy_cache .ruff_cache
