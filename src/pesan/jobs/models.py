"""Why jobs failed: the queue's own tables have no place for it."""

from datetime import datetime

from sqlalchemy import BigInteger, String, func
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db.access import REQUEST, SYSTEM, Access
from pesan.db.base import Base


class JobFailure(Base):
    """The last failure of a job that is not finished: an error's code, never its message."""

    __tablename__ = "job_failures"

    # No foreign key: the queue's tables are Procrastinate's, and a purge must not wait for ours.
    job_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(128))
    failed_at: Mapped[datetime] = mapped_column(server_default=func.now())


ACCESS = [Access("job_failures", {REQUEST: "SELECT", SYSTEM: "SELECT, INSERT, UPDATE, DELETE"})]
