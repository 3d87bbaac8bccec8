#!/bin/sh
# Every static check, each named before it runs; all run even when one fails, so that one look shows everything.
set -eu

failed=""
step() {
    name=$1
    shift
    printf -- '-- %s\n' "$name"
    "$@" || failed="$failed $name"
}

step format .venv/bin/ruff format --check --quiet .
step lint .venv/bin/ruff check --quiet .
step types .venv/bin/mypy
step imports .venv/bin/lint-imports --no-logo
step lock .venv/bin/python tools/check_lock.py
step addresses .venv/bin/python tools/check_addresses.py
if [ -f tools/vendor.py ]; then
    step assets .venv/bin/python tools/vendor.py --check
fi

if [ -n "$failed" ]; then
    echo "Failed:$failed" >&2
    exit 1
fi
echo "All checks passed."
