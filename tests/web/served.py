"""The small app of these tests, as Granian loads it: a real server for what only a socket shows."""

import os

from fastapi import FastAPI
from pydantic import SecretStr

from pesan.db import Database
from pesan.kit.registry import Registry
from pesan.settings import Settings
from pesan.web import bodies, stack
from tests.web.conftest import router

# Shorter than in earnest, so that a test need not wait.
bodies.SMALL_BODY_SECONDS = 1.0
bodies.IDLE_SECONDS = 1.0

registry = Registry()
registry.add(Database, Database("postgresql+psycopg://nobody@127.0.0.1:1/none"))
app = FastAPI(docs_url=None, redoc_url=None)
stack.install(
    app,
    registry,
    Settings(
        secret_key=SecretStr("a-secret-for-tests-only-0123456789abcdef"),
        base_url=os.environ["PESAN_TEST_SITE"],
        rate_limits="off",
        max_body_bytes=1_000_000,
    ),
)
app.include_router(router)
