"""alice, bob and carol, to try the messenger with. Demo mode only."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chat.models import User

PEOPLE = {"alice": "Alice Archer", "bob": "Bob Brandt", "carol": "Carol Castillo"}


class Command(BaseCommand):
    help = "Makes the demo people, or gives them the password in DEMO_PASSWORD. Alice may enter the admin."

    def handle(self, *args: Any, **options: Any) -> None:
        password = os.environ.get("DEMO_PASSWORD")
        if not settings.DEMO:
            raise CommandError("Demo people exist in demo mode only.")
        if not password:
            raise CommandError("DEMO_PASSWORD is not set.")
        for username, name in PEOPLE.items():
            is_boss = username == "alice"
            user, _ = User.objects.get_or_create(
                username=username, defaults={"name": name, "is_staff": is_boss, "is_superuser": is_boss}
            )
            if not user.check_password(password):
                user.set_password(password)
                user.save(update_fields=["password"])
