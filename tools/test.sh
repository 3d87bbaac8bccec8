#!/bin/sh
# Runs the tests; without arguments all of them, then those of the data layer once more on the machine's own PostgreSQL.
set -eu

find_chromium() {
    for name in ${PESAN_TEST_CHROMIUM:-} chromium chromium-browser google-chrome google-chrome-stable; do
        if command -v "$name"; then
            return
        fi
    done
    return 1
}

install_chromium() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
    echo "Installing Chromium for the browser tests ..."
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
}

find_system_postgres() {
    for folder in /usr/lib/postgresql/1[5-9]/bin; do
        if [ -x "$folder/initdb" ]; then
            echo "$folder"
            return
        fi
    done
}

chromium=$(find_chromium) || { install_chromium && chromium=$(find_chromium); } || chromium=""
export PESAN_TEST_CHROMIUM="$chromium"

# Hundreds of the processes that tests start import the same modules: one compiles them, the others read what it wrote.
unset PYTHONDONTWRITEBYTECODE

if [ "$#" -gt 0 ]; then
    exec .venv/bin/python -m pytest "$@"
fi

# A worker per core and one more, because tests wait for processes, browsers and clocks for a third of their time. Each
# has a PostgreSQL of its own; the tests of one file stay together, and tests/sharing.py says which files begin.
# A server that was named is one server, and takes one worker.
workers=$(($(getconf _NPROCESSORS_ONLN) + 1))
[ -z "${PESAN_TEST_DATABASE_URL:-}" ] || workers=0
run_on_every_core() {
    .venv/bin/python -m pytest -n "$workers" --maxprocesses 4 --dist loadfile --no-loadscope-reorder "$@"
}

status=0
run_on_every_core || status=$?
system_postgres=$(find_system_postgres)
if [ "$status" = 0 ] && [ -n "$system_postgres" ] && [ -z "${PESAN_TEST_DATABASE_URL:-}" ]; then
    echo
    echo "Again on the machine's own PostgreSQL ($system_postgres):"
    PESAN_TEST_POSTGRES_BIN="$system_postgres" run_on_every_core -q -m "every_postgres" || status=$?
fi
exit "$status"
