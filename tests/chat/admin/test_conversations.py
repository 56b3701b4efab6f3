"""A conversation as a moderator reads it: in order, page by page."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.admin.entries import PAGE
from chat.models import Attachment, Conversation, Membership, Message, User
from chat.policy.visibility import WAITING
from tests.cast import Cast
from tests.log import attach, show, write
from tests.moderation import audited, make_moderator

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_static")]


@pytest.fixture
def mo(people: Cast) -> Client:
    client = Client()
    client.force_login(make_moderator())
    return client


def page(mo: Client, conv: str, query: str = "") -> str:
    answer = mo.get(f"/admin/chat/conversation/{conv}/change/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def seqs(content: str) -> list[int]:
    return [int(seq) for seq in re.findall(r'id="seq-(\d+)"', content)]


def test_entries_stand_in_order_with_all_that_is_to_be_known(mo: Client, people: Cast, conv: str) -> None:
    write(conv, people.alice, 1, "one <b>")
    write(conv, people.bob, 1, "two\n\nlines")
    write(conv, people.alice, 3, "more")
    attach(conv, 3, name="<plan>.pdf")
    Message.objects.filter(seq=4).update(deleted_at=timezone.now(), body="")
    Message.objects.filter(seq=2).update(reply_to_seq=1, edited_at=timezone.now())
    Message.objects.filter(seq=5).update(event={"type": "left"}, body="")
    content = page(mo, conv)
    assert seqs(content) == [1, 2, 3, 4, 5]
    for text in ("one &lt;b&gt;", "<p>two</p>", "&lt;plan&gt;.pdf", "deleted", "in reply to #1", "edited", ">left<"):
        assert text in content, text
    assert f"/admin/chat/user/{people.bob.id}/change/" in content


def test_it_says_whether_there_is_a_picture_and_who_gave_it(mo: Client, people: Cast, conv: str) -> None:
    write(conv, people.alice, 1)
    assert "acts/remove_picture" not in page(mo, conv)
    show(conv, people.bob)
    content = page(mo, conv)
    shown = re.search(r'field-shown_by">.*?<div class="readonly">(.*?)</div>', content, re.DOTALL)
    assert shown and ">bob</a>" in shown[1] and 'href="?upto=12#seq-2"' in shown[1], content
    assert "gave the group a picture" in content and f"acts/remove_picture/?id={conv}" in content
    # Its entry may be purged.
    Message.objects.filter(seq=2).delete()
    assert ">bob</a>" in page(mo, conv) and "#seq-2" not in page(mo, conv)


def test_its_picture_is_removed_with_a_reason(mo: Client, people: Cast, conv: str) -> None:
    picture = show(conv, people.bob)
    url = f"/admin/chat/conversation/acts/remove_picture/?id={conv}"
    assert mo.get(url).status_code == 200 and mo.post(url, {"reason": ""}).status_code == 400
    assert Conversation.objects.get().picture == picture.id
    assert mo.post(url, {"reason": "indecent"})["Location"] == f"/admin/chat/conversation/{conv}/change/"
    assert Conversation.objects.get().picture is None and Attachment.objects.get().state == "dropped"
    assert audited() == [("conversation.remove_picture", "mo", conv)]
    assert "acts/remove_picture" not in page(mo, conv)


def test_it_is_paged_both_ways(mo: Client, people: Cast, conv: str) -> None:
    write(conv, people.alice, 2 * PAGE + 10)
    content = page(mo, conv)
    assert seqs(content) == list(range(PAGE + 11, 2 * PAGE + 11))
    assert f'href="?upto={PAGE + 10}"' in content and "Newer" not in content
    content = page(mo, conv, f"?upto={PAGE + 10}")
    assert seqs(content) == list(range(11, PAGE + 11)) and f'href="?upto={2 * PAGE + 10}"' in content
    assert seqs(page(mo, conv, "?upto=10")) == list(range(1, 11))
    for odd in ("0", "-1", "x", "9" * 40, "²"):
        assert seqs(page(mo, conv, f"?upto={odd}"))


def test_it_shows_who_was_there_and_when(mo: Client, people: Cast, conv: str) -> None:
    write(conv, people.alice, 9)
    stay = Membership.objects.get(user=people.bob.user)
    stay.left_seq, stay.left_at = 7, timezone.now()
    stay.save()
    content = page(mo, conv)
    assert ">1–7<" in content and ">1–<" in content
    Membership.objects.create(conversation_id=conv, user=people.bob.user, visible_from_seq=WAITING)
    assert str(WAITING) not in page(mo, conv)


def test_a_full_page_costs_no_more_statements(mo: Client, people: Cast, conv: str) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as found:
            page(mo, conv)
        return len(found)

    attach(conv, write(conv, people.alice, 1))
    few = statements()
    for seq in range(2, 30):
        attach(conv, write(conv, people.bob, 1), seq)
    assert statements() == few


def test_it_is_read_only(mo: Client, people: Cast, conv: str) -> None:
    write(conv, people.alice, 1, "as it was")
    for client in (mo, Client()):
        if client is not mo:
            client.force_login(User.objects.create_superuser("boss"))
        assert client.post(f"/admin/chat/conversation/{conv}/change/", {"title": "x"}).status_code == 403
    assert Message.objects.get().body == "as it was"
