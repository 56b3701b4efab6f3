"""Every HTTP address."""

from django.contrib import admin
from django.urls import include, path

from messenger.health import healthz, readyz

urlpatterns = [
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("", include("chat.web.urls")),
]
