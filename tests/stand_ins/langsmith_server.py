"""LangSmith's batch of runs, feedback and projects, as far as the SDK's client sees them."""

from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import NAMESPACE_URL, uuid5

from tests.stand_ins.http_server import Reply, Request, StandIn


class LangSmithServer(StandIn):
    """Keeps what it was sent; an id that it has already is a conflict, as at LangSmith."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: dict[str, dict[str, Any]] = {}
        self.feedback: dict[str, dict[str, Any]] = {}

    def reply_to(self, request: Request) -> Reply:
        url = urlsplit(request.path)
        if url.path == "/runs/batch":
            runs = request.body["post"]
            if any(run["id"] in self.runs for run in runs):
                return Reply(409, {"detail": "Conflict"})
            self.runs |= {run["id"]: run for run in runs}
            return Reply(202, {})
        if url.path == "/feedback":
            if request.body["id"] in self.feedback:
                return Reply(409, {"detail": "Conflict"})
            self.feedback[request.body["id"]] = request.body
            return Reply(200, {})
        if url.path == "/sessions":
            (name,) = parse_qs(url.query)["name"]
            return self.project(name)
        return Reply(404, {"detail": "Not found"})

    def project(self, name: str) -> Reply:
        ids = {"id": str(uuid5(NAMESPACE_URL, name)), "tenant_id": str(uuid5(NAMESPACE_URL, "tenant"))}
        times = {"start_time": "2026-01-01T00:00:00Z", "reference_dataset_id": None}
        return Reply(body=[{**ids, **times, "name": name}])
