"""The pages: sign up, sign in, sign out, and the one the chat lives on."""

from math import ceil
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME, login, logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView, RedirectURLMixin, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic import FormView

from chat.log import devices
from chat.models import User
from chat.quota.ask import wait_for
from chat.quota.kinds import What
from chat.wakeup import subscriptions
from chat.web.addresses import of_request
from chat.web.device_cookie import current_device, forget, register_device, remember
from chat.web.forms import SignUpForm
from chat.web.identity import DEVICE_KEY
from chat.web.signing_in import SignInForm
from chat.web.words import address


class SignIn(LoginView):
    """Django's own: one answer for unknown accounts and wrong passwords, `next` only within this site."""

    template_name = "sign_in.html"
    form_class = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        return super().get_context_data(**more) | {"sends_mail": settings.SENDS_MAIL}

    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)
        return later(response, form.later.after_ms) if form.later else response


def later(response: HttpResponse, after_ms: int) -> HttpResponse:
    """The page says it, and the answer as well."""
    response.status_code = 429
    response["Retry-After"] = str(ceil(after_ms / 1000))
    return response


def to_admin(request: HttpRequest) -> HttpResponse:
    """There is one page to sign in on, where tries are counted."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME, reverse("admin:index")))


class SignOut(LogoutView):
    """By POST only. The page has asked about unsent messages, and wipes its store once it knows that the session is
    over: a script is answered by that alone."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Whoever uses this browser next is not told who writes to the one who leaves."""
        if request.user.is_authenticated and (device := current_device(request, request.user)):
            subscriptions.remove(device)
            devices.end_sockets(device)
        response = super().post(request, *args, **kwargs)
        return response if request.accepts("text/html") else HttpResponse(status=204)


class SignUp(RedirectURLMixin, FormView):  # type: ignore[type-arg]
    """Makes the account and signs it in; `next` as for signing in."""

    template_name = "sign_up.html"
    form_class = SignUpForm
    next_page = "chat"

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        return super().get_context_data(**more) | {"next": self.get_redirect_url()}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated:
            return redirect(self.get_success_url())
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: SignUpForm) -> HttpResponse:
        if wait := wait_for(What.SIGN_UPS, address=of_request(self.request)):
            form.add_error(None, _("Too many new accounts from where you are. Try again later."))
            return later(self.form_invalid(form), round(wait * 1000))
        try:
            with transaction.atomic():
                user = form.save()
        except IntegrityError:
            # Someone else took it between the check and now.
            form.add_error("username", form.taken())
            return self.form_invalid(form)
        login(self.request, user, backend="django.contrib.auth.backends.ModelBackend")
        return redirect(self.get_success_url())


@never_cache
def join(request: HttpRequest) -> HttpResponse:
    """Where a link into a group leads. Its token stands behind the #, which no server is told: whoever is signed in is
    sent on to the chats with it, everyone else asked to sign in first (static/js/join.js)."""
    return render(request, "join.html")


@never_cache
@login_required
def chat(request: HttpRequest) -> HttpResponse:
    """Everything after this goes over the WebSocket. The first load after signing in binds the session to the
    browser's device, which is made if need be. A session whose device was revoked, or is not this browser, is over:
    a revocation, or a stolen session cookie, would otherwise be undone, or made a device, by loading the page."""
    user = cast(User, request.user)
    bound = request.session.get(DEVICE_KEY)
    device, token = current_device(request, user), None
    if bound is not None and (device is None or str(device.id) != bound):
        logout(request)
        return forget(redirect("sign-in"))
    if device is None:
        device, token = register_device(request, user)
    if bound is None:
        request.session[DEVICE_KEY] = str(device.id)
    me = {"id": str(user.id), "username": user.username, "name": user.display_name}
    told = {"boot": {"user": me, "device": str(device.id)}, "words": address(get_language() or "en")}
    response = render(request, "chat.html", told)
    if token is not None:
        remember(response, token)
    return response
