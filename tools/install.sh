#!/bin/sh
# Puts the locked environment in .venv. Does nothing when lock, project file, place and Python are unchanged.
set -eu

stamp=.venv/.installed

usable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if usable "$name"; then
            echo "$name"
            return
        fi
    done
    echo "Pesan needs Python 3.11 or newer, and none was found. Install one, then run make again." >&2
    return 1
}

fingerprint() {
    "$1" - <<'PY'
import hashlib, pathlib, sys
parts = [pathlib.Path(name).read_bytes() for name in ("requirements.lock", "pyproject.toml")]
parts += [str(pathlib.Path.cwd()).encode(), sys.version.encode()]
print(hashlib.sha256(b"\0".join(parts)).hexdigest())
PY
}

# Debian splits ensurepip from Python: as root it can be fetched, otherwise the person has to be told.
require_ensurepip() {
    if "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        return
    fi
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "Installing python3-venv, which this Python lacks ..."
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null || true
    fi
    if ! "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        echo "This Python cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 1
    fi
}

# A second try, because a registry that hiccups once should not fail a build.
install_packages() {
    for attempt in 1 2; do
        if .venv/bin/python -m pip install -qq --disable-pip-version-check --no-input --no-compile \
            --require-hashes -r requirements.lock; then
            return
        fi
        [ "$attempt" = 2 ] || { echo "Installing failed; trying once more in 5 seconds ..." >&2; sleep 5; }
    done
    echo "The packages could not be installed. Check the network, then run make install again." >&2
    exit 1
}

# pip would compile one file after the other; a package may ship some that are no Python of this version.
compile_packages() {
    .venv/bin/python -m compileall -q -j 0 .venv/lib >/dev/null 2>&1 || true
}

# The environment's scripts carry its path, so one that was moved or half made is made anew.
make_environment() {
    if [ -f .venv/.place ] && [ "$(cat .venv/.place)" = "$(pwd)" ] && .venv/bin/python -m pip --version >/dev/null 2>&1
    then
        return
    fi
    require_ensurepip "$1"
    "$1" -m venv --clear .venv
    pwd >.venv/.place
}

python=$(find_python)
wanted=$(fingerprint "$python")
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && [ -x .venv/bin/pesan ]; then
    exit 0
fi
echo "Setting up .venv ..."
make_environment "$python"
rm -f "$stamp"
install_packages
compile_packages
.venv/bin/python -m pip install -qq --disable-pip-version-check --no-input --no-build-isolation --no-deps -e .
echo "$wanted" >"$stamp"
