"""Every address of the site. `<slug>` is the merchant; each app brings its own pages below it."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView, PasswordResetDoneView
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from portal.pages import account, health, home, invitations, passwords, sign_in, two_step

urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", sign_in.SignIn.as_view(), name="login"),
    path("sign-in/code/", sign_in.sign_in_code, name="sign_in_code"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("account/", account.account, name="account"),
    path("account/password/", passwords.password_change, name="password_change"),
    path("account/two-step/", two_step.two_step, name="two_step"),
    path("account/two-step/setup/", two_step.two_step_setup, name="two_step_setup"),
    path("account/two-step/recovery-codes/", two_step.recovery_codes, name="recovery_codes"),
    path("account/two-step/removal/", two_step.two_step_removal, name="two_step_removal"),
    path("account/sessions/removals/", account.other_sessions_removals, name="other_sessions_removals"),
    path("account/sessions/<str:session_id>/removals/", account.session_removals, name="session_removals"),
    path("account/invitations/<str:token>/", invitations.invitation, name="invitation"),
    path("password/", passwords.PasswordResets.as_view(), name="password_resets"),
    path(
        "password/sent/",
        PasswordResetDoneView.as_view(template_name="portal/password_reset_sent.html"),
        name="password_reset_sent",
    ),
    path("password/<uidb64>/<token>/", passwords.PasswordChoice.as_view(), name="password_choice"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/login/", sign_in.admin_sign_in, name="admin_sign_in"),
    path("admin/password_change/", RedirectView.as_view(pattern_name="password_change"), name="admin_password_change"),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularJSONAPIView.as_view(), name="api_schema"),
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
