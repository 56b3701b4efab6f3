"""The key this server signs its push notifications with. Made once: browsers' subscriptions are bound to it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat.wakeup.vapid import new_key, public_key
from messenger.data_folder import VAPID_KEY, data_folder, kept, make_data_folder


class Command(BaseCommand):
    help = "Makes the key for Web Push and keeps it in the data folder. Shows the public half only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="in place of a former one, whose subscriptions end")

    def handle(self, *args: Any, force: bool, **options: Any) -> None:
        folder = data_folder()
        path = folder / VAPID_KEY
        if path.exists() and not force:
            raise CommandError(
                f"There is a key already, in {path}. --force replaces it; devices must then subscribe anew."
            )
        make_data_folder(folder)
        key = kept(path, new_key, again=force)
        self.stdout.write(f"The private key is in {path}: set VAPID_PRIVATE_KEY to what it holds.")
        self.stdout.write(f"Public key: {public_key(key)}")
