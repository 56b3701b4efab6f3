"""Every address under /api/; of the application in handler.py, not of Django's own."""

from django.urls import path

from chat.api.routes import api

urlpatterns = [
    path("api/v1/", api.urls),
]
