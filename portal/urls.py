"""Every address of the site. `<slug>` is the merchant; each app brings its own pages below it."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("analytics.api_urls")),
    path("api/v1/", include("improvement.api_urls")),
    path("api/v1/", include("reporting.api_urls")),
    path("<slug:slug>/", include("portal.merchant_urls")),
    path("<slug:slug>/", include("analytics.urls")),
    path("<slug:slug>/", include("improvement.urls")),
    path("<slug:slug>/", include("reporting.urls")),
]
