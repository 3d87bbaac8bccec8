"""What a guest takes along: tickets, summary and certificate as PDF, the event for their calendar."""

from fastapi import APIRouter

router = APIRouter()
