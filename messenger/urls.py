"""Every HTTP address."""

from django.contrib import admin
from django.urls import include, path

from chat.web.pages import to_admin
from messenger.health import healthz, readyz
from messenger.metrics import metrics

urlpatterns = [
    path("admin/login/", to_admin),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("", include("chat.web.urls")),
]
