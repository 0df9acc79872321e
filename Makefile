# Every target makes .venv if there is none and installs only what settings.ini asks for since the last time.
VENV   := .venv
PY     := $(VENV)/bin/python
STAMP  := $(VENV)/.installed
PYTHON ?=
say    := printf '== %s\n'

.PHONY: help demo test notebooks lab clean install base openapi picture

help: ## this list
	@sed -n 's/^\([a-z]*\):.*##  */make \1	/p' Makefile

demo: $(STAMP) ## train a LoRA on the embedded base, judge every checkpoint, open the report
	@$(say) "demo: draw photos, train, convert, evaluate, report in outputs/demo"
	@$(VENV)/bin/shoes-lora demo

test: $(STAMP) ## the sync gate, then every notebook and the tests
	@$(say) "test: are the notebooks clean and the modules their export?"
	@$(PY) .ci/sync_gate.py
	@$(say) "test: every notebook in a process of its own, and what notebooks cannot test, two at a time"
	@$(PY) -m pytest tests -n 2 --dist loadgroup

notebooks: $(STAMP) ## run every notebook from the top and store its outputs
	@$(say) "notebooks: run each from the top, store its outputs, export"
	@$(PY) .ci/refresh_outputs.py

lab: $(STAMP) ## JupyterLab in nbs
	@$(say) "lab: JupyterLab in nbs (Ctrl-C twice ends it)"
	@$(VENV)/bin/jupyter lab --notebook-dir=nbs

clean: ## remove .venv, builds and caches; data and outputs stay
	@$(say) "clean: remove $(VENV), builds and caches (data and outputs stay)"
	@rm -rf $(VENV) build dist *.egg-info .pytest_cache
	@find nbs shoes_lora tests benchmarks .ci \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

install: $(STAMP) ## make .venv and install into it, nothing else

$(STAMP): settings.ini setup.py pyproject.toml
	@python=$$(sh .ci/find_python $(PYTHON)) || exit 1; \
	 $(say) "install: $(VENV) with $$python"; "$$python" -m venv $(VENV)
	@$(say) "install: packages of settings.ini into $(VENV) (5 GB and some minutes the first time, seconds after that)"
	@$(PY) -m pip install --disable-pip-version-check $(if $(wildcard $(STAMP)),--quiet) -e '.[dev]'
	@touch $(STAMP)

base: $(STAMP) ## train the embedded base again from nothing, hours; PHOTOS=folder adds real photos
	@$(say) "base: world, VAE, CLIP, UNet in outputs/tiny_base (stop it and start it again as you like)"
	@$(PY) -c "from shoes_lora.tiny_sd import retrain; retrain('outputs/tiny_base', '$(PHOTOS)' or None)"
	@$(say) "base: to ship it, copy tiny_sd and tiny_clip from outputs/tiny_base into shoes_lora/data"

openapi: $(STAMP) ## the OpenAPI document of the service, from which clients are generated
	@$(PY) -m shoes_lora.serve --openapi frontend/openapi.json

picture: $(STAMP) ## the picture in the README, from the samples of make demo
	@$(PY) -c "from shoes_lora.demo import plot_demo; plot_demo().savefig('nbs/images/demo_grid.png')"
