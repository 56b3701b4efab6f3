"""Refreshes the translations from the sources, and compiles them (`make messages`)."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from chat.management import catalogue


class Command(BaseCommand):
    help = "Refreshes chat/locale from the sources: new texts are added, gone ones removed, all compiled."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        languages = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
        for language in languages:
            # All before any is written: a text may have gone from one catalogue to another.
            fresh = {domain: catalogue.refreshed(language, domain) for domain in catalogue.DOMAINS}
            for domain, catalog in fresh.items():
                catalogue.write(language, domain, catalog)
                missing = [message.id for message in catalog if message.id and not any(_strings(message.string))]
                for text in missing:
                    self.stdout.write(f"{language}/{domain}: not translated: {text!r}")


def _strings(string: Any) -> tuple[str, ...]:
    return (string or "",) if isinstance(string, str | None) else string
