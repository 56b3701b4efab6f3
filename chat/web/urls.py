"""The browser's pages."""

from django.urls import path
from django.views.i18n import set_language

from chat.web import account, install, pages, push
from chat.web.words import Words

urlpatterns = [
    path("", pages.chat, name="chat"),
    path("sign-in/", pages.SignIn.as_view(), name="sign-in"),
    path("sign-up/", pages.SignUp.as_view(), name="sign-up"),
    path("sign-out/", pages.SignOut.as_view(), name="sign-out"),
    path("worker.js", install.worker, name="worker"),
    path("manifest.webmanifest", install.manifest, name="manifest"),
    path("words/<str:domain>.<str:language>.<str:version>.js", Words.as_view(), name="words"),
    path("language", set_language, name="language"),
    path("account", account.Account.as_view(), name="account"),
    path("account/devices", account.OtherDevices.as_view(), name="account-devices"),
    path("account/devices/<str:other>", account.OneDevice.as_view(), name="account-device"),
    path("account/password", account.Password.as_view(), name="account-password"),
    path("push/key", push.Key.as_view(), name="push-key"),
    path("push/subscription", push.Subscription.as_view(), name="push-subscription"),
]
