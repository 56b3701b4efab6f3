"""Pages that show and never change: the log is written by its own use cases only, under their locks."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.http import HttpRequest


class NarrowLookups(admin.ModelAdmin):  # type: ignore[type-arg]
    """An address may filter by what the page's filters and links filter by. Django lets it filter by each field: a text
    that may not be read could be asked for letter by letter."""

    linked: tuple[str, ...] = ()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        name = lookup.split("__")[0]
        try:
            self.opts.get_field("id" if name == "pk" else name)
        except FieldDoesNotExist:
            # Nothing is found by it.
            return super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]
        filters = self.list_filter if request is None else self.get_list_filter(request)
        named = {each[0] if isinstance(each, tuple) else each for each in filters}
        return name in (*self.linked, *named) and super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]


class ReadOnlyAdmin(NarrowLookups):
    """May be viewed by who has the view permission; nobody adds, changes or deletes here."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyInline(admin.TabularInline):  # type: ignore[type-arg]
    """Rows beside the page they belong to."""

    extra = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
