#!/usr/bin/env bash
# Runs every bench in turn, each in a process of its own, so that none warms up another.
set -euo pipefail
cd "$(dirname "$0")/.."
shopt -s nullglob
for bench in bench/*/*.py; do
    echo "── $bench"
    PYTHONPATH=. .venv/bin/python "$bench"
done
