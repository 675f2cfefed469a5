# Everything that a newcomer types: `make demo` and `make check`.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
# `make demo LFW=folder PAIRS=file` also measures on photographs.
LFW_ARGUMENTS := $(if $(LFW),--lfw $(LFW) --pairs $(PAIRS))

.PHONY: demo check bench-person bench-render bench-train format install stub

demo: $(INSTALLED)
	$(BIN)/facewright demo --out demo $(LFW_ARGUMENTS)

check: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest

# Speed of drawing beside other renderers. moderngl needs EGL: on Debian the packages libegl1 libgl1-mesa-dri libgles2.
bench-render: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	$(BIN)/python bench/render.py bench/results/render.md

# CPU time of building a person, of a new expression, and of everything around drawing.
bench-person: $(INSTALLED)
	$(BIN)/python bench/person.py

# Speed of training beside plain PyTorch.
bench-train: $(INSTALLED)
	$(BIN)/python bench/training.py

format: $(INSTALLED)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

install: $(INSTALLED)

# The types of the native module, after a change of its bindings.
stub: $(INSTALLED)
	$(BIN)/python -m nanobind.stubgen -q -m facewright._native -o src/facewright/_native.pyi

# Installed in place: Python files need no second installation, native ones do.
$(INSTALLED): pyproject.toml constraints.txt CMakeLists.txt $(wildcard native/*)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[train,align,s3,dev]'
	touch $@
