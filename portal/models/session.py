"""Where somebody is signed in. Django's own session table knows neither the person nor the browser."""

import hashlib
from typing import Any

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.functional import Promise

from portal.devices import name_device

USER_AGENT_LENGTH = 300


class Session(AbstractBaseSession):
    """Written by portal/sessions.py from what the session itself holds. Signing out deletes the row."""

    user = models.ForeignKey("portal.User", null=True, on_delete=models.CASCADE, related_name="sessions")
    user_agent = models.CharField(max_length=USER_AGENT_LENGTH, blank=True)
    signed_in_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)

    @classmethod
    def get_session_store_class(cls) -> Any:
        from portal.sessions import SessionStore  # noqa: PLC0415 - which needs this class

        return SessionStore

    @property
    def public_id(self) -> str:
        """Names the session in an address; its key would let whoever sees the address take it over."""
        return hashlib.sha256(self.session_key.encode()).hexdigest()[:20]

    @property
    def device(self) -> str | Promise:
        return name_device(self.user_agent)
