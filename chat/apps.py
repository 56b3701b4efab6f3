from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ChatConfig(AppConfig):
    name = "chat"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # It has models, which are there only now.
        from chat.management.moderators import make_group

        # After Django's own, which makes the permissions.
        post_migrate.connect(make_group, sender=self)
