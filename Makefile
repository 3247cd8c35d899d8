# The project's commands. `make` alone lists them. Works with GNU Make 3.81, which macOS still ships.

# The Python to set up with: `make demo PYTHON=/path/to/python3.12`. When not given, the first fitting one is taken.
PYTHON ?= python3
ifeq ($(origin PYTHON),file)
CANDIDATES := $(PYTHON) python3.13 python3.12 python3.11
else
CANDIDATES := $(PYTHON)
endif
# The same range as requires-python in pyproject.toml: great-expectations and the lock were tried on these.
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2

# JupyterLab asks about news at its first start; this says no beforehand.
LAB_SETTINGS := $(VENV)/share/jupyter/lab/settings/overrides.json
# A kernel that was restarted says so in words, before the opening cell has run again.
KERNEL_SETTINGS := $(VENV)/etc/ipython/ipython_kernel_config.py
# JupyterLab refuses to start as root, which is what containers are.
LAB_AS_ROOT := $(shell test "$$(id -u)" = 0 && echo --allow-root)

# Whatever else the user's pip and uv look at, here they install what the lock names. A mirror
# (PIP_INDEX_URL, UV_DEFAULT_INDEX), a proxy and certificates stay as they are.
unexport PIP_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_CONSTRAINT PIP_REQUIREMENT PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT
unexport PIP_PRE PIP_NO_BINARY PIP_REQUIRE_HASHES PIP_NO_DEPS PYTHONPATH PYTHONHOME
unexport UV_INDEX UV_EXTRA_INDEX_URL UV_FIND_LINKS UV_CONSTRAINT UV_OVERRIDE UV_NO_BINARY UV_PRERELEASE UV_EXCLUDE_NEWER
unexport UV_SYSTEM_PYTHON UV_TARGET UV_PREFIX
# Without compiled modules each worker and each kernel would compile all of them anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test lint lab bench engines map setup lock clean

help: ## list these commands
	@awk 'BEGIN { FS = ":.*## " } /^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

demo: ## migrate the embedded demo help desk, and say where the reports are
	@began=$$(date +%s); \
	$(MAKE) --no-print-directory setup || exit $$?; \
	ready=$$(date +%s); \
	$(BIN)/migrator run demo --execute; code=$$?; \
	echo "Set-up took $$((ready - began)) s, the run $$(($$(date +%s) - ready)) s."; \
	echo "A day of work after it: $(BIN)/migrator simulate day demo, then $(BIN)/migrator run demo --only 08 -p day=2"; \
	echo "What a roll-back would take out again: $(BIN)/migrator run demo --only 90"; \
	test -f reports/demo/hypercare/day-1.html && echo "The pages: reports/demo/index.html, and hypercare/day-1.html beside it."; \
	exit $$code

test: setup ## run the tests: the fast ones, then whole runs of the notebooks (WORKERS=2)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m "not whole_run"
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m whole_run tests/test_whole_run.py tests/test_driver.py

lint: setup ## check style, types, and that no notebook holds output
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_project.py -k notebook

lab: setup $(LAB_SETTINGS) $(KERNEL_SETTINGS) ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab $(LAB_AS_ROOT) --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/notebooks

bench: setup ## measure, print a table and write reports/bench.json (ONLY=name for one line)
	$(BIN)/python -m benchmarks.run $(if $(ONLY),--only "$(ONLY)")

engines: setup ## read one help desk from every database server that is there, and compare (TICKETS=1000)
	$(BIN)/python -m benchmarks.engines $(if $(TICKETS),--tickets "$(TICKETS)")

map: setup ## write the object map into README, with the numbers of the last `make demo`
	@$(BIN)/python -m migrator_lib.object_map_readme

setup: $(STAMP) ## make or refresh .venv from the lock (done by the others when needed)
	@:

lock: setup ## resolve pyproject.toml again into requirements.lock
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-annotate --no-header \
		--python-version 3.11 --output-file requirements.lock --quiet

clean: ## remove .venv and caches; reports/ stays, it holds ledgers and evidence
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An existing .venv is kept unless its Python is gone, does not fit, or has no pip to install uv with.
# pip says errors only: it would warn of each package that an extra index of the user's pip.conf does not have.
# uv is taken from the lock too, with its hash; where it has no build or cannot reach the index, pip does it all.
$(STAMP): requirements.lock pyproject.toml
	@$(BIN)/python -c 'import pip; $(SUPPORTED)' 2>/dev/null || { \
		found=; \
		for python in $(CANDIDATES); do \
			"$$python" -c '$(SUPPORTED)' 2>/dev/null && found=$$python && break; \
		done; \
		if [ -z "$$found" ]; then \
			version=$$("$(PYTHON)" --version 2>&1) || version="not there"; \
			echo "This project needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is $$version."; \
			echo "Install one of them, or name it: make PYTHON=/path/to/python3.12"; \
			exit 1; \
		fi >&2; \
		echo "Making $(VENV) with $$("$$found" --version)."; \
		"$$found" -m venv --clear $(VENV); \
	}
	@awk '/^[^ ]/ { wanted = /^uv==/ } wanted' requirements.lock > $(VENV)/uv.lock
	@echo "Installing what requirements.lock names: seconds with uv, a minute or two where only pip works."
	@{ $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --no-deps -r $(VENV)/uv.lock \
		&& $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock; } \
	|| { echo "uv could not be used (see above): installing with pip." >&2; \
		$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock; }
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(LAB_SETTINGS): $(STAMP)
	@mkdir -p $(@D)
	@echo '{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false}}' > $@

$(KERNEL_SETTINGS): $(STAMP)
	@mkdir -p $(@D)
	@echo 'get_config().InteractiveShellApp.extensions = ["migrator_lib.interactive"]' > $@
