"""What a changed password ends, and what a hash stored anew does not."""

from unittest.mock import patch

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.management import call_command
from django.test import Client

from chat.models import Change, User
from tests.cast import Cast

pytestmark = pytest.mark.django_db

OLD, NEW = "correct horse battery staple", "an even longer secret"


@pytest.fixture
def alice(people: Cast) -> User:
    User.objects.filter(id=people.alice.user.id).update(password=Argon2PasswordHasher().encode(OLD, "long enough salt"))
    return User.objects.get(id=people.alice.user.id)


def revs(user: User) -> set[int]:
    return {device.access_rev for device in user.devices.all()}


def test_the_command_ends_sessions_tokens_and_sockets(alice: User, client: Client, plain_static: None) -> None:
    client.force_login(alice)
    with patch("getpass.getpass", return_value=NEW):
        call_command("changepassword", alice.username)
    assert Change.objects.get(kind="revoked").users == [alice.id]
    assert revs(alice) == {1}
    assert client.get("/").status_code == 302


def test_a_hash_that_is_out_of_date_is_stored_anew_and_ends_nothing(
    alice: User, client: Client, plain_static: None
) -> None:
    old = Argon2PasswordHasher().encode(OLD, "tooshort")
    User.objects.filter(id=alice.id).update(password=old)
    elsewhere = Client()
    elsewhere.force_login(User.objects.get(id=alice.id))
    assert client.post("/sign-in/", {"username": alice.username, "password": OLD}).status_code == 302
    assert User.objects.get(id=alice.id).password != old
    assert elsewhere.get("/sign-in/").status_code == 302
    assert not Change.objects.filter(kind="revoked") and revs(alice) == {0}
    assert client.post("/sign-out/").status_code == 302
    assert client.post("/sign-in/", {"username": alice.username, "password": OLD}).status_code == 302


def test_someone_new_has_nothing_to_end(alice: User) -> None:
    User.objects.create_user("dave", password=NEW)
    assert not Change.objects.filter(kind="revoked")
