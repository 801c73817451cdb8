#!/usr/bin/env bash
# Branch coverage floors of the last test run: 100 % in certlib, 90 % in every other package.
# Usage: scripts/coverage_floors.sh certlib keys …
set -euo pipefail
cd "$(dirname "$0")/.."
coverage=".venv/bin/python -m coverage"
status=0
for package in "$@"; do
    floor=90
    [ "$package" = certlib ] && floor=100
    if total=$($coverage report --include="$package/*" --format=total --precision=1 --fail-under="$floor"); then
        echo "coverage of $package: $total % (floor $floor)"
    else
        status=1
        echo "coverage of $package: ${total:-no data} %, below its floor of $floor" >&2
        $coverage report --include="$package/*" --skip-covered --show-missing >&2 || true
    fi
done
exit $status
