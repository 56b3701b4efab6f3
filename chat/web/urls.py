"""The browser's pages."""

from django.urls import path
from django.views.i18n import set_language

from chat.web import account, install, own_data, pages, push, reset
from chat.web.words import Words

urlpatterns = [
    path("", pages.chat, name="chat"),
    path("sign-in/", pages.SignIn.as_view(), name="sign-in"),
    path("sign-up/", pages.SignUp.as_view(), name="sign-up"),
    path("join/", pages.join, name="join"),
    path("sign-out/", pages.SignOut.as_view(), name="sign-out"),
    path("worker.js", install.worker, name="worker"),
    path("manifest.webmanifest", install.manifest, name="manifest"),
    path("words/<str:domain>.<str:language>.<str:version>.js", Words.as_view(), name="words"),
    path("language", set_language, name="language"),
    path("account", account.Account.as_view(), name="account"),
    path("account/devices", account.OtherDevices.as_view(), name="account-devices"),
    path("account/devices/<str:other>", account.OneDevice.as_view(), name="account-device"),
    path("account/password", account.Password.as_view(), name="account-password"),
    path("account/email", own_data.Email.as_view(), name="account-email"),
    path("account/export", own_data.Export.as_view(), name="account-export"),
    path("account/deletion", own_data.Deletion.as_view(), name="account-deletion"),
    path("reset/", reset.Reset.as_view(), name="reset"),
    path("reset/asked/", reset.Asked.as_view(), name="reset-asked"),
    path("reset/<uidb64>/<token>/", reset.NewPassword.as_view(), name="reset-confirm"),
    path("push/key", push.Key.as_view(), name="push-key"),
    path("push/subscription", push.Subscription.as_view(), name="push-subscription"),
]
