"""The document of the API."""

import httpx


async def test_document_names_problems_and_nothing_of_the_frameworks(client: httpx.AsyncClient):
    document = (await client.get("/openapi.json")).json()

    responses = document["paths"]["/api/echo"]["post"]["responses"]
    assert sorted(responses) == ["201", "default"]
    assert responses["default"]["content"] == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
    }
    assert "HTTPValidationError" not in document["components"]["schemas"]


async def test_document_leaves_out_what_is_for_machines(client: httpx.AsyncClient):
    paths = (await client.get("/openapi.json")).json()["paths"]

    assert {"/healthz", "/readyz", "/metrics", "/preferences"} & set(paths) == set()
