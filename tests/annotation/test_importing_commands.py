"""The import commands as somebody runs them: what comes in, what is left out and why, and that again adds nothing."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from annotation.importing.report import Report
from annotation.models import BlockedPhrase, Group, GroupMember, Meme, MemeTemplate, Takedown
from annotation.pictures import load_picture
from corpus.sources.found import Kind, Refusal
from tests.corpus.sources import HOSTILE_PICTURES, REAL, memegen_template, picture
from tests.corpus.test_sources_imgflip import post, write
from tests.run import once_more
from tests.services import own_environment, processes_with

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]

TWO = "name: Two Rooms\ntext: [{style: default}, {anchor_y: 0.8, style: default}]\nexample: [one room, two rooms]\n"
THREE = "name: Three Doors\ntext: [{}, {anchor_y: 0.4}, {anchor_y: 0.8}]\nexample: [one door, two doors]\n"


def run(command: str, *arguments: Any, report: Path | None = None) -> tuple[str, dict[str, Any]]:
    """What a command says, and its report."""
    out, file = StringIO(), report or Path(str(arguments[0])).parent / "report.json"
    call_command(command, *map(str, arguments), "--report", str(file), stdout=out)
    return out.getvalue(), json.loads(file.read_text())


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    memegen_template(root, "rooms", TWO, picture("teal"))
    memegen_template(root, "doors", THREE, picture("navy"))
    return root


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    return tmp_path / "imgflip"


# memegen


def test_templates_of_a_checkout_come_in_once(checkout: Path) -> None:
    said, report = run("import_memegen", checkout)
    assert report["templates"] == {"added": 2, "known": 0}
    assert "came in" in said
    rooms = MemeTemplate.objects.get(slug="rooms")
    assert (rooms.name, rooms.source_id, len(rooms.boxes)) == ("Two Rooms", "memegen:rooms", 2)
    assert "third-party" in rooms.licence
    assert run("import_memegen", checkout)[1]["templates"] == {"added": 0, "known": 2}
    assert MemeTemplate.objects.count() == 2
    assert not Meme.objects.exists()


def test_examples_come_in_as_memes_when_asked_for(checkout: Path) -> None:
    _, report = run("import_memegen", checkout, "--examples")
    assert report["memes"]["added"] == 2
    assert Meme.objects.get(template__slug="doors").texts == ["one door", "two doors", ""]
    meme = Meme.objects.get(template__slug="rooms")
    assert (meme.origin, meme.source_id) == ("import", "memegen:rooms:example")


def test_identical_pictures_become_one_template_and_slugs_are_kept_apart(checkout: Path) -> None:
    memegen_template(checkout, "rooms-again", TWO, picture("teal"))
    call_command("import_memegen", str(checkout), stdout=StringIO())
    other = checkout.parent / "other"
    memegen_template(other, "rooms", TWO, picture("red"))
    _, report = run("import_memegen", other)
    assert sorted(MemeTemplate.objects.values_list("slug", flat=True)) == ["doors", "rooms", "rooms-2"]
    assert report["notes"] == ["templates/rooms: 'rooms' is another meme template; this one became 'rooms-2'"]


def test_hostile_templates_are_named_and_the_rest_comes_in(checkout: Path) -> None:
    for number, data in enumerate(HOSTILE_PICTURES.values()):
        memegen_template(checkout, f"bad-{number}", TWO, data)
    memegen_template(checkout, "laughs", "a: &a [x]\nb: [*a, *a]")
    memegen_template(checkout, "colour", "text: [{color: '[red]nonsense[/red]\\e[31m'}]")
    said, report = run("import_memegen", checkout)
    assert report["templates"]["added"] == 2
    assert report["left_out"] == {
        Kind.FIELD.value: 1,
        Kind.PICTURE.value: len(HOSTILE_PICTURES),
        Kind.FILE.value: 1,
    }
    assert "\x1b" not in said
    assert str(checkout) not in said + json.dumps(report["refusals"])
    places = {(refusal["file"], refusal["field"]) for refusal in report["refusals"]}
    assert ("templates/colour/config.yml", "text[0].color") in places


def test_a_picture_that_was_taken_down_is_reported(checkout: Path) -> None:
    run("import_memegen", checkout)
    Takedown.objects.create(template=MemeTemplate.objects.get(slug="rooms"), reason="asked for")
    _, report = run("import_memegen", checkout)
    assert report["left_out"] == {Kind.TAKEN_DOWN.value: 1}


# imgflip


def test_captions_find_their_template_by_a_names_file_and_by_themselves(checkout: Path, posts: Path) -> None:
    run("import_memegen", checkout)
    write(posts, "Two-ROOMS", [post("a1", "one", "two"), post("a2", "three", "four")])
    write(posts, "Somebodys-Doors", [post("b1", "x", "y", "z")])
    write(posts, "Nobody-Knows", [post("c1", "x", "y"), post("c2", "x", "z")])
    names = posts / "names.json"
    names.write_text('{"Somebodys-Doors": "doors", "Not-There": "nowhere"}')
    _, report = run("import_imgflip", posts, "--names", names)
    assert report["memes"] == {"added": 3, "known": 0}
    assert report["left_out"] == {Kind.NO_TEMPLATE.value: 2}
    meme = Meme.objects.get(source_id="imgflip:a1")
    assert (meme.template.slug, meme.texts, meme.origin) == ("rooms", ["one", "two"], "import")
    assert load_picture(meme.picture).startswith(b"\xff\xd8")
    again = run("import_imgflip", posts, "--names", names)[1]
    assert again["memes"] == {"added": 0, "known": 3}
    assert Meme.objects.count() == 3


def test_texts_go_where_the_names_file_says_and_the_report_says_so(checkout: Path, posts: Path) -> None:
    run("import_memegen", checkout)
    write(posts, "Doors", [post("a", "hands", "left", "right"), post("b", "one", "two"), post("c", "alone")])
    names = posts / "names.json"
    names.write_text('{"Doors": {"slug": "doors", "texts": {"3": [1, 2, 0], "2": [0, null, 1]}}}')
    _, report = run("import_imgflip", posts, "--names", names)
    assert Meme.objects.get(source_id="imgflip:a").texts == ["left", "right", "hands"]
    assert Meme.objects.get(source_id="imgflip:b").texts == ["one", "", "two"]
    assert report["left_out"] == {Kind.BOXES.value: 1}
    assert any("take those numbered 2, 3, 1" in note for note in report["notes"])


def test_three_boxes_whose_order_nobody_looked_at_are_noted(checkout: Path, posts: Path) -> None:
    run("import_memegen", checkout)
    write(posts, "Three-Doors", [post("a", "x", "y", "z")])
    write(posts, "Two-Rooms", [post("b", "x", "y")])
    _, report = run("import_imgflip", posts)
    (note,) = report["notes"]
    assert note.startswith("dataset/memes/Three-Doors.json: its 3 texts stand in imgflip's order")


def test_templates_that_imgflip_divides_otherwise_are_left_out(checkout: Path, posts: Path) -> None:
    run("import_memegen", checkout)
    five = [post(f"f{n}", *"abcde") for n in range(8)]
    write(posts, "Three-Doors", [*five, post("t1", "x", "y", "z"), post("t2", "p", "q", "r")])
    _, report = run("import_imgflip", posts)
    assert report["left_out"] == {Kind.BOXES.value: 10}
    assert not Meme.objects.exists()


def test_a_name_that_several_templates_have_is_not_guessed(checkout: Path, posts: Path) -> None:
    memegen_template(checkout, "other-rooms", TWO, picture("red"))
    run("import_memegen", checkout)
    write(posts, "Two-Rooms", [post("a", "x", "y")])
    _, report = run("import_imgflip", posts)
    assert report["left_out"] == {Kind.NO_TEMPLATE.value: 1}
    assert "several meme templates" in report["refusals"][0]["reason"]


def test_the_blocklist_and_bad_posts_are_reported_by_row(checkout: Path, posts: Path) -> None:
    BlockedPhrase.objects.create(phrase="forbidden")
    run("import_memegen", checkout)
    rows = [post("a", "so", "forbidden"), {"boxes": 3}, post("b", "x" * 400, "y"), post("c", "Fine", "!")]
    write(posts, "Two-Rooms", [*rows, post("d", "fine.", "!")])
    _, report = run("import_imgflip", posts)
    assert report["memes"] == {"added": 1, "known": 1}
    places = {(refusal["kind"], refusal["row"], refusal["field"]) for refusal in report["refusals"]}
    assert places == {
        (Kind.BLOCKED.value, 1, "texts"),
        (Kind.FIELD.value, 2, "boxes"),
        (Kind.TEXT.value, 3, "texts"),
    }


# Our own form


def test_a_file_of_memes_brings_its_templates_along(tmp_path: Path) -> None:
    (tmp_path / "hall.png").write_bytes(picture("olive"))
    boxes = [{"x": 0.0, "y": 0.0, "w": 1.0, "h": 0.3}, {"x": 0.0, "y": 0.7, "w": 1.0, "h": 0.3}]
    first = {"template": "hall", "texts": ["a", "b"], "language": "de", "source_id": "mine:1"}
    rows = [
        {**first, "picture": "hall.png", "boxes": boxes, "licence": "CC0", "source": "my camera"},
        {**first, "source_id": "mine:2", "texts": ["only one"]},
        {**first, "source_id": "mine:3", "texts": ["c", ""], "language": ""},
        {"template": "nowhere", "texts": ["x"]},
        "nonsense",
    ]
    path = tmp_path / "memes.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    _, report = run("import_memes", path)
    assert (report["templates"]["added"], report["memes"]["added"]) == (1, 2)
    hall = MemeTemplate.objects.get(slug="hall")
    assert (hall.licence, hall.source, hall.language) == ("CC0", "my camera", "de")
    assert Meme.objects.get(source_id="mine:3").language == "de"
    places = {(refusal["kind"], refusal["row"], refusal["field"]) for refusal in report["refusals"]}
    assert places == {
        (Kind.BOXES.value, 2, "texts"),
        (Kind.NO_TEMPLATE.value, 4, "template"),
        (Kind.FIELD.value, 5, ""),
    }
    again = run("import_memes", path)[1]
    assert (again["templates"], again["memes"]) == ({"added": 0, "known": 1}, {"added": 0, "known": 2})


def test_empty_cells_of_a_table_are_empty_boxes(checkout: Path) -> None:
    run("import_memegen", checkout)
    path = checkout / "memes.csv"
    path.write_text(
        "template,text1,text2,text3\nrooms,only above,\nrooms,,only below\nrooms,a,b,c\nrooms,=1+1,\n"
    )
    _, report = run("import_memes", path)
    texts = list(Meme.objects.order_by("pk").values_list("texts", flat=True))
    assert texts == [["only above", ""], ["", "only below"]]
    assert report["left_out"] == {Kind.BOXES.value: 1, Kind.FORMULA.value: 1}


def test_a_file_may_name_a_template_that_an_earlier_row_s_bad_picture_failed_to_bring(tmp_path: Path) -> None:
    (tmp_path / "hall.png").write_bytes(b"no picture")
    rows = [
        {"template": "hall", "texts": ["a"], "picture": "hall.png", "boxes": []},
        {"template": "hall", "texts": ["b"]},
    ]
    path = tmp_path / "memes.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    _, report = run("import_memes", path)
    assert [refusal["kind"] for refusal in report["refusals"]] == [
        Kind.PICTURE.value,
        Kind.NO_TEMPLATE.value,
    ]


def test_a_box_of_the_wrong_type_is_named_and_the_rest_of_the_file_comes_in(tmp_path: Path) -> None:
    whole = {"x": 0, "y": 0, "w": 1, "h": 1}
    rows: list[dict[str, Any]] = []
    wrongs: list[dict[str, Any]] = [{"font": ["sans"]}, {"font": 5}, {"colour": None}, {"x": "0"}, {}]
    for number, wrong in enumerate(wrongs):
        (tmp_path / f"{number}.png").write_bytes(picture(f"#00000{number}"))
        boxes = [whole, {**whole, **wrong}]
        rows.append(
            {"template": f"t{number}", "picture": f"{number}.png", "boxes": boxes, "texts": ["a", "b"]}
        )
    path = tmp_path / "memes.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    _, report = run("import_memes", path)
    assert (report["templates"]["added"], report["memes"]["added"]) == (1, 1)
    fields = {refusal["row"]: refusal["field"] for refusal in report["refusals"]}
    assert fields == {1: "boxes[1].font", 2: "boxes[1].font", 3: "boxes[1].colour", 4: "boxes[1].x"}


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (Kind.NO_PICTURE, lambda rooms: MemeTemplate.objects.filter(pk=rooms.pk).update(picture="")),
        (Kind.TAKEN_DOWN, lambda rooms: Takedown.objects.create(template=rooms, reason="asked for")),
    ],
)
def test_captions_of_a_template_that_takes_none_are_named_by_row(
    checkout: Path, kind: Kind, change: Callable[[MemeTemplate], object]
) -> None:
    run("import_memegen", checkout)
    change(MemeTemplate.objects.get(slug="rooms"))
    path = checkout / "memes.csv"
    path.write_text("template,text1,text2\nrooms,a,b\nrooms,c,d\n")
    _, report = run("import_memes", path)
    found = [(refusal["kind"], refusal["row"], refusal["field"]) for refusal in report["refusals"]]
    assert found == [(kind.value, 2, "template"), (kind.value, 3, "template")]


# What could not run at all


@pytest.mark.parametrize("command", ["import_memegen", "import_imgflip", "import_memes"])
def test_a_source_that_is_not_there_is_an_error(command: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no such file"):
        call_command(command, str(tmp_path / "nothing"))


@pytest.mark.parametrize("command", ["import_memegen", "import_imgflip"])
def test_a_folder_of_another_kind_is_an_error(command: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="not"):
        call_command(command, str(tmp_path))


def test_a_report_that_cannot_be_written_is_said_before_anything_is_done(checkout: Path) -> None:
    with pytest.raises(CommandError, match="no folder"):
        call_command("import_memegen", str(checkout), "--report", str(checkout / "missing" / "report.json"))
    with pytest.raises(CommandError, match="this is a folder"):
        call_command("import_memegen", str(checkout), "--report", str(checkout))
    assert not MemeTemplate.objects.exists()


def test_a_report_that_fails_to_be_written_is_a_sentence_and_what_came_in_stays(checkout: Path) -> None:
    too_long = checkout / ("x" * 250)
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("import_memegen", str(checkout), "--report", str(too_long), stdout=StringIO())
    assert MemeTemplate.objects.count() == 2


def test_a_names_file_that_could_mislead_is_an_error(posts: Path) -> None:
    write(posts, "Two-Rooms", [])
    names = posts / "names.json"
    names.write_text('{"Two-Rooms": 3}')
    with pytest.raises(CommandError, match="Two-Rooms"):
        call_command("import_imgflip", str(posts), "--names", str(names))


def test_the_table_counts_every_refusal_under_what_it_is_about() -> None:
    report = Report(source="a [bold]source\x1b[2J")
    report.refuse(Refusal(kind=Kind.PICTURE, file="a", reason="broken", is_template=True))
    report.refuse(Refusal(kind=Kind.TEXT, file="b", row=3, reason="too long", count=40))
    assert report.left_out == {Kind.PICTURE.value: 1, Kind.TEXT.value: 40}
    assert "\x1b" not in str(report.table().title)
    cells = [list(column.cells) for column in report.table().columns]
    assert cells[0][2:] == ["left out: bad text", "left out: bad picture"]
    assert (cells[1][2:], cells[2][2:]) == (["", "1"], ["40", ""])


def test_file_names_of_any_bytes_are_reported(checkout: Path) -> None:
    folder = memegen_template(checkout, "bad", TWO)
    folder.rename(os.fsdecode(os.fsencode(folder) + b"-\xff\x1b[31m"))
    said, report = run("import_memegen", checkout)
    (refusal,) = report["refusals"]
    assert refusal["kind"] == Kind.FIELD.value
    assert "\x1b" not in said
    assert report["templates"]["added"] == 2


# Killed at any moment


def importer(data: Path, *arguments: object) -> subprocess.Popen[str]:
    environment = own_environment() | {"PUNCHLINE_DATA": str(data)}
    command = [sys.executable, "manage.py", *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def ended(process: subprocess.Popen[str]) -> int:
    """How a process ended, which must say nothing of an error unless it was killed."""
    _, said = process.communicate()
    assert process.returncode == -signal.SIGKILL or said == ""
    return process.returncode


@pytest.mark.timeout(300)
def test_an_importer_killed_while_it_draws_leaves_nothing_half_done(checkout: Path, posts: Path) -> None:
    """Runs on an embedded installation of its own; what it left is read with Python's sqlite3, not through this test's database."""
    data, number = checkout.parent / "data", 130
    write(posts, "Two-Rooms", [post(f"k{n}", f"joke number {n}", "and what follows") for n in range(number)])
    assert ended(importer(data, "migrate", "-v0")) == 0
    assert ended(importer(data, "import_memegen", checkout)) == 0
    ends = []
    for drawn in (20, 75):
        process = importer(data, "import_imgflip", posts)
        while process.poll() is None and len(list((data / "files").rglob("memes/*/*.jpg"))) < drawn:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        ends.append(ended(process))
    assert ends == [-signal.SIGKILL] * 2
    assert (
        once_more(lambda: processes_with("PUNCHLINE_DATA", str(data))) == {}
    )  # those that drew are gone with it
    assert ended(importer(data, "import_imgflip", posts)) == 0
    with closing(sqlite3.connect(data / "punchline.sqlite3")) as database:
        memes = database.execute("SELECT source_id, picture FROM annotation_meme").fetchall()
        sizes = database.execute("SELECT size FROM annotation_group").fetchall()
        seats = database.execute("SELECT position FROM annotation_groupmember ORDER BY position").fetchall()
    assert sorted(source_id for source_id, _ in memes) == sorted(f"imgflip:k{n}" for n in range(number))
    assert sizes == [(number,)]
    assert seats == [(position,) for position in range(number)]
    for _, name in memes:
        assert (data / "files" / name).read_bytes().endswith(b"\xff\xd9")


# The real thing, where it is at hand


@pytest.mark.skipif(not REAL.exists(), reason="the real data (shared/data) is not here")
def test_a_real_template_s_captions_come_in_with_the_hands_in_the_middle(tmp_path: Path) -> None:
    checkout, posts = tmp_path / "checkout", tmp_path / "imgflip"
    (checkout / "templates").mkdir(parents=True)
    (posts / "memes").mkdir(parents=True)
    for name in ("handshake", "ds"):
        folder = checkout / "templates" / name
        folder.mkdir()
        for file in (REAL / "memegen" / "templates" / name).iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
    for name in ("Epic-Handshake", "Two-Buttons"):
        rows = json.loads((REAL / "imgflip" / "dataset" / "memes" / f"{name}.json").read_text())
        (posts / "memes" / f"{name}.json").write_text(json.dumps(rows[:60]))
    run("import_memegen", checkout)
    _, report = run("import_imgflip", posts, "--names", REAL / "memegen" / "imgflip_names.json")
    assert report["memes"]["added"] > 90
    assert Group.objects.count() == 2
    assert GroupMember.objects.count() == report["memes"]["added"]
    for meme in Meme.objects.filter(template__slug="handshake"):
        source = next(
            row
            for row in json.loads((posts / "memes" / "Epic-Handshake.json").read_text())
            if row["post"].endswith("/" + meme.source_id.removeprefix("imgflip:"))
        )
        assert len(source["boxes"]) == 3
        assert meme.texts[2].split() == source["boxes"][0].split()
