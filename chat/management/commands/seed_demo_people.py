"""alice, bob and carol, to try the messenger with, and morgan, who looks after them. Demo mode only."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chat.management.moderators import make_group
from chat.models import User

PEOPLE = {"alice": "Alice Archer", "bob": "Bob Brandt", "carol": "Carol Castillo", "morgan": "Morgan Moreau"}
BOSS, MODERATOR = "alice", "morgan"


class Command(BaseCommand):
    help = (
        "Makes the demo people, or gives them the password in DEMO_PASSWORD. Alice may do everything in the admin,"
        " Morgan what moderators may."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        password = os.environ.get("DEMO_PASSWORD")
        if not settings.DEMO:
            raise CommandError("Demo people exist in demo mode only.")
        if not password:
            raise CommandError("DEMO_PASSWORD is not set.")
        for username, name in PEOPLE.items():
            may_enter = username in (BOSS, MODERATOR)
            user, made = User.objects.get_or_create(
                username=username, defaults={"name": name, "is_staff": may_enter, "is_superuser": username == BOSS}
            )
            if made and username == MODERATOR:
                user.groups.add(make_group())
            if not user.check_password(password):
                user.set_password(password)
                user.save(update_fields=["password"])
