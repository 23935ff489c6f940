# Everything runs in .venv, made by `make setup` with PYTHON; ARGS are passed on to the program that a target runs.
PYTHON ?= python3
ARGS ?=
# More for pip, such as an index with the CPU build of torch, which is much smaller than the default one.
PIP_FLAGS ?=

VENV := .venv
BIN := $(VENV)/bin
# Made last, so that a set-up that failed or was interrupted is taken up again, and a finished one costs nothing.
READY := $(VENV)/.ltd-setup
# There while packages are being installed, and outside of what it speaks of: if it is found at the start, .venv may
# hold half of a package that pip would take for a whole one, so .venv is made anew.
INSTALLING := .venv-installing

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run report test test-slurm lint format constraints clean distclean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv with the pinned packages, and the embedded model; safe to repeat and to interrupt

$(READY): pyproject.toml constraints.txt
	@if [ -e $(INSTALLING) ] || ! $(BIN)/python -m pip --version >/dev/null 2>&1; then rm -rf $(VENV); fi
	@test -d $(VENV) || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo >&2 "error: \
	Python 3.11 or later is needed, and $(PYTHON) is not it; try make setup PYTHON=/path/to/python3.11"; exit 1; }
	@test -d $(VENV) || $(PYTHON) -c 'import ensurepip, venv' || { echo >&2 "error: \
	$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@touch $(INSTALLING)
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install $(PIP_FLAGS) --constraint constraints.txt --editable '.[dev]'
	@rm $(INSTALLING)
	$(BIN)/python -m pip check
	$(BIN)/python -m ltd.model.smollm2_135m
	@touch $@

run: setup ## set up, then the main job: choose a coreset, fine-tune on it, score before and after (ARGS="seed=1 ...")
	$(BIN)/python train.py sampler=kcenter fraction=0.005 $(ARGS)

# In a folder of its own, so that the report is on these runs and no others; stopped, the same command goes on. Runs of one
# thread each, as many at once as JOBS: faster than one run on all cores. Their models are not kept (0.5 GB each).
PAPER := outputs/paper
JOBS ?= 2
ROWS = OMP_NUM_THREADS=1 $(BIN)/python train.py -m hydra/launcher=joblib hydra.launcher.n_jobs=$(JOBS) \
	outputs=$(PAPER) cache=outputs/cache keep=results seed=0,1,2
report: setup ## the paper's table and the row it lacks, three seeds each, and the report on them: an hour on two cores
	$(ROWS) 'experiment=glob(paper/*)' $(ARGS)
	$(ROWS) sampler=random,kcenter fraction=0.001 $(ARGS)
	$(BIN)/python -m ltd.report $(PAPER)/train --out $(PAPER)/report

test: setup ## set up what is missing, then run the quick tests (ARGS="-m slow" for the others)
	$(BIN)/python -m pytest $(ARGS)

test-slurm: setup ## run sweeps on a real one-node SLURM (as root; needs the packages that docs/reliability.md names)
	$(BIN)/python -m pytest tests/slurm -m slurm -n 0 $(ARGS)

lint: setup ## check format, style, types and the floors of the package
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: setup ## rewrite the code in the project's format, and mend what can be mended by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

constraints: setup ## write constraints.txt anew from what is installed in .venv
	{ grep '^#' constraints.txt; $(BIN)/python -m pip freeze --all --exclude pip --exclude-editable | sed 's/+[a-z0-9]*$$//'; } > .constraints
	mv .constraints constraints.txt
	@touch $(READY)

clean: ## remove caches and build products; never outputs or .venv
	find . -path ./$(VENV) -prune -o -path ./outputs -prune -o -name __pycache__ -type d -exec rm -rf {} +
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage build dist *.egg-info

distclean: clean ## clean, and remove .venv
	rm -rf $(VENV) $(INSTALLING)
