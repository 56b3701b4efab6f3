"""The audit log on a real PostgreSQL: appended with its act, changed by nobody, and what is changed by force shows."""

import io
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction

from chat.log import audit
from chat.log.audit import Act, Head
from chat.models import AuditEntry, User
from tests.cast import Cast

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True)]


def act(actor: User, target: str = "x", **details: Any) -> Head:
    with transaction.atomic():
        return audit.append(actor, Act("user.suspend", "user", target, "spam é\u2028'", details))


def by_force(order: str) -> None:
    """As who owns the database does it."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE chat_auditentry DISABLE TRIGGER chat_audit_append_only")
        cursor.execute(order)
        cursor.execute("ALTER TABLE chat_auditentry ENABLE TRIGGER chat_audit_append_only")


def printed(anchor: Head | None = None) -> str:
    out = io.StringIO()
    call_command("verify_audit", *(["--anchor", str(anchor)] if anchor else []), stdout=out)
    return out.getvalue().strip()


def test_lines_are_appended_and_read_back_as_they_were(people: Cast) -> None:
    assert printed() == f"0:{'00' * 32}"
    heads = [act(people.alice.user, f"t{n}", flag=True, ids=["a", None], n=10**20, deep={"z": {}}) for n in range(3)]
    assert [head.number for head in heads] == [1, 2, 3]
    assert audit.check() == heads[-1]
    assert printed() == printed(heads[0]) == printed(heads[2]) == str(heads[-1])


def test_an_act_that_is_rolled_back_leaves_neither_line_nor_gap(people: Cast) -> None:
    act(people.alice.user)
    with pytest.raises(KeyError), transaction.atomic():
        audit.append(people.alice.user, Act("user.suspend", "user", "x"))
        raise KeyError
    assert act(people.alice.user).number == 2


def test_a_line_belongs_to_the_transaction_of_its_act(people: Cast) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        audit.append(people.alice.user, Act("user.suspend", "user", "x"))


def test_many_at_once_leave_no_gap(people: Cast) -> None:
    def work(_: int) -> None:
        try:
            for _ in range(10):
                act(people.alice.user)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert audit.check().number == 40


def test_each_head_goes_into_the_processs_log(people: Cast, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "chat.log.audit"):
        head = act(people.alice.user)
    assert [record.getMessage() for record in caplog.records] == [f"audit log at {head}"]


@pytest.mark.parametrize(
    "change",
    [
        lambda: AuditEntry.objects.update(reason="never"),
        lambda: AuditEntry.objects.filter(number=1).delete(),
        lambda: AuditEntry.objects.filter(number=9).delete(),
        lambda: connection.cursor().execute("TRUNCATE chat_auditentry"),
    ],
)
def test_the_database_refuses_to_change_it(people: Cast, change: Callable[[], Any]) -> None:
    head = act(people.alice.user)
    with pytest.raises(DatabaseError, match="only appended to"), transaction.atomic():
        change()
    assert audit.check() == head


@pytest.mark.parametrize(
    ("order", "number"),
    [
        ("UPDATE chat_auditentry SET reason = '' WHERE number = 2", 2),
        ("UPDATE chat_auditentry SET actor_name = 'bob' WHERE number = 4", 4),
        ("UPDATE chat_auditentry SET details = '{\"x\": 1.0}' WHERE number = 1", 1),
        ("UPDATE chat_auditentry SET at = at + interval '1 microsecond' WHERE number = 3", 3),
        ("DELETE FROM chat_auditentry WHERE number = 3", 3),
        ("DELETE FROM chat_auditentry WHERE number = 1", 1),
        (
            "DELETE FROM chat_auditentry WHERE number = 3; UPDATE chat_auditentry SET number = 3 WHERE number = 4",
            3,
        ),
    ],
)
def test_what_its_owner_changes_is_found(people: Cast, order: str, number: int) -> None:
    for _ in range(4):
        act(people.alice.user, x=1)
    by_force(order)
    with pytest.raises(CommandError, match=f"broken at line {number}:"):
        printed()


def test_a_tail_that_was_cut_off_is_found_by_an_anchor(people: Cast) -> None:
    act(people.alice.user)
    head = act(people.alice.user)
    by_force("DELETE FROM chat_auditentry WHERE number = 2")
    assert printed().startswith("1:")
    with pytest.raises(CommandError, match="broken at line 2:"):
        printed(head)


def test_what_is_no_anchor_is_said_so() -> None:
    for text in ("x", "1:zz"):
        with pytest.raises(CommandError, match="anchor"):
            call_command("verify_audit", "--anchor", text)
