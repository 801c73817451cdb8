#!/usr/bin/env bash
# Both lock files, with hashes and without addresses. Usage: scripts/lock.sh [--upgrade]
# The development lock is held to the versions of the runtime lock: tests run what is shipped.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=$(command -v uv || echo .venv/bin/uv)
compile=("$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes
    --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$@" pyproject.toml)
"${compile[@]}" --output-file requirements.lock
"${compile[@]}" --group dev --constraint requirements.lock --output-file requirements-dev.lock
