"""Decisions about memes: by service, by page, by two moderators at once; and the blocklist."""

from __future__ import annotations

import random
import re
from collections import Counter
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.utils import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from annotation import statements
from annotation.errors import DecidedMeanwhile, NothingToUndo
from annotation.models import (
    Assignment,
    BlockedPhrase,
    Decision,
    Judgment,
    Meme,
    PracticePair,
    Role,
    Skip,
    User,
)
from annotation.queries import moderation as queries
from annotation.queries.judging import practice_left
from annotation.services import judging, moderation
from corpus.comparisons import Outcome
from corpus.errors import BlocklistError
from corpus.texts import texts_key
from tests.annotation.builders import make_annotator, make_group, make_meme, make_template
from tests.annotation.test_interleavings import Person, all_at_once, assert_nothing_went_wrong, live
from tests.annotation.test_judging import assert_counters_agree
from tests.annotation.test_views import signed_in

pytestmark = pytest.mark.django_db
SCRIPT = {"hx-request": "true"}


def make_admin(name: str = "admin") -> User:
    return make_annotator(name, roles=frozenset({Role.ADMIN}))


def make_pending(text: str = "soon", **fields: object) -> Meme:
    template = make_template()
    return Meme.objects.create(
        template=template,
        language="en",
        texts=[text],
        texts_key=texts_key([text]),
        picture=f"memes/00/{uuid4().hex * 2}.jpg",
        renderer_version="1",
        status=Meme.Status.PENDING,
        **fields,
    )


def complain(annotator: User, reason: str = "offensive") -> Skip:
    """A complaint about the pair that the annotator is given."""
    assignment = judging.lease_pair(annotator=annotator)
    assert assignment is not None
    answered = judging.record_skip(
        annotator=annotator, assignment_id=assignment.pk, token=uuid4(), reason=Skip.Reason(reason)
    )
    assert isinstance(answered.answer, Skip)
    return answered.answer


def status(meme: Meme) -> str:
    return Meme.objects.get(pk=meme.pk).status


def shown(meme: Meme) -> bool:
    return meme.memberships.filter(position__isnull=False).exists()


# --- decisions --------------------------------------------------------------------------------------------------------------------


def test_an_approved_proposal_is_judged_and_a_retired_one_never() -> None:
    admin, good, bad = make_admin(), make_pending("good"), make_pending("bad")
    moderation.approve_meme(meme_id=good.pk, by=admin)
    moderation.retire(meme_id=bad.pk, by=admin, reason="not a meme")
    assert (status(good), status(bad)) == ("active", "retired")
    assert shown(good)
    assert not shown(bad)
    decision = bad.decisions.get()
    assert (decision.action, decision.reason, decision.by, decision.was) == (
        "retire",
        "not a meme",
        admin,
        "pending",
    )
    assert Meme.objects.get(pk=bad.pk).reviewed_at == decision.at
    assert_counters_agree()


def test_a_retired_meme_is_never_served_again_and_its_judgments_stay() -> None:
    ann, admin = make_annotator(), make_admin()
    group = make_group(3)
    first = judging.lease_pair(annotator=ann)
    assert first is not None
    judging.record_judgment(annotator=ann, assignment_id=first.pk, token=uuid4(), outcome=Outcome.LEFT)
    held = judging.next_assignments(annotator=ann)  # the page shows this one
    gone = Meme.objects.get(pk=held[0].pair.first_id)
    moderation.retire(meme_id=gone.pk, by=admin)
    assert Judgment.objects.count() == 1
    for assignment in judging.next_assignments(annotator=ann, count=3):
        assert gone.pk not in (assignment.pair.first_id, assignment.pair.second_id)
    late = judging.record_judgment(
        annotator=ann, assignment_id=held[0].pk, token=uuid4(), outcome=Outcome.TIE
    )
    assert not late.repeated
    assert Judgment.objects.filter(pair=held[0].pair).count() == 1
    assert group.members.filter(position__isnull=False).count() == 2
    assert_counters_agree()


def test_a_meme_retired_between_the_look_and_the_renewal_is_not_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`unfinished_assignments` has seen the lease; the meme goes before it is renewed."""
    ann, admin = make_annotator(), make_admin()
    make_group(2)
    (held,) = judging.next_assignments(annotator=ann)
    moderation.retire(meme_id=held.pair.first_id, by=admin)
    monkeypatch.setattr(statements, "unfinished_assignments", lambda annotator: [held.pk])
    assert judging.next_assignments(annotator=ann) == []


def test_a_restored_meme_is_paired_again() -> None:
    ann, admin = make_annotator(), make_admin()
    group = make_group(2)
    (held,) = judging.next_assignments(annotator=ann)
    moderation.retire(meme_id=held.pair.first_id, by=admin)
    assert judging.next_assignments(annotator=ann) == []
    moderation.restore(meme_id=held.pair.first_id, by=admin)
    assert [assignment.pk for assignment in judging.next_assignments(annotator=ann)] == [held.pk]
    group.refresh_from_db()
    assert group.size == 2
    assert_counters_agree()


def test_retired_memes_vanish_from_practice() -> None:
    ann, admin = make_annotator(), make_admin()
    memes = list(Meme.objects.filter(template=make_group(4).template))
    PracticePair.objects.create(better=memes[0], worse=memes[1], why="It is.")
    PracticePair.objects.create(better=memes[2], worse=memes[3], why="It is.")
    moderation.retire(meme_id=memes[1].pk, by=admin)
    assert [pair.better for pair in practice_left(ann)] == [memes[2]]


@pytest.mark.parametrize(
    ("before", "action"),
    [("retired", "approve_meme"), ("retired", "retire"), ("active", "restore"), ("pending", "restore")],
)
def test_a_decision_that_no_longer_fits_is_refused(before: str, action: str) -> None:
    admin, meme = make_admin(), make_pending()
    if before != "pending":
        moderation.approve_meme(meme_id=meme.pk, by=admin)
    if before == "retired":
        moderation.retire(meme_id=meme.pk, by=admin)
    decisions = Decision.objects.count()
    with pytest.raises(DecidedMeanwhile):
        getattr(moderation, action)(meme_id=meme.pk, by=admin)
    assert (status(meme), Decision.objects.count()) == (before, decisions)


def test_the_second_of_two_moderators_is_told_and_nothing_is_doubled() -> None:
    ann, bob, meme = make_admin("ann"), make_admin("bob"), make_pending()
    moderation.approve_meme(meme_id=meme.pk, by=ann, seen=0)
    for late in (moderation.approve_meme, moderation.retire):
        with pytest.raises(DecidedMeanwhile):
            late(meme_id=meme.pk, by=bob, seen=0)
    assert status(meme) == "active"
    assert Decision.objects.count() == 1


# --- taking decisions back --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "action"),
    [
        ("pending", "approve_meme"),
        ("pending", "retire"),
        ("active", "approve_meme"),
        ("active", "retire"),
        ("retired", "restore"),
    ],
)
def test_undoing_leaves_the_meme_as_it_was(before: str, action: str) -> None:
    admin, meme = make_admin(), make_pending()
    if before != "pending":
        moderation.approve_meme(meme_id=meme.pk, by=admin)
    if before == "retired":
        moderation.retire(meme_id=meme.pk, by=admin)
    was = (status(meme), shown(meme), Meme.objects.get(pk=meme.pk).reviewed_at)
    decision = getattr(moderation, action)(meme_id=meme.pk, by=admin)
    assert moderation.undo_decision(by=admin) == decision
    assert (status(meme), shown(meme), Meme.objects.get(pk=meme.pk).reviewed_at) == was
    decision.refresh_from_db()
    assert decision.undone_at is not None
    assert_counters_agree()


def test_undo_walks_back_through_ones_own_decisions_and_no_further() -> None:
    ann, bob = make_admin("ann"), make_admin("bob")
    memes = [make_pending(f"joke {number}") for number in range(3)]
    for meme in memes[:2]:
        moderation.retire(meme_id=meme.pk, by=ann)
    moderation.retire(meme_id=memes[2].pk, by=bob)
    assert [moderation.undo_decision(by=ann).meme for _ in range(2)] == [memes[1], memes[0]]
    with pytest.raises(NothingToUndo):
        moderation.undo_decision(by=ann)
    assert [status(meme) for meme in memes] == ["pending", "pending", "retired"]


def test_what_others_decided_after_it_and_what_is_old_cannot_be_undone() -> None:
    ann, bob, meme = make_admin("ann"), make_admin("bob"), make_pending()
    moderation.approve_meme(meme_id=meme.pk, by=ann)
    moderation.retire(meme_id=meme.pk, by=bob)
    with pytest.raises(DecidedMeanwhile):
        moderation.undo_decision(by=ann)
    Decision.objects.update(at=timezone.now() - timedelta(seconds=Decision.UNDO_S + 1))
    with pytest.raises(NothingToUndo):
        moderation.undo_decision(by=bob)
    assert status(meme) == "retired"


def test_the_database_knows_no_other_statuses_before_a_decision() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.create(meme=make_pending(), action="approve", was="odd")


# --- complaints -------------------------------------------------------------------------------------------------------------------


def test_a_complaint_counts_for_both_memes_and_only_what_speaks_against_them() -> None:
    make_group(2)
    flag = complain(make_annotator("a"))
    complain(make_annotator("b"), "seen_before")
    complain(make_annotator("c"), "dont_get_it")
    both = {flag.pair.first_id, flag.pair.second_id}
    assert {meme: dict(found) for meme, found in queries.complaints().items()} == {
        meme: {"offensive": 1} for meme in both
    }


def test_most_complaints_come_first_and_those_taken_back_do_not_count() -> None:
    template = make_template()
    memes = [make_meme(template, f"joke {number}") for number in range(3)]
    people = [make_annotator(f"a{number}") for number in range(3)]
    flags = [complain(person, "broken") for person in people]
    counted = {meme.pk: 0 for meme in memes}
    for flag in flags:
        counted[flag.pair.first_id] += 1
        counted[flag.pair.second_id] += 1
    expected = sorted((pk for pk in counted if counted[pk]), key=lambda pk: (-counted[pk], pk))
    assert queries.complained_of() == expected
    for person in people:
        judging.undo_last(annotator=person)
    assert queries.complained_of() == []


def test_a_decision_settles_complaints_and_a_new_one_brings_the_meme_back() -> None:
    admin = make_admin()
    make_group(2)
    flag = complain(make_annotator("a"))
    moderation.approve_meme(meme_id=flag.pair.first_id, by=admin, reason="it is fine")
    assert queries.complained_of() == [flag.pair.second_id]
    moderation.retire(meme_id=flag.pair.second_id, by=admin)
    assert queries.complained_of() == []
    moderation.restore(meme_id=flag.pair.second_id, by=admin)
    complain(make_annotator("b"), "broken")
    assert queries.complained_of() == [flag.pair.first_id, flag.pair.second_id]
    moderation.approve_meme(meme_id=flag.pair.first_id, by=admin)
    moderation.undo_decision(by=admin)
    assert queries.complained_of() == [flag.pair.first_id, flag.pair.second_id]


# --- the page ---------------------------------------------------------------------------------------------------------------------


def post(client: Client, meme: Meme, action: str, seen: int = 0, **fields: object) -> tuple[int, str]:
    address = reverse("moderate", args=[meme.pk])
    answer = client.post(address, {"action": action, "seen": seen, **fields}, headers=SCRIPT)
    return answer.status_code, answer.content.decode()


def test_the_queue_shows_what_waits_and_where_it_comes_from() -> None:
    ann, client = make_annotator("zoe"), signed_in(make_admin())
    make_pending("<script>alert(1)</script>", proposed_by=ann)
    make_pending("machine", origin="generator", generator="zebra-v7", request={"scene": "office"})
    page = client.get(reverse("moderation")).content.decode()
    assert page.count("<article") == 2
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "zoe" in page
    assert "zebra-v7" in page
    assert "office" in page


def test_without_waiting_memes_the_queue_opens_at_the_complaints_and_else_says_so() -> None:
    client = signed_in(make_admin())
    assert "Nothing waits." in client.get(reverse("moderation")).content.decode()
    make_group(2)
    complain(make_annotator("a"))
    page = client.get(reverse("moderation")).content.decode()
    assert page.count("<article") == 2
    assert "Offensive × 1" in page


def test_a_plain_form_decides_and_undoes() -> None:
    client, meme = signed_in(make_admin()), make_pending()
    address = reverse("moderate", args=[meme.pk])
    answer = client.post(address, {"action": "retire", "seen": 0, "reason": "rude", "show": "waiting"})
    assert (answer.status_code, answer["Location"]) == (302, f"{reverse('moderation')}?show=waiting")
    assert (status(meme), meme.decisions.get().reason) == ("retired", "rude")
    client.post(reverse("undo_decision"))
    assert status(meme) == "pending"


def test_the_script_gets_the_case_and_a_late_decision_is_a_409_with_how_it_stands() -> None:
    meme = make_pending()
    ann, bob = signed_in(make_admin("ann")), signed_in(make_admin("bob"))
    code, body = post(ann, meme, "retire", reason="rude")
    assert code == HTTPStatus.OK
    assert body.count("<article") == 1
    assert "data-settled" in body
    code, body = post(bob, meme, "approve")
    assert code == HTTPStatus.CONFLICT
    assert "decided about this meme meanwhile" in body
    assert 'value="restore"' in body
    assert status(meme) == "retired"
    seen = re.search(r'name="seen" value="(\d+)"', body)
    assert seen
    assert post(bob, meme, "restore", int(seen[1]))[0] == HTTPStatus.OK
    assert ann.post(reverse("undo_decision"), headers=SCRIPT).status_code == HTTPStatus.CONFLICT


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"action": "delete", "seen": 0},
        {"action": "approve"},
        {"action": "approve", "seen": "x"},
        {"action": "approve", "seen": -1},
        {"action": "approve", "seen": 10**30},
        {"action": "approve", "seen": 0, "reason": "x" * 301},
        {"action": "approve", "seen": 0, "reason": "\x00"},
    ],
)
def test_bad_fields_are_a_422_and_decide_nothing(fields: dict[str, object]) -> None:
    client, meme = signed_in(make_admin()), make_pending()
    answer = client.post(reverse("moderate", args=[meme.pk]), fields, headers=SCRIPT)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert status(meme) == "pending"


def test_a_meme_that_is_not_there_is_a_404() -> None:
    client = signed_in(make_admin())
    answer = client.post(reverse("moderate", args=[999]), {"action": "approve", "seen": 0})
    assert answer.status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    "query",
    ["show=odd", "show=", "page=-1", "page=x", "meme=x", "meme=" + "9" * 30, "meme=٣", "show=%00&page=%00"],
)
def test_an_odd_address_shows_the_queue_all_the_same(query: str) -> None:
    make_pending()
    assert signed_in(make_admin()).get(f"{reverse('moderation')}?{query}").status_code == HTTPStatus.OK


def test_the_queue_comes_in_pages_and_asks_a_fixed_number_of_questions(
    django_assert_max_num_queries: object,
) -> None:
    client = signed_in(make_admin())
    for number in range(12):
        make_pending(f"joke {number}")
    page = client.get(reverse("moderation")).content.decode()
    assert page.count("<article") == 10
    with django_assert_max_num_queries(14):  # type: ignore[operator]  # pytest-django's fixture
        second = client.get(reverse("moderation") + "?show=waiting&page=2").content.decode()
    assert second.count("<article") == 2


def test_the_log_says_who_when_and_why() -> None:
    admin, meme = make_admin(), make_pending()
    moderation.retire(meme_id=meme.pk, by=admin, reason="too rude")
    moderation.undo_decision(by=admin)
    page = signed_in(admin).get(reverse("moderation") + "?show=decided").content.decode()
    assert "too rude" in page
    assert "taken back" in page
    assert meme.template.name in page


# --- at once ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_moderators_at_the_same_moment_make_one_decision() -> None:
    admins, meme = [make_admin(f"m{number}") for number in range(4)], make_pending()
    late: list[DecidedMeanwhile] = []

    def decide(admin: User, number: int) -> None:
        act = moderation.approve_meme if number % 2 else moderation.retire
        try:
            act(meme_id=meme.pk, by=admin, seen=0)
        except DecidedMeanwhile as error:
            late.append(error)

    all_at_once([partial(decide, admin, number) for number, admin in enumerate(admins)])
    assert (Decision.objects.count(), len(late)) == (1, 3)
    assert status(meme) == {"approve": "active", "retire": "retired"}[Decision.objects.get().action]
    assert_counters_agree()


@pytest.mark.django_db(transaction=True)
def test_moderators_decide_and_undo_while_people_judge(settings: Settings) -> None:
    settings.REPLICATION = 2
    groups = [make_group(6), make_group(5)]
    memes = list(Meme.objects.filter(template__in=[group.template for group in groups]))
    people = [Person(make_annotator(f"a{n}")) for n in range(3)]
    works = [partial(live, person, random.Random(7 + n)) for n, person in enumerate(people)]
    works += [partial(moderate, make_admin(f"m{n}"), memes, random.Random(70 + n)) for n in range(2)]
    all_at_once(works)
    assert_nothing_went_wrong(people)
    for meme in memes:
        newest = moderation.newest_decision(meme.pk)
        expected = "retired" if newest is not None and newest.action == "retire" else "active"
        assert (status(meme), shown(meme)) == (expected, expected == "active")


def moderate(admin: User, memes: list[Meme], chance: random.Random) -> None:
    for _ in range(15):
        meme = chance.choice(memes)
        try:
            match chance.choice(["retire", "retire", "restore", "undo", "approve"]):
                case "undo":
                    moderation.undo_decision(by=admin)
                case "approve":
                    moderation.approve_meme(meme_id=meme.pk, by=admin)
                case "retire":
                    moderation.retire(meme_id=meme.pk, by=admin)
                case _:
                    moderation.restore(meme_id=meme.pk, by=admin)
        except (DecidedMeanwhile, NothingToUndo):
            continue


# --- the blocklist ----------------------------------------------------------------------------------------------------------------


def test_phrases_are_blocked_once_and_unblocked() -> None:
    admin = make_admin()
    assert moderation.block_phrases(phrases=["Fuck*", " fuck* ", "kill  yourself"], by=admin) == 2
    assert moderation.block_phrases(phrases=["FUCK*"], by=admin) == 0
    assert moderation.load_blocklist().match(["fucking"]) == "fuck*"
    moderation.unblock_phrase(phrase_id=BlockedPhrase.objects.get(phrase="fuck*").pk)
    assert moderation.load_blocklist().match(["fucking"]) is None
    assert moderation.load_blocklist().match(["kill yourself"]) == "kill yourself"


def test_one_bad_phrase_blocks_none() -> None:
    with pytest.raises(BlocklistError):
        moderation.block_phrases(phrases=["good", "!!!"], by=None)
    assert not BlockedPhrase.objects.exists()


def test_the_blocklist_page_adds_names_the_bad_line_tries_and_takes_off() -> None:
    client, address = signed_in(make_admin()), reverse("blocklist")
    assert client.post(address, {"phrases": "one\n\n two words \n"}).status_code == HTTPStatus.FOUND
    assert set(BlockedPhrase.objects.values_list("phrase", flat=True)) == {"one", "two words"}
    answer = client.post(address, {"phrases": "three\n!!!"})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Line 2" in answer.content.decode()
    assert "Line 1 is longer than 100" in client.post(address, {"phrases": "x" * 101}).content.decode()
    assert BlockedPhrase.objects.count() == 2
    assert "two words" in client.get(address, {"caption": "Two, WORDS!"}).content.decode()
    assert "It is let in." in client.get(address, {"caption": "three"}).content.decode()
    client.post(reverse("unblock", args=[BlockedPhrase.objects.get(phrase="one").pk]))
    assert BlockedPhrase.objects.get().phrase == "two words"


def test_a_long_blocklist_is_listed_page_by_page() -> None:
    client = signed_in(make_admin())
    BlockedPhrase.objects.bulk_create(BlockedPhrase(phrase=f"word-{number:03}") for number in range(201))
    first, last = (client.get(reverse("blocklist"), {"page": page}).content.decode() for page in "12")
    assert "201 entries" in first
    assert "word-199" in first
    assert "word-200" not in first
    assert "word-200" in last
    assert client.get(reverse("blocklist"), {"caption": "word-200"}).context["matched"] == "word-200"


def test_the_queue_asks_as_many_queries_for_ten_cases_as_for_one(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_group(5)
    ann = make_annotator()
    for _ in range(4):
        (held,) = judging.next_assignments(annotator=ann)
        judging.record_judgment(
            annotator=ann, assignment_id=held.pk, token=uuid4(), outcome=Outcome.TIE, have=[]
        )
    memes = list(Meme.objects.order_by("pk").values_list("pk", flat=True))
    for some in (memes[:1], memes):
        with django_assert_num_queries(6):
            found = queries.cases(some)
    given = Judgment.objects.values_list("pair__first", "pair__second")
    judged = Counter(meme for two in given for meme in two)
    assert {case.meme.pk: case.judged for case in found} == {meme: judged[meme] for meme in memes}
    assert judged.total() == 8


def test_the_blocklist_page_lists_the_memes_that_hold_an_entry_now() -> None:
    client, template = signed_in(make_admin()), make_template()
    make_meme(template, "a harmless one")
    rude = make_meme(template, "a very RUDE one")
    moderation.block_phrases(phrases=["rude"], by=None)
    page = client.get(reverse("blocklist"), {"look": "yes"}).content.decode()
    assert page.count("row-link") == 1
    assert f"{reverse('moderation')}?meme={rude.pk}" in page
    assert client.get(f"{reverse('moderation')}?meme={rude.pk}").content.decode().count("<article") == 1


def test_assignments_of_a_retired_meme_are_given_back_when_their_lease_ends() -> None:
    ann, admin = make_annotator(), make_admin()
    make_group(2)
    (held,) = judging.next_assignments(annotator=ann)
    moderation.retire(meme_id=held.pair.first_id, by=admin)
    Assignment.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert judging.expire_leases() == 1
    assert_counters_agree()
