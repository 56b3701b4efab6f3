"""Who sends most: by the ids of messages, which are in the order of time, so only the last day's are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from chat.models.ids import first_id

MOST = 25
PERIODS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}

RATES = """
SELECT u.id, u.username, u.is_active, u.date_joined, m.messages, m.conversations
FROM (SELECT sender_id, count(*) AS messages, count(DISTINCT conversation_id) AS conversations
      FROM chat_message WHERE id >= %s AND event IS NULL GROUP BY sender_id
      ORDER BY messages DESC, sender_id LIMIT %s) m
JOIN chat_user u ON u.id = m.sender_id ORDER BY m.messages DESC, u.username
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """Of one person in one period."""

    user: UUID
    username: str
    is_active: bool
    joined: Any
    messages: int
    conversations: int


def top_senders(period: timedelta) -> Sequence[Rate]:
    with connection.cursor() as cursor:
        cursor.execute(RATES, [first_id(timezone.now() - period), MOST])
        return [Rate(*row) for row in cursor.fetchall()]


def rates_view(model_admin: "admin.ModelAdmin[Any]", request: HttpRequest) -> HttpResponse:
    """`?period=hour` (also what is not known) or `day`."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    asked = request.GET.get("period", "")
    period = asked if asked in PERIODS else "hour"
    context = model_admin.admin_site.each_context(request) | {
        "title": _("Send rates"),
        "opts": model_admin.opts,
        "period": period,
        "periods": [("hour", _("Last hour")), ("day", _("Last day"))],
        "rates": top_senders(PERIODS[period]),
    }
    return TemplateResponse(request, "admin/chat/rates.html", context)
