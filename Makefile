# The tasks of the project. `make demo` and `make test` need Python 3.10 or newer and nothing else:
# each makes the environment it runs in. Another interpreter: make demo PYTHON=python3.12
# How many random examples a test gets (tests/conftest.py has the profiles): EXAMPLES=wide make test

PYTHON     ?= python3
VENV       ?= .venv
BENCH_VENV ?= .venv-bench
EXAMPLES   ?= project

BIN         = $(VENV)/bin
PYTEST      = $(BIN)/pytest -n auto --maxprocesses 8 --dist worksteal --hypothesis-profile $(EXAMPLES)
PIP_INSTALL = -m pip --disable-pip-version-check --quiet install
SPHINX      = $(BIN)/sphinx-build --jobs auto --quiet --fail-on-warning --keep-going
MADE        = .ruff_cache .mypy_cache .pytest_cache .hypothesis .coverage dist forward.svg backward.svg digits_loss.svg z.svg docs/_build docs/gallery docs/lessons notebooks

# Tests start hundreds of interpreters, which need not compile the same modules each time. `make clean` removes the files.
export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL := help
.PHONY: help demo test coverage torch bench gallery docs notebooks links catalogues clean

help: ## list the tasks
	@sed -n 's/^\([a-z]*\):.*## /make \1	/p' Makefile

demo: $(VENV)/.demo ## the worked example and the handwritten digits, with pictures
	@$(BIN)/tinygrad-edu demo

test: $(VENV)/.test ## lint, format, types, tests and doctests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy
	$(PYTEST)

coverage: $(VENV)/.test ## the quick tests once more, and the lines that none of them reaches
	$(PYTEST) -m 'not slow' --cov

torch: $(VENV)/.torch ## add PyTorch, which some tests compare with

bench: $(BENCH_VENV)/.bench ## time the engine beside hand-written code and its peers
	$(BENCH_VENV)/bin/python -m benchmarks

gallery: $(VENV)/.demo ## draw the gallery into docs/gallery
	$(BIN)/python docs/gallery.py

docs: $(VENV)/.docs gallery ## the site, English and Chinese, in docs/_build/html; runs the lessons
	rm -rf docs/_build
	$(SPHINX) -d docs/_build/read/en docs docs/_build/html
	TINYGRAD_EDU_LANG=zh $(SPHINX) -d docs/_build/read/zh_CN docs docs/_build/html/zh_CN
	rm -r docs/_build/html/jupyter_execute
	@echo 'Open docs/_build/html/index.html'

notebooks: $(VENV)/.docs ## the lessons as notebooks, in the folder notebooks
	rm -rf notebooks
	$(BIN)/tinygrad-edu tutorials copy notebooks

links: $(VENV)/.docs gallery ## whether the links to other hosts lead somewhere; needs a network
	$(BIN)/sphinx-build --quiet -b linkcheck -D nb_execution_mode=off -d docs/_build/read/links docs docs/_build/links

catalogues: $(VENV)/.docs ## take changed texts of the lessons over into their translations in docs/locale
	$(BIN)/python docs/catalogues.py

clean: ## remove the environments and everything else that was made
	rm -rf $(VENV) $(BENCH_VENV) $(MADE)
	find . -name __pycache__ -prune -exec rm -rf {} +

# Each stamp file below says that an environment has what its task needs. A changed pyproject.toml installs again.

%/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || \
		{ echo 'Python 3.10 or newer is needed, and "$(PYTHON)" is not it. Name one: make demo PYTHON=python3.12' >&2; exit 1; }
	@echo 'Making the environment $*'
	@$(PYTHON) -m venv $* >/dev/null 2>&1 || \
		{ echo '"$(PYTHON) -m venv" does not work here. On Debian and Ubuntu: apt install python3-venv' >&2; exit 1; }
	@touch $@

# The Graphviz engine comes as a wheel; where there is none for the platform, do without.
$(VENV)/.demo: pyproject.toml | $(VENV)/.created
	@echo 'Installing tinygrad_edu into $(VENV)'
	@$(BIN)/python $(PIP_INSTALL) --only-binary pygraphviz -e '.[dot]' 2>/dev/null || \
		$(BIN)/python $(PIP_INSTALL) -e .
	@$(BIN)/python -c 'import pygraphviz' 2>/dev/null || command -v dot >/dev/null || \
		echo 'No Graphviz here, pictures get a simpler layout. To have it: apt install graphviz, or brew install graphviz'
	@touch $@

$(VENV)/.test: $(VENV)/.demo
	@echo 'Installing the tools of the tests into $(VENV)'
	@$(BIN)/python $(PIP_INSTALL) -e '.[test]'
	@touch $@

$(VENV)/.docs: $(VENV)/.demo
	@echo 'Installing the tools of the site into $(VENV)'
	@$(BIN)/python $(PIP_INSTALL) -e '.[docs]'
	@touch $@

$(VENV)/.torch: $(VENV)/.test
	@echo 'Installing PyTorch into $(VENV)'
	@$(BIN)/python $(PIP_INSTALL) -e '.[torch]'
	@touch $@

$(BENCH_VENV)/.bench: pyproject.toml benchmarks/requirements.txt | $(BENCH_VENV)/.created
	@echo 'Installing tinygrad_edu and its peers into $(BENCH_VENV)'
	@$(BENCH_VENV)/bin/python $(PIP_INSTALL) -e . -r benchmarks/requirements.txt
	@touch $@
