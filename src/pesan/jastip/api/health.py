"""Whether the service is there (jastipin.md §14)."""

from fastapi import APIRouter

from pesan.jastip.api.schemas import HealthAnswer
from pesan.web.access import Who, allow
from pesan.web.openapi import refusals

router = APIRouter(prefix="/api", tags=["jastip"], dependencies=[allow(Who.PUBLIC)])


@router.get("/health", responses=refusals())
async def get_health() -> HealthAnswer:
    """That the process answers; whether it is ready for more is `/readyz`."""
    return HealthAnswer(status="ok")
