# Every target calls the tool that does it. PYTHON names the Python to make environments from.
PYTHON ?= python3
BOOK := .venv-book/bin/python
ALL := .venv/bin/python
SETUP = @command -v $(firstword $(PYTHON)) >/dev/null 2>&1 || { echo "No program '$(PYTHON)' \
	here: install Python 3.11 to 3.13 (Debian, Ubuntu: sudo apt install python3 python3-venv), or \
	name it: make PYTHON=/path/to/python3.12 $@" >&2; exit 1; }; \
	$(PYTHON) tools/setup_environment.py

.DEFAULT_GOAL := help
.PHONY: help book test lab check bench release serve lock clean env-book env-all

help: ## say what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

book: env-book ## build the book, with an environment of its own (about a minute the first time)
	@$(BOOK) tools/build_book.py

test: env-all ## run everything that needs no system package: ruff, tests, chapters, book
	@$(ALL) tools/stages.py test

lab: env-all ## read and run the chapters in JupyterLab
	@$(ALL) -m jupyterlab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/notebooks

check: env-all ## the fast part of the tests, under 40 seconds
	@$(ALL) tools/stages.py check

bench: env-all ## run the benchmarks in tests/benchmarks
	@$(ALL) tools/stages.py bench

release: env-all ## what takes long: repeats, thread counts, Colab's versions, benchmarks, pages
	@$(PYTHON) tools/setup_environment.py colab
	@$(ALL) tools/stages.py release

serve: book ## serve the built book on this machine, at the address that it prints
	@$(BOOK) -u -m http.server --bind 127.0.0.1 --directory _build/html 0

lock: env-all ## write requirements/*.txt anew from pyproject.toml
	@$(ALL) tools/lock.py

clean: ## remove what was built; the environments and downloaded data stay
	rm -rf _build dist .pytest_cache .ruff_cache .hypothesis
	rm -rf book/_static/mathjax book/_static/digit_reader
	rm -f book/_static/cnn_tutorial-*.whl

env-book:
	$(SETUP) book

env-all:
	$(SETUP) all
