"""Every address under /api/; of the application in handler.py, not of Django's own."""

from django.urls import path

from chat.api import document
from chat.api.routes import api

urlpatterns = [
    path("api/v1/openapi.json", document.openapi),
    path("api/v1/docs", document.docs),
    path("api/v1/", api.urls),
]
