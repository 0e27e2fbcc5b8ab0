from django.urls import URLPattern, path

from analytics.quality_views import quality_page

urlpatterns: list[URLPattern] = [
    path("quality/", quality_page, name="quality"),
]
