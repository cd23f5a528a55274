# A newcomer needs two of these: `make run` and `make test`.
PYTHON ?= python3.11
PY := .venv/bin/python
# as workers have it: one thread, and glibc keeps the memory of freed tensors (`bench/launch/launch.py`)
export OMP_NUM_THREADS := 1
export MALLOC_TRIM_THRESHOLD_ := 2147483648
export MALLOC_MMAP_THRESHOLD_ := 2147483648

# what `make spot` checks: the study with editions, once it has one
STUDY ?= $(if $(wildcard results/published/standard/edition-1),standard,quick)
COUNT ?= 3
SEED ?= 0

.PHONY: run quick test test-all test-slurm benchmark faults mutants entrants publish drift spot pages calibrations clean

run: .venv/installed
	$(PY) -m bench study=first hydra/launcher=joblib

# the preview whose rows are published, of which `run` is a part
quick: .venv/installed
	$(PY) -m bench study=quick hydra/launcher=joblib

test: .venv/installed-test
	$(PY) -m ruff check . && $(PY) -m ruff format --check .
	$(PY) -m pytest -n 2 --dist worksteal -m "not full"

test-all: .venv/installed-test
	$(PY) -m pytest -n 2 --dist worksteal

# units as an array of a real Slurm of one node, which is started and stopped; skipped with the reason where there is none
test-slurm: .venv/installed-test
	$(PY) -m pytest -rs tests/slurm

# each takes minutes on an idle machine, and writes or prints its own table
benchmark: .venv/installed-test
	for script in tests/benchmarks/*.py; do echo $$script; $(PY) $$script || exit 1; done

# what becomes of every fault that a test knows, into results/published/faults.csv
faults: .venv/installed-test
	$(PY) -m pytest -n 2 --dist worksteal -m fault --book=results/published/faults.csv

# small faults that the tests should notice: hours, and goes on where it was stopped
mutants: .venv/installed-test
	$(PY) tests/mutants/mutant_run.py

# needs other people's libraries, which nothing else does
entrants: .venv/installed-test
	$(PY) -m pip install -qq --constraint constraints.txt --editable ".[test,entrants]"
	$(PY) -m bench entrants
	$(PY) -m bench publish name=entrants

# copy the rows of the last quick study to results/published/, which the tests and the README read
publish: .venv/installed
	$(PY) -m bench publish study=quick

# what moved from the published quick study to the last run of it
drift: .venv/installed
	$(PY) -m bench drift study=quick

# a few cells of the published study again, each alone in an empty folder
spot: .venv/installed
	$(PY) -m bench spot study=$(STUDY) count=$(COUNT) seed=$(SEED)

# what is served, into results/pages
pages: .venv/installed
	$(PY) -m bench pages

calibrations: .venv/installed
	$(PY) -m bench calibrate study=quick

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PY) -m pip install -qq --constraint constraints.txt --editable .
	touch $@

.venv/installed-test: .venv/installed
	$(PY) -m pip install -qq --constraint constraints.txt --editable ".[test]"
	touch $@

clean:
	rm -rf .venv results/store results/first results/quick results/tiny results/pages
