# Everything a newcomer needs is fetched into this folder: uv into .tools/, the packages into .venv/.
UV_VERSION := 0.13.9
UV := .tools/bin/uv
RUN := $(UV) run --locked
# One process more than there are cores: much of a test is waiting.
PYTEST := pytest --dist worksteal --numprocesses $(shell python3 -c 'import os; print(1 + (os.cpu_count() or 1))')
# Where it is set, each of some hundred processes would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.PHONY: help setup demo run test test-on soak cluster bench screens check format audit release lambda

help: ## list these commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 16

$(UV):
	python3 -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

setup: $(UV) ## install what the project needs into .venv
	@$(UV) sync --locked --quiet

demo: setup ## run the service once, with sample costs and a local channel; STAY=1 keeps its pages open
	@$(RUN) python -m programs.demo $(if $(STAY),--stay)

run: setup ## serve on 127.0.0.1:8000
	@$(RUN) aws-spend-monitor serve

test: setup ## all tests
	@$(RUN) $(PYTEST)

test-on: $(UV) ## the quick rooms of the tests on another Python: PYTHON=/path/to/python3.13
	@UV_PROJECT_ENVIRONMENT=.venv-other $(RUN) --python $(PYTHON) \
		$(PYTEST) tests/unit tests/contract tests/entrypoints

soak: setup ## ten thousand ticks with faults injected everywhere, then strangers; prints what was lost: 0; with ENGINE="nats", kills on it
	@$(RUN) python -m programs.soak $(ENGINE)

cluster: setup ## three NATS nodes, two doors, two workers on this machine; 2,000 ticks and kills
	@$(RUN) python -m programs.cluster

bench: setup ## measure speed and memory, each as a ratio to the limit taken in the same run
	@$(RUN) --group bench python -m programs.benchmarks

screens: setup ## take the pictures of the documentation anew; needs a Chromium
	@$(RUN) python -m programs.screens
	@$(RUN) python -m programs.page_screens

check: setup ## what CI runs: format, lint, types, layers, dead code, then documentation and code by all tests
	@$(RUN) ruff format --check
	@$(RUN) ruff check
	@$(RUN) --group bench mypy
	@$(RUN) lint-imports
	@$(RUN) vulture
	@$(RUN) $(PYTEST)

format: setup ## put the code in order
	@$(RUN) ruff format
	@$(RUN) ruff check --fix

audit: setup ## look the locked packages up in a database of known weaknesses (needs the internet)
	@$(UV) audit --locked

lambda: setup ## the zip for AWS Lambda, in dist/, and whether it answers on its own
	@$(RUN) python deploy/lambda/build.py
	@$(RUN) python -m programs.try_lambda

release: setup ## wheel, sdist and the image's build context, in dist/
	@rm -rf dist && $(UV) build --quiet
	@tar --create --gzip --file dist/aws_spend_monitor-$$($(UV) version --short)-image.tar.gz \
		Containerfile .containerignore pyproject.toml uv.lock README.md LICENSE src deploy/entrypoint.sh
	@ls -l dist
