"""Meme templates, memes and pictures by token."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from annotation.models import Meme, MemeTemplate, Role, Scope, Takedown
from annotation.pictures import store_picture
from tests.annotation.api.asking import Program, judging_program, program_of, reading_program
from tests.annotation.builders import make_annotator, make_group, make_meme, make_template

pytestmark = pytest.mark.django_db


def all_of(program: Program, path: str) -> list[list[dict[str, Any]]]:
    """Every page of a list, by its links."""
    pages = []
    while path:
        told = program.get(path)
        assert told.status == 200, told
        pages.append(told.body["results"])
        parts = urlsplit(told.body["next"] or "")
        path = f"{parts.path}?{parts.query}" if told.body["next"] else ""
    return pages


def test_a_meme_is_told_with_where_it_comes_from() -> None:
    template = make_template()
    meme = make_meme(template, "a joke")
    Meme.objects.update(
        origin="generator",
        generator="zebra-v7",
        reasoning="stripes",
        request={"emotion": "joy"},
        source_id="z-1",
    )
    told = reading_program().get(f"memes/{meme.pk}/").body
    created = told.pop("created_at")
    assert created.endswith("Z")
    assert told == {
        "id": meme.pk,
        "template": template.pk,
        "language": "en",
        "texts": ["a joke"],
        "status": "active",
        "picture": f"/api/v1/pictures/{meme.picture}",
        "origin": "generator",
        "generator": "zebra-v7",
        "request": {"emotion": "joy"},
        "reasoning": "stripes",
        "source_id": "z-1",
    }


def test_a_meme_template_is_told_with_every_field_of_its_boxes() -> None:
    template = make_template("two-buttons")
    told = reading_program().get(f"templates/{template.pk}/").body
    assert (told["slug"], told["picture"], told["width"]) == ("two-buttons", None, 100)
    assert told["boxes"] == [
        {
            "x": 0.0,
            "y": 0.0,
            "w": 1.0,
            "h": 0.3,
            "angle": 0.0,
            "case": "upper",
            "align": "center",
            "font": "",
            "colour": "#ffffff",
            "outline": "#000000",
        }
    ]


@pytest.mark.parametrize("path", ["memes/4711/", "templates/4711/", f"pictures/memes/00/{'0' * 64}.jpg",
                                  "pictures/../../secret_key", "pictures/x", "pictures/memes/00/x.svg"])  # fmt: skip
def test_what_is_not_there_is_not_found(path: str) -> None:
    told = reading_program().get(path)
    assert (told.status, told.code) == (404, "not_found")


def test_pages_hold_every_row_once_in_order() -> None:
    make_group(7)
    pages = all_of(reading_program(), "memes/?limit=3")
    assert [len(page) for page in pages] == [3, 3, 1]
    ids = [meme["id"] for page in pages for meme in page]
    assert ids == list(Meme.objects.order_by("pk").values_list("pk", flat=True))


def test_a_list_that_ends_with_a_full_page_has_no_next_one() -> None:
    make_group(6)
    assert [len(page) for page in all_of(reading_program(), "memes/?limit=3")] == [3, 3]


def test_rows_that_come_and_change_meanwhile_move_no_page() -> None:
    group = make_group(5)
    program = reading_program()
    first = program.get("memes/?limit=2").body
    make_meme(group.template, "a late one")
    Meme.objects.filter(pk=first["results"][0]["id"]).update(status="retired")
    parts = urlsplit(first["next"])
    rest = all_of(program, f"{parts.path}?{parts.query}")
    ids = [meme["id"] for page in [first["results"], *rest] for meme in page]
    assert ids == sorted(set(ids))
    assert len(ids) == 6


def test_the_next_page_keeps_the_filters() -> None:
    template = make_group(4).template
    make_group(4)
    pages = all_of(reading_program(), f"memes/?template={template.pk}&status=active&limit=3")
    assert [len(page) for page in pages] == [3, 1]
    assert {meme["template"] for page in pages for meme in page} == {template.pk}


def test_filters_take_what_they_name_and_nothing_else() -> None:
    template = make_group(4).template
    Meme.objects.filter(pk=Meme.objects.first().pk).update(status="retired", origin="import")  # type: ignore[union-attr]  # there are four
    make_group(2, language="zh-hans")
    program = reading_program()
    counts = {
        query: len(program.get(f"memes/?{query}").body["results"])
        for query in ("", "status=retired", "status=pending", "origin=import", "language=zh-hans", f"template={template.pk}",
                      "status=active&language=en", "template=4711")
    }  # fmt: skip
    assert list(counts.values()) == [6, 1, 0, 1, 2, 4, 3, 0]
    MemeTemplate.objects.filter(pk=template.pk).update(status="retired")
    assert [row["id"] for row in program.get("templates/?status=retired").body["results"]] == [template.pk]
    assert len(program.get("templates/?language=zh-hans").body["results"]) == 1


def test_what_was_taken_down_is_not_there() -> None:
    first, second = make_group(3).template, make_group(3).template
    meme = Meme.objects.filter(template=first).earliest("pk")
    Takedown.objects.create(meme=meme, reason="asked for")
    Takedown.objects.create(template=second, reason="asked for")
    program = reading_program()
    assert [row["id"] for row in program.get("templates/").body["results"]] == [first.pk]
    memes = program.get("memes/").body["results"]
    assert len(memes) == 2
    assert meme.pk not in [row["id"] for row in memes]
    assert program.get(f"memes/{meme.pk}/").status == 404
    assert program.get(f"templates/{second.pk}/").status == 404


@pytest.mark.parametrize("scope", [Scope.JUDGE, Scope.MEMES])
def test_a_picture_comes_with_either_token_and_may_be_kept(scope: Scope) -> None:
    name = store_picture(folder="memes", data=b"\xff\xd8 a picture", extension="jpg")
    told = program_of(make_annotator(roles=frozenset({Role.RESEARCHER})), scope).get(
        f"pictures/{name}", accept="image/png"
    )
    assert (told.status, told.body) == (200, b"\xff\xd8 a picture")
    assert told.headers["Content-Type"] == "image/jpeg"
    assert "immutable" in told.headers["Cache-Control"]


def test_a_refused_picture_is_refused_in_json_whatever_the_client_takes() -> None:
    told = judging_program().get(f"pictures/memes/00/{'0' * 64}.jpg", accept="image/webp")
    assert told.code == "not_found"
    assert Program().get(f"pictures/memes/00/{'0' * 64}.jpg", accept="image/webp").code == "token_missing"


def test_pages_cost_the_same_number_of_queries_however_long(django_assert_num_queries: Any) -> None:
    make_group(20)
    program = reading_program()
    program.get("memes/?limit=1")  # the token's first use is written
    for limit in (1, 20):
        with django_assert_num_queries(3):  # token, roles, page
            program.get(f"memes/?limit={limit}")
