"""One's own account: the name, what protects it, and where one is signed in."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from portal.models import Authenticator, RecoveryCode, User
from portal.sessions import end_sessions, list_sessions


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ["name"]
        help_texts = {"name": _("How your team sees you: in the list of members, beside reviews, in the audit trail.")}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["name"].widget.attrs["autocomplete"] = "name"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def account(request: HttpRequest) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your name was saved."))
        return redirect("account")
    context = {
        "form": form,
        "authenticator": Authenticator.find_active(user),
        "n_codes_left": RecoveryCode.count_left(user),
        "sessions": list_sessions(user, now=timezone.now()),
        "current_key": request.session.session_key,
    }
    return render(request, "portal/account.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def session_removals(request: HttpRequest, session_id: str) -> HttpResponse:
    """Signs out one other browser. Somebody else's sessions are not there."""
    user: User = request.user  # type: ignore[assignment]
    for session in list_sessions(user, now=timezone.now()):
        if session.public_id == session_id:
            session.delete()
            messages.success(request, _("%(device)s was signed out.") % {"device": session.device})
            return redirect("account")
    raise Http404("No such session.")


@require_POST
@login_required
def other_sessions_removals(request: HttpRequest) -> HttpResponse:
    n_ended = end_sessions(request.user, but=request.session.session_key)  # type: ignore[arg-type]
    text = ngettext("%(n)d other browser was signed out.", "%(n)d other browsers were signed out.", n_ended)
    messages.success(request, text % {"n": n_ended})
    return redirect("account")
