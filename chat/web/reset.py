"""A new password for who has forgotten theirs, by a mail with a link.

Threats met here: who wants to know whose addresses have accounts (the same answer and the same work for every address:
whether there is one, and the mail, is Celery's business); who has mails sent to somebody by the hundred; a link used
twice, late, or after the password was changed (Django's tokens are of the password's hash, and of a time); who reads
the link in a log or a Referer (the token is kept in the session, and the address redirected away from it).
"""

from typing import Any

from celery import current_app
from django import forms
from django.conf import settings
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.generic import FormView, TemplateView
from kombu.exceptions import OperationalError

from chat.quota.ask import wait_for
from chat.quota.kinds import What
from chat.web.addresses import of_request
from chat.web.pages import later

# By its name: pages and tasks stand beside each other.
TASK = "chat.tasks.mail_reset"
EXPIRES_S = 600


class WithMail:
    """Where this server sends none there is no such page."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.SENDS_MAIL:
            raise Http404
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        return answer


class ResetForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class Reset(WithMail, FormView):  # type: ignore[type-arg]
    """Asks for the address, and says the same of every one."""

    template_name = "reset.html"
    form_class = ResetForm

    def form_valid(self, form: ResetForm) -> HttpResponse:
        email = str(form.cleaned_data["email"])
        if wait := wait_for(What.RESETS, user=email.lower(), address=of_request(self.request)):
            form.add_error(None, _("Too many tries. Wait a few minutes."))
            return later(self.form_invalid(form), round(wait * 1000))
        address = self.request.build_absolute_uri("/")
        try:
            current_app.send_task(TASK, [email, address, get_language() or "en"], retry=False, expires=EXPIRES_S)
        except OperationalError:
            form.add_error(None, _("No mail can be sent just now. Try again in a moment."))
            response = self.form_invalid(form)
            response.status_code = 503
            return response
        return redirect("reset-asked")


class Asked(WithMail, TemplateView):
    template_name = "reset_asked.html"


class NewPassword(WithMail, PasswordResetConfirmView):
    """Ends everything that was opened with the old one (chat/log/passwords.py). Signs nobody in."""

    template_name = "reset_confirm.html"
    success_url = reverse_lazy("sign-in")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        response["Referrer-Policy"] = "no-referrer"
        return response
