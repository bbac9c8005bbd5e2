"""Own statistics by token: what the page about oneself says."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.models import Scope
from tests.annotation.api.asking import judgment, program_of
from tests.annotation.builders import make_annotator, make_group

pytestmark = pytest.mark.django_db


def test_the_figures_are_those_of_the_page() -> None:
    make_group(8)
    ann, bob = make_annotator("ann"), make_annotator("bob")
    program = program_of(ann, Scope.JUDGE, Scope.STATISTICS)
    for answer in ("left", "left", "tie", "both_bad", "skip", "flag:broken", "right"):
        (pair,) = program.lease()
        program.post("judgments/", judgment(pair["id"], answer))
    program.post("judgments/undo/")
    other = program_of(bob, Scope.JUDGE)
    other.post("judgments/", judgment(other.lease()[0]["id"]))
    told = program.get("me/statistics/").body
    assert told == {
        "judgments": 4,
        "outcomes": {"left": 2, "right": 0, "tie": 1, "both_bad": 1},
        "skips": 1,
        "flags": 1,
        "days": [{"day": timezone.localdate().isoformat(), "judged": 4}],
        "today": 4,
        "daily_goal": 30,
        "streak": 1,
    }
    client = Client()
    client.force_login(ann)
    given = client.get(reverse("me")).context["given"]
    assert (given["judgments"], given["skips"], given["flags"]) == (
        told["judgments"],
        told["skips"],
        told["flags"],
    )
    assert given["outcomes"] == {name: number for name, number in told["outcomes"].items() if number}
    assert [(row.day.isoformat(), row.judged) for row in given["days"]] == [
        (row["day"], row["judged"]) for row in told["days"]
    ]


def test_somebody_who_gave_nothing_has_zeros() -> None:
    told = program_of(make_annotator(), Scope.STATISTICS).get("me/statistics/").body
    assert (told["judgments"], told["days"], told["streak"]) == (0, [], 0)
    assert set(told["outcomes"].values()) == {0}
