.PHONY: install run test check bench lock
PORT ?= 8000
DATA_DIR ?= var
export PORT DATA_DIR

install: .venv/.installed

.venv/.installed: requirements.lock scripts/install.sh
	scripts/install.sh requirements.lock
	touch $@

.venv/.installed-dev: requirements-dev.lock scripts/install.sh
	scripts/install.sh requirements-dev.lock
	touch .venv/.installed $@

lock:
	uv pip compile -q --universal --generate-hashes --no-header --no-annotate pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --no-header --no-annotate pyproject.toml --group dev -o requirements-dev.lock
