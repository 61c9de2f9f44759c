# make demo: install and run the main job. make test: install and run the default suite. make check: before a commit.
# The CPU build of torch is taken where pip is offered one; set TORCH_INDEX to the address of an index that offers it.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
STAMP := $(VENV)/.installed

.PHONY: demo test check results clean
.DEFAULT_GOAL := demo

demo: $(STAMP)
	$(VENV)/bin/tunesmith demo

# a process for each processor, as far as memory suffices, each with one thread: threads of all would get in each other's way
test: $(STAMP)
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(RUN) -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

check: $(STAMP)
	$(VENV)/bin/ruff format --check src tests benchmarks
	$(VENV)/bin/ruff check src tests benchmarks
	$(VENV)/bin/mypy
	HF_HUB_OFFLINE=1 $(RUN) -m pytest tests/architecture tests/unit tests/contracts

# the table of docs/results.md; ASSETS is the folder of public data sets
results: $(STAMP)
	$(RUN) benchmarks/results.py $(ASSETS)

$(STAMP): requirements/lock.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, this is $$($(PYTHON) --version); set PYTHON=python3.11"; exit 1; }
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@echo "installing pinned packages into $(VENV), about 1 GB; this takes some minutes"
	$(RUN) -m pip install --quiet --disable-pip-version-check $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -r requirements/lock.txt
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(RUN) requirements/no_cuda.py
	@touch $@

clean:
	rm -rf $(VENV) build dist .tunesmith tunesmith-demo runs
