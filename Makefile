# make demo   the whole path on this machine: no card, no cluster
# make test   everything but real Kubernetes
# make e2e    a real Kubernetes on this machine (root)
# make bench  the numbers of docs/numbers.md, as ratios of one run
# make docs   what the pages of docs/ say of the code, written into them
# make gpu-test  the same claims on this machine's NVIDIA card (GPU_PYTHON: where PyTorch is)
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: help demo test lint unit e2e bench docs gpu-test native venv clean
help:
	@sed -n 's/^# make /make /p' Makefile

$(VENV)/.made: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Tranche needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Installing Tranche into $(VENV) (once; a minute or so)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

venv: $(VENV)/.made

native: venv
	@command -v $(CC) >/dev/null || { echo "A C compiler is needed. On Debian and Ubuntu: apt-get install gcc libc6-dev"; exit 1; }
	@$(MAKE) --no-print-directory -C interposer PYTHON=$(CURDIR)/$(BIN)/python all fakes

demo: native
	@$(BIN)/tranche demo

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: native
	$(BIN)/python -m pytest

test: lint unit

e2e: native
	$(BIN)/python -m tests.e2e.cluster build
	$(BIN)/python -m pytest tests/chart tests/e2e --override-ini timeout=600

bench: native
	$(BIN)/python -m tests.bench

docs: venv
	$(BIN)/python -m tests.docs

gpu-test: native
	$(BIN)/python -m pytest tests/gpu -v -s --override-ini timeout=600
	$(BIN)/python -m tests.gpu

clean:
	rm -rf build $(VENV)
