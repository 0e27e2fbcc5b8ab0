"""Every address of the site. `<slug>` is the merchant; each app brings its own pages below it."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView, PasswordResetDoneView
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from portal.pages import accounts, health

urlpatterns = [
    path("", accounts.home, name="home"),
    path("sign-in/", accounts.SignIn.as_view(), name="login"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("account/", accounts.account, name="account"),
    path("password/", accounts.PasswordResets.as_view(), name="password_resets"),
    path(
        "password/sent/",
        PasswordResetDoneView.as_view(template_name="portal/password_reset_sent.html"),
        name="password_reset_sent",
    ),
    path("password/<uidb64>/<token>/", accounts.PasswordChoice.as_view(), name="password_choice"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="api_schema"), name="api_docs"),
    path("api/v1/", include("analytics.api_urls")),
    path("api/v1/", include("improvement.api_urls")),
    path("api/v1/", include("reporting.api_urls")),
    path("<slug:slug>/", include("portal.merchant_urls")),
    path("<slug:slug>/", include("analytics.urls")),
    path("<slug:slug>/", include("improvement.urls")),
    path("<slug:slug>/", include("reporting.urls")),
]

handler400 = "portal.pages.errors.bad_request"
handler403 = "portal.pages.errors.forbidden"
handler404 = "portal.pages.errors.not_found"
handler500 = "portal.pages.errors.server_error"
