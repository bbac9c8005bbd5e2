"""Judging by program: the same services as the page, exactly once, with a refusal that says why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from annotation.forms.judging import ANSWERS
from annotation.models import Assignment, Judgment, Meme, Pair, Role, Scope, Skip, User
from annotation.services.memes import retire_meme
from annotation.services.people import create_user
from tests.annotation.api.asking import Program, judging_program, judgment, program_of
from tests.annotation.builders import make_annotator, make_group, make_meme, make_template

pytestmark = pytest.mark.django_db


# --- assignments ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("swapped", [False, True])
def test_a_pair_is_given_with_both_memes_in_shown_order(*, swapped: bool) -> None:
    group = make_group(4)
    program = judging_program()
    program.lease()
    Assignment.objects.update(swapped=swapped)
    (given,) = program.lease()
    assignment = Assignment.objects.select_related("pair__first", "pair__second").get(pk=given["id"])
    pair = assignment.pair
    left, right = (pair.second, pair.first) if assignment.swapped else (pair.first, pair.second)
    assert given["left"]["texts"] == left.texts
    assert given["right"]["texts"] == right.texts
    assert given["left"]["picture"] == f"/api/v1/pictures/{left.picture}"
    assert (given["template"], given["question"]) == (group.template.name, "funnier")


def test_nothing_is_told_of_where_a_meme_comes_from() -> None:
    template = make_template()
    for number in range(3):
        meme = make_meme(template, f"joke {number}")
        Meme.objects.filter(pk=meme.pk).update(
            origin="generator", generator="zebra-v7", reasoning="because zebras", source_id="src-zebra"
        )
    told = judging_program().post("assignments/", {"count": 2})
    assert "zebra" not in str(told.body)
    assert "generator" not in str(told.body)
    assert set(told.body["assignments"][0]) == {"id", "question", "template", "left", "right", "lease_until"}
    assert set(told.body["assignments"][0]["left"]) == {"texts", "picture", "width", "height"}


def test_up_to_five_pairs_are_held_and_asked_again_the_same_ones_come() -> None:
    make_group(6)
    program = judging_program()
    first = [pair["id"] for pair in program.lease(5)]
    assert len(set(first)) == 5
    assert [pair["id"] for pair in program.lease(5)] == first
    more = program.post("assignments/", {"count": 5, "have": first})
    assert more.body == {"assignments": []}


def test_others_than_those_at_hand_are_given() -> None:
    make_group(6)
    program = judging_program()
    (one,) = program.lease()
    told = program.post("assignments/", {"count": 2, "have": [one["id"]]})
    assert one["id"] not in [pair["id"] for pair in told.body["assignments"]]
    assert len(told.body["assignments"]) == 2


def test_without_a_body_one_pair_is_given() -> None:
    make_group(4)
    assert len(judging_program().post("assignments/").body["assignments"]) == 1


def test_when_nothing_is_left_the_list_is_empty() -> None:
    assert judging_program().lease(5) == []


def test_renewing_extends_ones_own_leases_only() -> None:
    make_group(4)
    ann, bob = judging_program("ann"), judging_program("bob")
    (mine,) = ann.lease()
    soon = timezone.now() + timedelta(seconds=5)
    Assignment.objects.update(lease_until=soon)
    assert bob.post("assignments/renew/", {"assignments": [mine["id"]]}).body == {"renewed": 0}
    assert Assignment.objects.get(pk=mine["id"]).lease_until == soon
    assert ann.post("assignments/renew/", {"assignments": [mine["id"]]}).body == {"renewed": 1}
    assert Assignment.objects.get(pk=mine["id"]).lease_until > soon


# --- single judgments -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [value for value, _ in ANSWERS])
def test_every_answer_is_stored_and_told_as_it_was_given(answer: str) -> None:
    make_group(4)
    program = judging_program()
    (pair,) = program.lease()
    told = program.post("judgments/", judgment(pair["id"], answer, response_ms=1234))
    assert told.status == 201
    assert (told.body["result"], told.body["answer"]) == ("stored", answer)
    if answer in ("left", "right", "tie", "both_bad"):
        stored = Judgment.objects.get()
        assert (stored.outcome, stored.response_ms) == (answer, 1234)
    else:
        skip = Skip.objects.get()
        assert answer == (f"{skip.kind}:{skip.reason}" if skip.reason else skip.kind)


def test_the_answer_brings_the_next_pair() -> None:
    make_group(4)
    program = judging_program()
    (pair,) = program.lease()
    following = program.post("judgments/", judgment(pair["id"])).body["next"]
    assert following["id"] != pair["id"]
    assert program.lease()[0]["id"] == following["id"]


def test_the_same_judgment_twice_is_stored_once_and_answered_alike() -> None:
    make_group(5)
    program = judging_program()
    (pair,) = program.lease()
    said = judgment(pair["id"])
    first, second = program.post("judgments/", said), program.post("judgments/", said)
    assert (first.status, second.status) == (201, 200)
    assert second.body["result"] == "repeated"
    assert second.body["next"]["id"] == first.body["next"]["id"]
    assert Judgment.objects.count() == 1


def test_another_answer_to_the_same_pair_tells_what_is_stored() -> None:
    make_group(5)
    program = judging_program()
    (pair,) = program.lease()
    program.post("judgments/", judgment(pair["id"], "left"))
    told = program.post("judgments/", judgment(pair["id"], "right"))
    assert (told.status, told.body["result"], told.body["answer"]) == (200, "repeated", "left")
    assert Judgment.objects.get().outcome == "left"


def test_a_late_answer_is_stored_as_surplus(settings: Any) -> None:
    settings.REPLICATION = 1
    make_group(2)
    ann, bob = judging_program("ann"), judging_program("bob")
    (pair,) = ann.lease()
    Assignment.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    (theirs,) = bob.lease()
    assert bob.post("judgments/", judgment(theirs["id"])).status == 201
    assert ann.post("judgments/", judgment(pair["id"])).status == 201
    assert Judgment.objects.get(assignment=pair["id"]).surplus


def test_somebody_elses_assignment_is_not_found() -> None:
    make_group(4)
    (theirs,) = judging_program("ann").lease()
    bob = judging_program("bob")
    for number in (theirs["id"], 10**18 - 1):
        told = bob.post("judgments/", judgment(number))
        assert (told.status, told.code) == (404, "not_assigned")
    assert not Judgment.objects.exists()


# --- batches ----------------------------------------------------------------------------------------------------------------------


def test_each_answer_of_a_batch_has_its_own_result() -> None:
    """Stored, repeated, refused for three reasons: one that is wrong takes no other with it."""
    make_group(6)
    program = judging_program()
    (first, second, third) = program.lease(3)
    again = judgment(first["id"])
    program.post("judgments/", again)
    told = program.post(
        "judgments/batch/",
        {
            "judgments": [
                again,
                judgment(second["id"], "tie"),
                judgment(777_777),
                judgment(third["id"], "hilarious"),
                {"answer": "left"},
                judgment(third["id"], "flag:broken"),
            ]
        },
    )
    results = told.body["results"]
    assert told.status == 200
    assert [row["result"] for row in results] == [
        "repeated",
        "stored",
        "refused",
        "refused",
        "refused",
        "stored",
    ]
    assert [row["error"]["code"] for row in results if "error" in row] == [
        "not_assigned",
        "invalid",
        "invalid",
    ]
    assert [row["error"]["field"] for row in results if "error" in row] == [
        "assignment",
        "answer",
        "assignment",
    ]
    assert (Judgment.objects.count(), Skip.objects.count()) == (2, 1)


def test_a_batch_sent_again_stores_nothing_more() -> None:
    make_group(6)
    program = judging_program()
    batch = {"judgments": [judgment(pair["id"]) for pair in program.lease(5)]}
    for word in ("stored", "repeated"):
        results = program.post("judgments/batch/", batch).body["results"]
        assert [row["result"] for row in results] == [word] * 5
    assert Judgment.objects.count() == 5


def test_one_token_for_two_pairs_of_a_batch_stores_one() -> None:
    make_group(6)
    program = judging_program()
    one, two = program.lease(2)
    said = judgment(one["id"])
    results = program.post("judgments/batch/", {"judgments": [said, said | {"assignment": two["id"]}]}).body[
        "results"
    ]
    assert [(row["result"], row["assignment"]) for row in results] == [
        ("stored", one["id"]),
        ("repeated", one["id"]),
    ]
    assert Judgment.objects.get().assignment_id == one["id"]


@pytest.mark.parametrize("judgments", [[], "left", {}, [1], ["x"], [[]], [None], None, [{}] * 51])
def test_what_is_no_batch_is_refused_as_a_whole(judgments: Any) -> None:
    told = judging_program().post("judgments/batch/", {"judgments": judgments})
    assert (told.status, told.code) == (422, "invalid")
    assert told.body["error"]["field"].startswith("judgments")


# --- undo -------------------------------------------------------------------------------------------------------------------------


def test_undo_gives_the_pair_back() -> None:
    make_group(4)
    program = judging_program()
    (pair,) = program.lease()
    program.post("judgments/", judgment(pair["id"]))
    told = program.post("judgments/undo/")
    assert told.status == 200
    assert told.body["assignment"]["id"] == pair["id"]
    assert Judgment.objects.get().superseded_at is not None
    assert program.post("judgments/", judgment(pair["id"], "right")).status == 201


def test_nothing_to_undo_is_a_conflict() -> None:
    told = judging_program().post("judgments/undo/")
    assert (told.status, told.code) == (409, "nothing_to_undo")


# --- who may not, for now ---------------------------------------------------------------------------------------------------------


def test_nobody_judges_without_consent() -> None:
    make_group(4)
    ann = make_annotator()
    program = program_of(ann, Scope.JUDGE)
    (pair,) = program.lease()
    User.objects.update(consent_version="")
    for path, body in (
        ("assignments/", {}),
        ("judgments/", judgment(pair["id"])),
        ("judgments/batch/", {"judgments": [judgment(pair["id"])]}),
    ):
        told = program.post(path, body)
        assert (told.status, told.code) == (403, "consent_missing")
    assert not Judgment.objects.exists()


def test_a_paused_person_gets_no_pairs_and_keeps_what_they_give() -> None:
    make_group(5)
    ann = make_annotator()
    program = program_of(ann, Scope.JUDGE)
    one, two = program.lease(2)
    User.objects.filter(pk=ann.pk).update(
        paused_at=timezone.now(), paused_because="You answer at random, zebra."
    )
    told = program.post("assignments/", {})
    assert (told.status, told.code) == (403, "paused")
    assert program.post("judgments/", judgment(one["id"])).body["next"] is None
    results = program.post("judgments/batch/", {"judgments": [judgment(two["id"])]}).body["results"]
    assert results[0]["result"] == "stored"
    assert Judgment.objects.count() == 2


def test_too_many_answers_wait_and_are_not_lost(settings: Any) -> None:
    settings.ANSWERS_PER_MINUTE = 2
    make_group(6)
    program = judging_program()
    pairs = program.lease(4)
    for pair in pairs[:2]:
        assert program.post("judgments/", judgment(pair["id"])).status == 201
    told = program.post("judgments/", judgment(pairs[2]["id"]))
    assert (told.status, told.code) == (429, "too_many_answers")
    assert 1 <= int(told.headers["Retry-After"]) <= 60
    (row,) = program.post("judgments/batch/", {"judgments": [judgment(pairs[3]["id"])]}).body["results"]
    assert (row["result"], row["error"]["code"]) == ("refused", "too_many_answers")
    assert 1 <= row["retry_after_s"] <= 60
    assert Judgment.objects.count() == 2
    settings.ANSWERS_PER_MINUTE = 0
    assert program.post("judgments/", judgment(pairs[2]["id"])).status == 201


def test_a_program_that_judges_is_not_held_to_a_persons_pace(settings: Any) -> None:
    settings.ANSWERS_PER_MINUTE = 1
    make_group(6)
    judge = make_annotator()
    User.objects.update(kind=User.Kind.JUDGE)
    program = program_of(judge, Scope.JUDGE)
    results = program.post(
        "judgments/batch/", {"judgments": [judgment(pair["id"]) for pair in program.lease(3)]}
    ).body["results"]
    assert [row["result"] for row in results] == ["stored"] * 3


def test_a_pair_whose_meme_was_retired_is_not_given_again() -> None:
    make_group(2)
    program = judging_program()
    (pair,) = program.lease()
    retire_meme(meme=Pair.objects.get().first)
    assert program.lease() == []
    assert program.post("judgments/", judgment(pair["id"])).status == 201
    assert program.post("judgments/undo/").code == "nothing_to_undo"


# --- what is not an answer --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"answer": "meh"}, "answer"),
        ({"answer": "LEFT"}, "answer"),
        ({"answer": None}, "answer"),
        ({"answer": ["left"]}, "answer"),
        ({"answer": {"left": 1}}, "answer"),
        ({"answer": "left\x00"}, "answer"),
        ({"answer": "flag"}, "answer"),
        ({"answer": "flag:boring"}, "answer"),
        ({"token": "x"}, "token"),
        ({"token": 5}, "token"),
        ({"token": "{6f1c2a34-5b6d-4e7f-8a90-b1c2d3e4f506}"}, "token"),
        ({"assignment": "1"}, "assignment"),
        ({"assignment": 1.5}, "assignment"),
        ({"assignment": True}, "assignment"),
        ({"assignment": -1}, "assignment"),
        ({"assignment": 2**63}, "assignment"),
        ({"assignment": 10**400}, "assignment"),
        ({"response_ms": -3}, "response_ms"),
        ({"response_ms": 10**9}, "response_ms"),
        ({"response_ms": "soon"}, "response_ms"),
        ({"judged_at": "2099-01-01T00:00:00Z"}, "judged_at"),
        ({"": 1}, ""),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_stored(change: dict[str, Any], field: str) -> None:
    make_group(4)
    program = judging_program()
    (pair,) = program.lease()
    told = program.post("judgments/", judgment(pair["id"]) | change)
    assert told.status in (400, 422)
    assert told.body["error"].get("field", "") == field
    assert not Judgment.objects.exists()
    assert not Skip.objects.exists()


def test_every_bad_field_is_told_at_once() -> None:
    told = judging_program().post(
        "judgments/", {"assignment": 0, "token": "x", "answer": "y", "response_ms": -1}
    )
    assert {row["field"] for row in told.body["error"]["details"]} == {
        "assignment",
        "token",
        "answer",
        "response_ms",
    }


def test_an_account_made_for_a_program_judges_with_its_kind() -> None:
    make_group(4)
    judge = create_user(username="judge-7", kind=User.Kind.JUDGE, roles=frozenset({Role.ANNOTATOR}))
    assert program_of(judge, Scope.JUDGE).post("assignments/").code == "consent_missing"


def test_a_program_needs_no_page(settings: Any) -> None:
    """Neither practice nor the content warning stands between a program and its pairs."""
    make_group(4)
    ann = make_annotator()
    User.objects.update(practised_at=None, warning_seen_at=None)
    assert len(program_of(ann, Scope.JUDGE).lease(3)) == 3


def test_a_token_is_any_uuid_whatever_its_case() -> None:
    make_group(4)
    program = judging_program()
    (pair,) = program.lease()
    token = uuid4()
    assert program.post("judgments/", judgment(pair["id"], token=str(token).upper())).status == 201
    assert program.post("judgments/", judgment(pair["id"], token=str(token))).body["result"] == "repeated"
    assert isinstance(program, Program)
