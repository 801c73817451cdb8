#!/usr/bin/env bash
# Makes .venv with hashed requirements. Usage: scripts/install.sh requirements.lock
# Uses uv when it is on the PATH (faster), pip otherwise; both check every hash.
set -euo pipefail
cd "$(dirname "$0")/.."
lock=${1:?which lock file?}
python=${PYTHON:-python3}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "certlib needs Python 3.11 or newer; set PYTHON=/path/to/python3.11" >&2
    exit 1
fi
if [ ! -x .venv/bin/python ]; then
    "$python" -m venv .venv || {
        echo "python3-venv is missing: apt install git make python3-venv" >&2
        exit 1
    }
fi
if command -v uv >/dev/null 2>&1; then
    VIRTUAL_ENV=.venv uv pip install --quiet --require-hashes -r "$lock"
else
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
fi
# The project itself: a path file is an editable install that needs no build backend.
site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
pwd > "$site/certlib-source.pth"
cat > .venv/bin/certlib <<'EOS'
#!/bin/sh
exec "$(dirname "$0")/python" -m api.cli "$@"
EOS
chmod +x .venv/bin/certlib
