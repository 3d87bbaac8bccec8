"""Who may import whom. The layers are a contract in pyproject.toml; here is what a layer cannot say."""

import re
import subprocess
import sys

from tests.architecture.sources import ROOT, sources

ROUTE_FILES = ("api", "pages", "webhooks", "routes")
FRAMEWORK = ("fastapi", "starlette")
# What the routes of one feature, or the desks' APIs, share, in files of their own beside them.
SHARED_BY_ROUTES = {
    "src/pesan/backoffice/desk.py",
    "src/pesan/checkout/callers.py",
    "src/pesan/storefront/files.py",
    "src/pesan/storefront/relying.py",
    "src/pesan/checkout/sheets.py",
    "src/pesan/storefront/signed_in.py",
}
LOCKS = re.compile(r"with_for_update|FOR (NO KEY )?UPDATE|FOR (KEY )?SHARE")
# Whoever skips what is locked waits for nobody, and can be part of no deadlock.
NEVER_WAITS = re.compile(r"FOR UPDATE( OF \w+)? SKIP LOCKED")
# A queue's rows are locked by whoever works on them; no business row is among them.
QUEUE = "jobs"
# The adapters that are HTTP themselves, and the roots that mount everything.
SPEAKS_HTTP = {"web", "realtime", "app", "worker", "cli"}


def is_route_file(dotted: str) -> bool:
    return any(part in ROUTE_FILES for part in dotted.split("."))


def test_layers_are_kept():
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout if done.returncode else "") == (0, "")


def test_framework_stays_in_route_files():
    offenders = [
        (source.name, name)
        for source in sources()
        if source.feature not in SPEAKS_HTTP
        and source.name not in SHARED_BY_ROUTES
        and not is_route_file(source.name[: -len(".py")].replace("/", "."))
        for name in source.imported()
        if name.split(".")[0] in FRAMEWORK
    ]
    assert offenders == []


def test_nobody_imports_another_features_route_files():
    offenders = [
        (source.name, name)
        for source in sources()
        if source.feature != "app"
        for name in source.imported()
        if name.startswith("pesan.")
        and name.split(".")[1] not in {source.feature, *SPEAKS_HTTP}
        and is_route_file(name)
    ]
    assert offenders == []


def test_only_composition_roots_load_settings():
    offenders = [
        source.name
        for source in sources()
        if source.feature not in {"app", "worker", "cli", "settings"}
        and any(
            name in {"pesan.settings.load_settings", "os.environ", "os.getenv"} for name in source.imported()
        )
    ]
    assert offenders == []


def test_only_the_locks_files_lock_rows():
    offenders = [
        source.name
        for source in sources()
        if source.path.name != "locks.py"
        and source.feature != QUEUE
        and LOCKS.search(NEVER_WAITS.sub("", source.text))
    ]
    assert offenders == []
