"""The whole fake as one web application."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from pesan.app.whatsapp_fake import control, graph
from pesan.app.whatsapp_fake.business import Business
from pesan.app.whatsapp_fake.errors import GraphError
from pesan.app.whatsapp_fake.local import OwnPageOnly
from pesan.app.whatsapp_fake.page import pages
from pesan.app.whatsapp_fake.rules.reading import UNEXPECTED


def create_fake(business: Business) -> FastAPI:
    """The Graph API, the control API and the page, on one account."""
    app = FastAPI(title="WhatsApp", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.business = business
    app.add_middleware(OwnPageOnly)
    app.mount(pages.PREFIX, pages.shared_assets())
    app.mount(f"{pages.OWN_PREFIX}/static", StaticFiles(directory=pages.FOLDER / "static"))
    app.include_router(control.router)
    app.include_router(pages.router)
    app.include_router(graph.router)
    app.add_exception_handler(GraphError, _refuse)
    app.add_exception_handler(ValidationError, _explain)
    app.add_exception_handler(HTTPException, _unknown)
    return app


async def _refuse(request: Request, error: Exception) -> JSONResponse:  # noqa: ARG001  # Starlette's signature
    assert isinstance(error, GraphError)
    return JSONResponse(error.as_json(), error.status)


async def _explain(request: Request, error: Exception) -> JSONResponse:  # noqa: ARG001
    assert isinstance(error, ValidationError)
    return JSONResponse({"detail": error.errors(include_url=False, include_context=False)}, 422)


async def _unknown(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    details = f"Unknown path components: {request.url.path}"
    return JSONResponse(GraphError(UNEXPECTED, details).as_json(), error.status_code)
