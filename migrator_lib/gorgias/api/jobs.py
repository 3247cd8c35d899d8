"""Jobs that work in the background. Source: list-jobs, create-job, cancel-job."""

from __future__ import annotations

from collections.abc import Iterator

from migrator_lib.gorgias.api.resource import Json, Resource
from migrator_lib.gorgias.contract import bodies, replies


class Jobs(Resource[replies.Job]):
    """``/api/jobs``. No job imports tickets or customers; ``deleteTicket`` deletes many tickets."""

    path = "jobs"
    reply = replies.Job

    def every(self) -> Iterator[replies.Job]:
        """``GET /api/jobs``: all of them."""
        return self._every()

    def get(self, job_id: int) -> replies.Job:
        """``GET /api/jobs/{id}``."""
        return self._one(job_id)

    def create(self, body: Json) -> replies.Job:
        """``POST /api/jobs``."""
        return self._made(bodies.JobCreate, body)

    def cancel(self, job_id: int) -> None:
        """``DELETE /api/jobs/{id}``: cancel; what is done is not undone."""
        self._gone(f"jobs/{job_id}")
