"""Every address under /api/ and /files/; of the application in handler.py, not of Django's own."""

from django.urls import URLPattern, path, register_converter
from django.urls.converters import StringConverter

from chat.api import document, files
from chat.api.routes import api
from chat.api.uploads import tus
from chat.protocol.frames import ID_PATTERN


class IdConverter(StringConverter):
    """An id as it is spelled everywhere; UUIDs in capitals are none."""

    regex = ID_PATTERN


register_converter(IdConverter, "id")

_routes, _app, _space = api.urls
for _route in _routes:
    if isinstance(_route, URLPattern) and _route.name in ("uploads", "upload"):
        _route.callback = tus(_route.callback)

urlpatterns = [
    path("api/v1/openapi.json", document.openapi),
    path("api/v1/docs", document.docs),
    path("api/v1/", (_routes, _app, _space)),
    path("files/<id:attachment>", files.original),
    path("files/<id:attachment>/thumbnail", files.thumbnail),
]
