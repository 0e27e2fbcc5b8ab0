"""The entry point of a WSGI server."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import resolve

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()
resolve("/healthz")  # imports every view once, before gunicorn --preload forks, not at a first request
