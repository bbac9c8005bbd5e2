"""Writing dataset directories: deterministic, all or nothing, and what is refused on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from corpus.comparisons import Comparison
from corpus.dataset import Dataset, DatasetWriter
from corpus.dataset import writer as writer_module
from corpus.dataset.schema import JUDGMENTS as JUDGMENTS_TABLE
from corpus.dataset.schema import TABLES, columns_of
from corpus.errors import DatasetError, DatasetExists, RowError
from tests.corpus.example_dataset import (
    ABOUT,
    JUDGMENTS,
    MEMES,
    NOON,
    PLAIN,
    SKIPS,
    STATEMENTS,
    TEMPLATES,
    write_example,
)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    return write_example(tmp_path / "example")


def write_judgments(path: Path, *batches: Mapping[str, Any]) -> None:
    with DatasetWriter(path, **ABOUT) as writer:
        for template in TEMPLATES:
            writer.template(template)
        for batch in batches:
            writer.judgments(batch)


def many(count: int) -> list[Comparison]:
    return [replace(PLAIN, judgment_id=f"j{n:04d}", assignment_id=f"a{n}") for n in range(count)]


def test_single_rows_and_batches_of_any_size_give_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(JUDGMENTS_TABLE, group_rows=8)
    monkeypatch.setattr(writer_module, "TABLES", {**TABLES, "judgments": small})
    rows = many(50)
    hashes = set()
    for number, sizes in enumerate(([50], [1] * 50, [7, 1, 17, 25], [8] * 6 + [2], [])):
        path = tmp_path / str(number)
        with DatasetWriter(path, **ABOUT) as writer:
            for template in TEMPLATES:
                writer.template(template)
            for size in sizes:
                columns = columns_of(JUDGMENTS_TABLE, rows[:size])
                rows = rows[size:] + rows[:size]
                writer.judgments(columns if size % 2 else pa.RecordBatch.from_pydict(columns, small.schema))
            for row in () if sizes else rows:
                writer.judgment(row)
        assert writer.manifest is not None
        hashes.add((writer.manifest.content_hash, (path / "judgments.parquet").read_bytes()))
    assert len(hashes) == 1
    assert pa.parquet.read_metadata(path / "judgments.parquet").num_row_groups == 7


def test_ids_too_many_for_a_parquet_dictionary_give_the_same_bytes_too(tmp_path: Path) -> None:
    """Past a megabyte of different values parquet changes its encoding at a page that depends on the chunks it is given."""
    plain = {name: values * 30_000 for name, values in columns_of(JUDGMENTS_TABLE, [PLAIN]).items()}
    plain["judgment_id"] = [f"{n:040}" for n in range(30_000)]
    written = set()
    for size in (30_000, 777):
        path = tmp_path / str(size)
        batches = [
            {name: values[low : low + size] for name, values in plain.items()}
            for low in range(0, 30_000, size)
        ]
        write_judgments(path, *batches)
        written.add((path / "judgments.parquet").read_bytes())
    assert len(written) == 1


def test_the_hash_ignores_when_it_was_written(tmp_path: Path) -> None:
    paths = [write_example(tmp_path / str(day), created=NOON + timedelta(days=day)) for day in (0, 1)]
    first, second = (Dataset.open(path).manifest for path in paths)
    assert first.created != second.created
    assert first.content_hash == second.content_hash


@pytest.mark.parametrize(
    "change",
    [
        {"filters": {}},
        {"cutoff": NOON + timedelta(microseconds=1)},
        {"licence": "CC0-1.0"},
        {"derived_from": None},
        {"judgments": JUDGMENTS[:3]},
        {"statements": ()},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_hash_changes_with_what_it_names(tmp_path: Path, example: Path, change: dict[str, Any]) -> None:
    other = write_example(tmp_path / "other", **change)
    assert Dataset.open(other).manifest.content_hash != Dataset.open(example).manifest.content_hash


def test_an_aborted_write_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> Iterator[Comparison]:
        yield PLAIN
        assert [path.name[0] for path in tmp_path.iterdir()] == ["."]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_example(tmp_path / "dataset", judgments=interrupted())
    assert list(tmp_path.iterdir()) == []


def test_a_refused_last_row_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RowError, match=r"row 1, propensity = 0\.0"):
        write_example(
            tmp_path / "dataset", judgments=[PLAIN, replace(PLAIN, judgment_id="j9", propensity=0.0)]
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["dataset", "file", "dangling link", "empty folder"])
def test_what_is_already_there_is_not_overwritten(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "there"
    match kind:
        case "dataset":
            write_example(path)
        case "file":
            path.write_text("mine")
        case "dangling link":
            path.symlink_to(tmp_path / "nowhere")
        case "empty folder":
            path.mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DatasetExists):
        write_example(path)
    assert sorted(tmp_path.rglob("*")) == before


def test_what_appears_under_the_name_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    with pytest.raises(DatasetExists), DatasetWriter(tmp_path / "dataset", **ABOUT):
        (tmp_path / "dataset").mkdir()
    assert [path.name for path in tmp_path.iterdir()] == ["dataset"]


BAD_JUDGMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "unknown outcome": ({"outcome": "draw"}, "outcome = 'draw': unknown outcome; known are left, right, tie"),
    "unknown question": ({"question": "wittier"}, "unknown question"),
    "unknown kind": ({"annotator_kind": "robot"}, "unknown annotator_kind"),
    "no outcome": ({"outcome": None}, "must not be null"),
    "propensity zero": ({"propensity": 0.0}, "propensity = 0.0: must lie above 0"),
    "propensity above one": ({"propensity": 1.5}, "propensity = 1.5"),
    "propensity nan": ({"propensity": float("nan")}, "propensity = nan"),
    "weight infinite": ({"weight": float("inf")}, "weight = inf: must be finite"),
    "weight negative": ({"weight": -1.0}, "weight = -1.0"),
    "judged before shown": ({"judged_at": NOON - timedelta(microseconds=1)}, "lies before shown_at"),
    "naive time": ({"shown_at": datetime(2026, 3, 1)}, "is not a time with a zone"),  # noqa: DTZ001 - that is the point
    "half a millisecond": ({"response_ms": 1.5}, "response_ms = 1.5: is not int64"),
    "negative time": ({"response_ms": -1}, "must not be negative"),
    "itself": ({"right_id": "m4"}, "not compared with itself"),
    "unknown template": ({"template_id": "dog"}, "template_id = 'dog': unknown meme template"),
    "relevance unseen": ({"question": "relevant"}, "relevance is asked only when the request is shown"),
    "blank in id": ({"annotator": "ann 1"}, "no blanks"),
    "empty id": ({"pair_id": ""}, "1 to 200 bytes"),
    "long id": ({"pair_id": "p" * 201}, "1 to 200 bytes"),
    "doubled id": ({"judgment_id": "j0000"}, "is doubled"),
    "out of order": ({"judgment_id": "i"}, "comes after 'j0000'"),
    "half a surrogate pair": ({"policy": "\ud800"}, "policy = '\\\\ud800': is not string"),
}


@pytest.mark.parametrize(("changes", "message"), BAD_JUDGMENTS.values(), ids=BAD_JUDGMENTS)
def test_a_bad_judgment_is_refused_by_file_row_and_field(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    columns = columns_of(JUDGMENTS_TABLE, many(3))
    for name, value in changes.items():
        columns[name][1] = value
    with pytest.raises(RowError, match=message) as caught:
        write_judgments(tmp_path / "bad", columns)
    assert (caught.value.file, caught.value.row) == ("judgments.parquet", 1)
    assert caught.value.field in changes
    assert list(tmp_path.iterdir()) == []


def test_rows_are_counted_over_all_batches(tmp_path: Path) -> None:
    rows = many(9)
    with pytest.raises(RowError, match=r"row 5, judgment_id = 'j0004': is doubled") as caught:
        write_judgments(
            tmp_path / "bad", columns_of(JUDGMENTS_TABLE, rows[:5]), columns_of(JUDGMENTS_TABLE, rows[4:])
        )
    assert caught.value.row == 5


def test_a_batch_needs_all_columns_and_no_others(tmp_path: Path) -> None:
    columns = columns_of(JUDGMENTS_TABLE, many(3))
    for changed in ({**columns, "mood": [1] * 3}, {k: v for k, v in columns.items() if k != "weight"}):
        with pytest.raises(DatasetError, match=r"columns: (weight|mood)"):
            write_judgments(tmp_path / "bad", changed)
    with pytest.raises(DatasetError, match="different lengths"):
        write_judgments(tmp_path / "bad", {**columns, "weight": [1.0]})


def meme(**changes: Any) -> dict[str, Any]:
    return {"memes": [replace(MEMES[1], **changes)], "judgments": (), "statements": ()}


def template(**changes: Any) -> dict[str, Any]:
    return {"templates": [replace(TEMPLATES[1], **changes)], "memes": (), "judgments": (), "statements": ()}


BAD_ROWS: dict[str, tuple[dict[str, Any], str]] = {
    "too many texts": (
        meme(texts=("a", "b", "c")),
        "memes.parquet: row 0, texts.*3 texts for a template of 2",
    ),
    "no text": (meme(texts=("", "")), "at least one text"),
    "long text": (meme(texts=("a" * 301, "")), "at most 300 characters"),
    "direction override": (meme(texts=("", "a\u202eb")), "invisible or direction-changing"),
    "null byte": (meme(texts=("a\x00b", "")), "invisible or direction-changing"),
    "a text is null": (meme(texts=(None, "a")), "texts.element"),
    "unknown template": (meme(template_id="dog"), "template_id = 'dog'"),
    "upper case language": (meme(language="zh-Hans"), "language = 'zh-Hans'"),
    "unnamed generator": (meme(origin="generator"), "row 0, generator = None"),
    "half a request": (meme(request=replace(MEMES[0].request, style=None)), "request.style"),  # type: ignore[type-var]  # the example's meme has one
    "no identity": (template(source_id=None), "templates.parquet: 'contest': image_sha256 or source_id"),
    "odd hash": (template(image_sha256="A" * 64), "image_sha256"),
    "no width": (template(width=0), "templates.parquet: row 0, size"),
    "no boxes": (template(boxes=()), "row 0, boxes = 0"),
    "flag without reason": ({"skips": [replace(SKIPS[0], reason=None)]}, "skips.parquet: row 0, reason"),
    "same skip twice": ({"skips": [SKIPS[0], SKIPS[0]]}, "row 1, assignment_id = 'a5': is doubled"),
    "about nothing": (
        {"statements": [replace(STATEMENTS[1], template_id=None)]},
        "one meme or one meme template",
    ),
    "about both": ({"statements": [replace(STATEMENTS[1], meme_id="m1")]}, "one meme or one meme template"),
    "filters": ({"filters": {"x": float("nan")}}, "manifest.json: cannot be written as JSON"),
    "naive cutoff": ({"cutoff": datetime(2026, 3, 1)}, "not a time with a zone"),  # noqa: DTZ001 - that is the point
}


@pytest.mark.parametrize(("rows", "message"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_other_bad_rows_are_refused_too(tmp_path: Path, rows: dict[str, Any], message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        write_example(tmp_path / "bad", **rows)
    assert list(tmp_path.iterdir()) == []
