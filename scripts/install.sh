#!/usr/bin/env bash
# Makes .venv from a lock file, every hash checked. Usage: scripts/install.sh requirements.lock
# Uses uv when it is on the PATH (faster), pip otherwise.
set -euo pipefail
cd "$(dirname "$0")/.."
lock=${1:?which lock file?}
python=${PYTHON:-python3}

fail() {
    echo "$1" >&2
    exit 1
}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    fail "certlib needs Python 3.11 or newer: set PYTHON to one, for example PYTHON=python3.11."
# Debian ships Python without ensurepip; asking first leaves no half-made .venv behind.
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "Python's venv module is missing: run as root \`apt install git make python3-venv\`."

# A .venv that was moved, or whose interpreter is gone, cannot be mended, only made anew.
.venv/bin/pip --version >/dev/null 2>&1 || "$python" -m venv --clear .venv

echo "Installing $lock into .venv (a minute or two the first time) …"
if command -v uv >/dev/null 2>&1; then
    VIRTUAL_ENV=$PWD/.venv uv pip install --quiet --require-hashes --requirements "$lock"
else
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
        --require-hashes --requirement "$lock"
fi

# The project itself: a path file is an editable install that needs no build backend. The path is
# relative, so that a copied folder runs its own code and never that of the place it came from.
.venv/bin/python - <<'EOS'
import os
import pathlib
import sysconfig

site = pathlib.Path(sysconfig.get_path("purelib"))
(site / "certlib-source.pth").write_text(os.path.relpath(pathlib.Path.cwd(), site) + "\n")
EOS
cat >.venv/bin/certlib <<'EOS'
#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/python" -m api.cli "$@"
EOS
chmod +x .venv/bin/certlib
pwd >.venv/.place
