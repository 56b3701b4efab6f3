"""The truth table of `decide`, and its laws over random batches against random facts."""

from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.policy.decide import (
    Accepted,
    Deferred,
    Facts,
    Head,
    Known,
    Outcome,
    Proposal,
    Refused,
    Skipped,
    decide,
    digest,
)
from chat.policy.spam import SpamLimit, essence
from chat.policy.visibility import Readable
from chat.protocol.errors import ErrorCode

AT = 1_790_000_000_000
_ids = count(1)


def send(client_id: str = "a1", conv: str = "c1", sender: str = "alice", **more: object) -> Proposal:
    base = Proposal(conv, sender, f"{sender}-phone", client_id, "hi", f"m{next(_ids)}", access_rev=2)
    return replace(base, **more)  # type: ignore[arg-type]


def facts(**more: object) -> Facts:
    base = Facts(
        heads={"c1": Head(7, 1), "c2": Head(0, 1)},
        members={("c1", "alice"), ("c1", "bob"), ("c2", "alice")},
        readable={("c1", "alice"): Readable(), ("c1", "bob"): Readable(5, ((2, 3),)), ("c2", "alice"): Readable()},
        devices=frozenset({("alice-phone", 2), ("bob-phone", 2), ("mallory-phone", 2)}),
        known={},
    )
    return replace(base, **more)  # type: ignore[arg-type]


def known(client_id: str = "a1", seq: int = 3, body: str = "hi", conv: str = "c1", reply: int | None = None) -> Known:
    return Known(conv, f"first-{client_id}", seq, digest(conv, body, reply), AT - 1000)


def one(proposal: Proposal, given_facts: Facts) -> Outcome:
    return decide([proposal], given_facts, AT)[0]


def test_a_send_gets_the_next_seq() -> None:
    outcome = one(send(), facts())
    assert isinstance(outcome, Accepted) and not outcome.duplicate
    assert (outcome.entry.seq, outcome.entry.at) == (8, AT)


def test_a_repeat_gets_the_first_answer() -> None:
    first = known()
    outcome = one(send(), facts(known={("alice", "a1"): first}))
    assert outcome == Accepted(first, None, duplicate=True)


def test_the_same_key_with_other_content_is_a_conflict() -> None:
    outcome = one(send(body="other"), facts(known={("alice", "a1"): known()}))
    assert outcome == Refused(ErrorCode.IDEMPOTENCY_CONFLICT)


def test_the_same_key_in_another_conversation_is_a_conflict() -> None:
    outcome = one(send(conv="c2"), facts(known={("alice", "a1"): known()}))
    assert outcome == Refused(ErrorCode.IDEMPOTENCY_CONFLICT)


def test_keys_are_scoped_to_their_sender() -> None:
    outcome = one(send(sender="bob"), facts(known={("alice", "a1"): known()}))
    assert isinstance(outcome, Accepted) and not outcome.duplicate


def test_outsiders_and_absent_conversations_look_the_same() -> None:
    assert one(send(sender="mallory"), facts()) == Refused(ErrorCode.NOT_FOUND)
    assert one(send(conv="nowhere"), facts()) == Refused(ErrorCode.NOT_FOUND)


def test_a_former_member_is_told_again_of_what_got_in_and_nothing_else() -> None:
    """The answer to it may have been lost, and it is in the log: "not sent" would not be true."""
    given = facts(known={("mallory", "a1"): known()})
    first = one(send(sender="mallory"), given)
    assert isinstance(first, Accepted) and first.duplicate and first.entry == known()
    assert one(send(sender="mallory", client_id="a2"), given) == Refused(ErrorCode.NOT_FOUND)
    assert one(send(sender="mallory", conv="c2"), given) == Refused(ErrorCode.NOT_FOUND)


def test_a_revoked_device_is_told_to_sign_in() -> None:
    assert one(send(device="old"), facts()) == Refused(ErrorCode.AUTHENTICATION_FAILED)


@pytest.mark.parametrize("access_rev", [1, 3])
def test_a_device_that_was_signed_out_since_is_told_to_sign_in(access_rev: int) -> None:
    """Also of what got in before, which the next sign-in is told of."""
    assert one(send(access_rev=access_rev), facts()) == Refused(ErrorCode.AUTHENTICATION_FAILED)
    again = facts(known={("alice", "a1"): known()})
    assert one(send(access_rev=access_rev), again) == Refused(ErrorCode.AUTHENTICATION_FAILED)


def test_a_locked_conversation_is_skipped() -> None:
    assert one(send(), facts(heads={}, locked_out=frozenset({"c1"}))) == Skipped()


# What stands between the two of a 1:1 conversation


def direct(last_seq: int = 0, **more: object) -> Facts:
    """alice and bob's, in which so much was written."""
    return facts(heads={"c1": Head(last_seq, 1, is_direct=True), "c2": Head(0, 1)}, **more)


@pytest.mark.parametrize("who", ["alice", "bob"])
@pytest.mark.parametrize("last_seq", [0, 7])
def test_a_block_keeps_both_from_writing(who: str, last_seq: int) -> None:
    given_facts = direct(last_seq, barred={("c1", "alice"), ("c1", "bob")})
    assert one(send(sender=who), given_facts) == Refused(ErrorCode.USER_BLOCKED)
    assert isinstance(one(send(conv="c2"), given_facts), Accepted), "another conversation"


def test_a_silent_block_keeps_only_who_made_it_from_writing() -> None:
    outcomes = decide([send("a1"), send("b1", sender="bob")], direct(7, barred={("c1", "alice")}), AT)
    assert outcomes[0] == Refused(ErrorCode.USER_BLOCKED)
    assert isinstance(outcomes[1], Accepted) and outcomes[1].entry.seq == 8


def test_what_got_in_before_the_block_is_answered_as_then() -> None:
    outcome = one(send(), direct(7, barred={("c1", "alice")}, known={("alice", "a1"): known()}))
    assert outcome == Accepted(known(), None, duplicate=True)


def test_a_block_does_not_wait_for_a_predecessor() -> None:
    assert one(send(after="a0"), direct(7, barred={("c1", "alice")})) == Refused(ErrorCode.USER_BLOCKED)


def test_who_may_not_begin_may_go_on_once_the_other_has_written() -> None:
    given_facts = direct(unreachable={("c1", "alice")})
    assert one(send(), given_facts) == Refused(ErrorCode.NOT_REACHABLE)
    batch = [send("a1"), send("b1", sender="bob"), send("a2")]
    refused, first, second = decide(batch, given_facts, AT)
    assert refused == Refused(ErrorCode.NOT_REACHABLE)
    assert isinstance(first, Accepted) and isinstance(second, Accepted)
    assert [first.entry.seq, second.entry.seq] == [1, 2]


def openings(count: int, begun: int = 0, most: int = 3) -> Facts:
    """Of alice with so many strangers, who has sent "Buy!" to `begun` others already."""
    convs = [f"s{n}" for n in range(count)]
    return facts(
        heads={conv: Head(0, 1, is_direct=True) for conv in convs},
        members={(conv, "alice") for conv in convs},
        readable={(conv, "alice"): Readable() for conv in convs},
        strangers={(conv, "alice") for conv in convs},
        begun={("alice", essence("Buy!")): begun},
        spam=SpamLimit(most),
    )


@pytest.mark.parametrize(("begun", "accepted"), [(0, 3), (2, 1), (3, 0), (9, 0)])
def test_the_same_text_begins_so_many_conversations_with_strangers(begun: int, accepted: int) -> None:
    batch = [send(f"a{n}", conv=f"s{n}", body="Buy!" if n % 2 else "buy") for n in range(5)]
    outcomes = decide(batch, openings(5, begun), AT)
    assert [isinstance(outcome, Accepted) for outcome in outcomes] == [True] * accepted + [False] * (5 - accepted)
    assert all(outcome == Refused(ErrorCode.SPAM) for outcome in outcomes[accepted:])


def test_it_is_no_spam_to_say_other_things_or_to_go_on_or_to_people_one_knows() -> None:
    assert isinstance(one(send(conv="s0", body="Hello Bob"), openings(1, 9)), Accepted)
    assert isinstance(one(send(conv="s0", body="Buy!"), replace(openings(1, 9), strangers=set())), Accepted)
    assert isinstance(one(send(conv="s0", body="Buy!"), openings(1, 9, most=0)), Accepted), "no limit"
    batch = [send("a1", conv="s0", body="Hello"), send("a2", conv="s0", body="Buy!")]
    assert all(isinstance(outcome, Accepted) for outcome in decide(batch, openings(1, 9), AT))


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["buy", "Buy!", "hello", "💸"])), max_size=30))
def test_never_more_conversations_begin_with_a_text_than_the_limit(sends: list[tuple[int, str]]) -> None:
    batch = [send(f"a{n}", conv=f"s{which}", body=body) for n, (which, body) in enumerate(sends)]
    begun: dict[bytes, int] = {}
    for each, outcome in zip(batch, decide(batch, openings(6), AT), strict=True):
        if isinstance(outcome, Accepted) and outcome.entry.seq == 1 and (text := essence(each.body)):
            begun[text] = begun.get(text, 0) + 1
    assert max(begun.values(), default=0) <= 3


def test_after_waits_for_its_predecessor() -> None:
    assert one(send(after="a0"), facts()) == Deferred(ErrorCode.PREDECESSOR_MISSING)
    assert isinstance(one(send(after="a0"), facts(known={("alice", "a0"): known("a0")})), Accepted)


def test_after_may_be_earlier_in_the_batch_but_not_later() -> None:
    good = decide([send("a0"), send("a1", after="a0")], facts(), AT)
    assert [type(outcome) for outcome in good] == [Accepted, Accepted]
    bad = decide([send("a1", after="a0"), send("a0")], facts(), AT)
    assert bad[0] == Deferred(ErrorCode.PREDECESSOR_MISSING)


def test_after_a_refused_predecessor_nothing_is_accepted() -> None:
    outcomes = decide([send("a0", reply_to=99), send("a1", after="a0")], facts(), AT)
    assert outcomes == [Refused(ErrorCode.INVALID_REPLY), Deferred(ErrorCode.PREDECESSOR_MISSING)]


def test_after_in_another_conversation_does_not_count() -> None:
    assert one(send(after="b"), facts(known={("alice", "b"): known("b", conv="c2")})) == Deferred(
        ErrorCode.PREDECESSOR_MISSING
    )


def test_a_reply_must_be_to_something_its_author_can_see() -> None:
    assert isinstance(one(send(reply_to=7), facts()), Accepted)
    assert one(send(reply_to=8), facts()) == Refused(ErrorCode.INVALID_REPLY)
    assert one(send(sender="bob", reply_to=4), facts()) == Refused(ErrorCode.INVALID_REPLY)
    assert isinstance(one(send(sender="bob", reply_to=5), facts()), Accepted)


def test_a_reply_may_be_to_an_entry_of_an_earlier_stay() -> None:
    expected = {1: False, 2: True, 3: True, 4: False}
    for seq, is_fine in expected.items():
        assert isinstance(one(send(sender="bob", reply_to=seq), facts()), Accepted) is is_fine


def test_a_reply_by_own_id_resolves_to_its_seq() -> None:
    outcomes = decide([send("a0"), send("a1", reply_to_id="a0")], facts(), AT)
    assert isinstance(outcomes[1], Accepted) and outcomes[1].reply_to == 8
    assert one(send(reply_to_id="never"), facts()) == Refused(ErrorCode.INVALID_REPLY)


def test_attachments_must_be_free_and_their_senders_own() -> None:
    mine = facts(files={("alice", "f1"), ("alice", "f2"), ("bob", "f3")})
    assert isinstance(one(send(attachments=("f1", "f2")), mine), Accepted)
    for wrong in (("f3",), ("f1", "gone"), ("f1", "f1")):
        assert one(send(attachments=wrong), mine) == Refused(ErrorCode.INVALID_ATTACHMENT)


def test_an_attachment_is_taken_once_even_in_one_batch() -> None:
    mine = facts(files={("alice", "f1"), ("alice", "f2")})
    batch = [send("a1", attachments=("f1",)), send("a2", conv="c2", attachments=("f2", "f1")), send("a3")]
    assert [type(outcome) for outcome in decide(batch, mine, AT)] == [Accepted, Refused, Accepted]
    # What was refused has taken nothing.
    batch = [send("a1", reply_to=99, attachments=("f1",)), send("a2", attachments=("f1",))]
    assert [type(outcome) for outcome in decide(batch, mine, AT)] == [Refused, Accepted]


def test_a_repeat_is_answered_alike_though_its_attachments_are_not_free_any_more() -> None:
    first = replace(known(), digest=digest("c1", "hi", None, ("f1",)))
    late = facts(known={("alice", "a1"): first})
    assert one(send(attachments=("f1",)), late) == Accepted(first, None, duplicate=True)
    for other in ((), ("f2",), ("f1", "f2")):
        assert one(send(attachments=other), late) == Refused(ErrorCode.IDEMPOTENCY_CONFLICT)


def test_a_repeat_is_answered_alike_after_what_it_answered_has_expired() -> None:
    first = known(reply=2)
    late = facts(readable={("c1", "alice"): Readable(6)}, known={("alice", "a1"): first})
    assert one(send(reply_to=2), late) == Accepted(first, 2, duplicate=True)


def test_the_digest_keeps_fields_apart() -> None:
    assert digest("c", "ab", None) != digest("ca", "b", None)
    assert digest("c", "1", None) != digest("c", "", 1)
    assert digest("c", "x", 1) == digest("c", "x", 1)
    assert digest("c", "x", 1, ("f", "g")) not in (digest("c", "x", 1, ("fg",)), digest("c", "x", 1, ("g", "f")))


names = st.sampled_from(["alice", "bob", "mallory"])
keys = st.sampled_from(["k0", "k1", "k2", "k3", "k4"])
proposals = st.builds(
    lambda conv, sender, key, body, after, reply, files: send(
        key, conv, sender, body=body, after=after, reply_to=reply, attachments=tuple(files)
    ),
    st.sampled_from(["c1", "c2", "c3"]),
    names,
    keys,
    st.sampled_from(["x", "y"]),
    st.none() | keys,
    st.none() | st.integers(1, 12),
    st.just([]) | st.lists(st.sampled_from(["f1", "f2", "f3"]), max_size=2),
)
FILES = frozenset({("alice", "f1"), ("alice", "f2"), ("bob", "f3")})
histories = st.dictionaries(
    st.tuples(st.sampled_from(["alice", "bob"]), keys),
    st.builds(known, body=st.sampled_from(["x", "y"]), seq=st.integers(1, 7)),
    max_size=4,
)
batches = st.lists(proposals, max_size=25)
locked = st.sampled_from([frozenset(), frozenset({"c1"}), frozenset({"c2"})])


@given(batches, histories, locked)
def test_laws(batch: list[Proposal], history: dict[tuple[str, str], Known], out: frozenset[str]) -> None:
    heads = {conv: head for conv, head in facts().heads.items() if conv not in out}
    given_facts = facts(known=history, heads=heads, locked_out=out, files=FILES)
    outcomes = decide(batch, given_facts, AT)
    assert len(outcomes) == len(batch)
    fresh = [
        (proposal, outcome)
        for proposal, outcome in zip(batch, outcomes, strict=True)
        if isinstance(outcome, Accepted) and not outcome.duplicate
    ]
    # V4: the new seqs of each conversation follow its head without a gap, in arrival order (V6).
    for conv, head in heads.items():
        seqs = [outcome.entry.seq for proposal, outcome in fresh if proposal.conv == conv]
        assert seqs == list(range(head.last_seq + 1, head.last_seq + 1 + len(seqs)))
    # An attachment is its owner's, and part of one entry.
    taken = [(proposal.sender, each) for proposal, _ in fresh for each in proposal.attachments]
    assert len(taken) == len(set(taken)) and FILES.issuperset(taken)
    # V3: one key, one entry, and every acceptance of it agrees.
    answers: dict[tuple[str, str], Known] = dict(history)
    for proposal, outcome in zip(batch, outcomes, strict=True):
        if isinstance(outcome, Accepted):
            key = (proposal.sender, proposal.client_id)
            assert answers.setdefault(key, outcome.entry) == outcome.entry
            assert outcome.entry.digest == digest(proposal.conv, proposal.body, outcome.reply_to, proposal.attachments)
            # V7: a cause has a lower seq than its effect.
            assert outcome.reply_to is None or outcome.duplicate or outcome.reply_to < outcome.entry.seq
            # V11: only members get in.
            assert outcome.duplicate or (proposal.conv, proposal.sender) in given_facts.members
        if proposal.conv in out:
            assert outcome == Skipped()


@given(batches, histories, st.integers(0, 25))
def test_a_batch_may_be_cut_anywhere(batch: list[Proposal], history: dict[tuple[str, str], Known], cut: int) -> None:
    """Deciding two halves one after the other gives what deciding the whole gives: batches are no more than speed."""
    whole = decide(batch, facts(known=history, files=FILES), AT)
    first = decide(batch[:cut], facts(known=history, files=FILES), AT)
    files = set(FILES)
    heads, log = dict(facts().heads), dict(history)
    for proposal, outcome in zip(batch[:cut], first, strict=True):
        if isinstance(outcome, Accepted) and not outcome.duplicate:
            heads[proposal.conv] = replace(heads[proposal.conv], last_seq=outcome.entry.seq)
            log[proposal.sender, proposal.client_id] = outcome.entry
            files -= {(proposal.sender, each) for each in proposal.attachments}
    second = decide(batch[cut:], facts(heads=heads, known=log, files=files), AT)
    assert first + second == whole


@given(batches, histories)
def test_repeating_a_batch_changes_nothing(batch: list[Proposal], history: dict[tuple[str, str], Known]) -> None:
    """What was accepted is accepted again, as the same entry; nothing new gets in that was in already."""
    once = decide(batch, facts(known=history, files=FILES), AT)
    log = history | {
        (proposal.sender, proposal.client_id): outcome.entry
        for proposal, outcome in zip(batch, once, strict=True)
        if isinstance(outcome, Accepted)
    }
    heads = dict(facts().heads)
    for outcome in once:
        if isinstance(outcome, Accepted) and not outcome.duplicate:
            heads[outcome.entry.conv] = Head(outcome.entry.seq, 1)
    again = decide(batch, facts(heads=heads, known=log), AT)
    for before, after in zip(once, again, strict=True):
        if isinstance(before, Accepted):
            assert isinstance(after, Accepted) and after.duplicate and after.entry == before.entry
