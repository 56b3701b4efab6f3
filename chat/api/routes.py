"""The API: its routes put together. What each takes and answers stands in the OpenAPI document (document.py)."""

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from chat.api import (
    accounts,
    attachments,
    conversations,
    groups,
    messages,
    own_data,
    profile,
    safety,
    search,
    syncing,
    uploads,
)
from chat.api.identity import Asking
from chat.api.parser import JsonParser
from chat.api.problems import answer_to

api = NinjaAPI(
    title="Messenger",
    version="1",
    urls_namespace="api",
    auth=Asking(),
    parser=JsonParser(),
    openapi_url=None,
    docs_url=None,
)


def _answer_to(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    assert isinstance(error, Exception)
    return answer_to(error)


# The last two have handlers of django-ninja's own, which would come before the one for all.
for kind in (Exception, HttpError, ValidationError):
    api.add_exception_handler(kind, _answer_to)

# In the order in which an address is looked for: what is asked most comes first.
for part in (
    messages,
    syncing,
    conversations,
    groups,
    search,
    attachments,
    uploads,
    accounts,
    profile,
    safety,
    own_data,
):
    api.add_router("", part.router)
