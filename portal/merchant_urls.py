"""Pages of a merchant that belong to no app above: settings, team, keys, audit trail, jobs."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
