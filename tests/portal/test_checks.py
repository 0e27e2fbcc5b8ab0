"""Each check speaks up where it should, and only there."""

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command


def found(**options) -> set[str]:
    return {message.id for message in run_checks(**options) if message.id.startswith("portal.")}


def test_this_machine_alone_needs_no_secret_key(monkeypatch):
    monkeypatch.delenv("SECRET_KEY", raising=False)
    assert found() == set()


@pytest.mark.parametrize("public", [{"ALLOWED_HOSTS": ["portal.example"]}, {"SESSION_COOKIE_SECURE": True}])
def test_a_public_site_needs_a_secret_key(settings, monkeypatch, public):
    monkeypatch.delenv("SECRET_KEY", raising=False)
    for name, value in public.items():
        setattr(settings, name, value)
    assert found() == {"portal.E001"}

    monkeypatch.setenv("SECRET_KEY", "x" * 50)
    assert found() == set()


def test_another_kind_of_broker_is_refused(settings):
    settings.REDIS_URL = "amqp://localhost"
    assert found() == {"portal.E004"}


@pytest.mark.django_db
def test_the_server_has_pgvector():
    assert found(databases=["default"]) == set()


@pytest.mark.django_db
def test_timescale_engine_on_a_server_without_it_stops_migrate(settings):
    settings.DATABASES["default"]["ENGINE"] = "timescale.db.backends.postgresql"
    try:
        assert found(databases=["default"]) <= {"portal.E003"}
        if found(databases=["default"]):
            with pytest.raises(CommandError, match="DATABASE_ENGINE wants TimescaleDB"):
                call_command("check", databases=["default"])
    finally:
        settings.DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"


def test_deployment_warnings(settings, monkeypatch):
    monkeypatch.delenv("EMAIL_URL", raising=False)
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    settings.SITE_URL = "http://localhost:8000"
    assert found(include_deployment_checks=True) == {"portal.W001", "portal.W002", "portal.W003"}


def test_nothing_to_warn_about(settings, monkeypatch, redis_server):
    monkeypatch.setenv("EMAIL_URL", "smtp://mail.example")
    settings.SITE_URL = "https://portal.example"
    assert found(include_deployment_checks=True) == set()
