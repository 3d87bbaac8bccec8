#!/bin/sh
# Resolves pyproject.toml into requirements.lock for every platform, with hashes and without any registry address.
set -eu
exec .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
    --python-version 3.11 --extra dev --extra observe "$@" --output-file requirements.lock pyproject.toml
