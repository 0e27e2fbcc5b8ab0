"""A language model that fails is left alone by all workers, not by the one that met the failure."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from analytics.models import QualityScore
from analytics.tasks import score_ended_conversations_of
from portal.local_stack.supervisor import Supervisor
from tests.analytics.quality_cases import judged, told
from tests.servers import start_worker
from tests.stand_ins.openai_server import error

pytestmark = pytest.mark.flow


def scored(merchant) -> set[tuple[str, str]]:
    return set(QualityScore.objects.for_merchant(merchant).values_list("conversation__thread", "scorer"))


@pytest.fixture
def broken_model(openai_server, settings, monkeypatch):
    """Also in the environment, from which a worker reads it. It fails once."""
    settings.OPENAI_MAX_RETRIES = 0
    monkeypatch.setenv("OPENAI_API_KEY", settings.OPENAI_API_KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", settings.OPENAI_BASE_URL)
    openai_server.answers["Judgement"] = judged("choose Payment methods")
    openai_server.script.append(error(503, "overloaded"))
    return openai_server


def test_an_outage_that_one_process_met_pauses_the_others(
    transactional_db, redis_server, merchant, broken_model, tmp_path
):
    at = (timezone.now() - timedelta(hours=2)).isoformat()
    told(merchant, "first", at=at)
    score_ended_conversations_of(merchant.pk)
    assert scored(merchant) == {("first", "local")}
    assert len(broken_model.requests) == 1

    told(merchant, "second", at=at)
    score_ended_conversations_of.delay(merchant.pk)
    supervisor = Supervisor(grace_seconds=2)
    try:
        worker = start_worker(supervisor, tmp_path / "worker.log")
        worker.wait_for(lambda: ("second", "local") in scored(merchant))
        assert len(broken_model.requests) == 1

        cache.delete(f"judge-pause-{merchant.pk}")
        score_ended_conversations_of.delay(merchant.pk)
        worker.wait_for(lambda: {("first", "llm"), ("second", "llm")} <= scored(merchant))
    finally:
        supervisor.stop()
    assert len(broken_model.requests) == 3
