"""docs/dataset.md and the code say the same, and what is written is what is read."""

from __future__ import annotations

import re
import shutil
from dataclasses import fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.dataset import Dataset, Manifest
from corpus.dataset.schema import BOX, REQUEST, RESPONSE, TABLES, WHEN, Table
from corpus.errors import TextError
from corpus.memes import Meme
from corpus.texts import MAX_CHARACTERS, clean_texts
from tests.corpus.example_dataset import (
    DRAWN,
    JUDGMENTS,
    MEMES,
    NOON,
    PICTURE,
    SKIPS,
    STATEMENTS,
    TEMPLATES,
    write_example,
)

PAGE = Path(__file__).parents[2] / "docs" / "dataset.md"
STRUCTS = {"box": BOX, "request": REQUEST, "response": RESPONSE}
CHOICES = ("outcome", "question", "annotator_kind", "origin", "part", "kind")


def documented(heading: str) -> list[tuple[str, ...]]:
    """The rows of the table under a heading: cells without their bold."""
    section = re.split(r"^##+ ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    body = next(text for text in section if text.splitlines()[0] == heading)
    lines = [line for line in body.splitlines() if line.startswith("| ")][1:]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]


def type_name(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {type_name(kind.value_type)}"
    names = {str(struct): name for name, struct in STRUCTS.items()} | {str(WHEN): "time", "double": "float64"}
    return names.get(str(kind), str(kind))


def in_code(columns: list[pa.Field]) -> list[tuple[str, str, str]]:
    return [(column.name, type_name(column.type), "yes" if column.nullable else "no") for column in columns]


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_the_page_lists_every_column_with_its_type_and_nulls(table: Table) -> None:
    rows = documented(table.file)
    assert [(row[0].strip("*"), *row[1:3]) for row in rows] == in_code(list(table.schema))
    assert tuple(row[0].strip("*") for row in rows if row[0].startswith("**")) == table.key
    assert all(row[3] for row in rows)


@pytest.mark.parametrize("name", STRUCTS)
def test_the_page_lists_every_field_of_a_struct(name: str) -> None:
    assert [row[:3] for row in documented(name)] == in_code(list(STRUCTS[name]))


def test_the_page_lists_every_key_of_the_manifest() -> None:
    assert [row[0] for row in documented("manifest.json")] == [field.name for field in fields(Manifest)]


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_the_page_names_every_value_of_a_choice(table: Table) -> None:
    meaning = {row[0].strip("*"): row[3] for row in documented(table.file)}
    assert set(table.choices) <= set(CHOICES)
    for name, choices in table.choices.items():
        assert set(re.findall(r"`(\w+)`", meaning[name])) == {choice.value for choice in choices}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_row_has_a_field_for_every_column(table: Table) -> None:
    assert isinstance(table.row, type)
    assert [field.name for field in fields(table.row)] == [
        name for name in table.schema.names if name not in table.derived
    ]


def test_every_field_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    dataset = Dataset.open(write_example(tmp_path / "example"))
    read = tuple(dataset.templates())
    assert tuple(replace(row, image=None) for row in read) == TEMPLATES
    assert [row.image for row in read] == [f"images/{TEMPLATES[0].image_sha256}.jpg", None]
    assert tuple(dataset.memes()) == MEMES
    assert tuple(dataset.judgments()) == JUDGMENTS
    assert tuple(dataset.skips()) == SKIPS
    assert tuple(dataset.statements()) == STATEMENTS
    assert [dataset.picture(row.template_id) for row in read] == [PICTURE, None]
    assert list(dataset.drawn()) == [("m1", DRAWN)]
    assert dataset.template("contest").part is dataset.part("contest")
    manifest = dataset.manifest
    assert (manifest.cutoff, manifest.filters["min_judgments"], manifest.derived_from) == (NOON, 3, "ab" * 32)
    assert manifest.counts == {"templates": 2, "memes": 5, "judgments": 4, "skips": 3, "statements": 2}


def test_the_example_gives_every_field_and_every_null() -> None:
    """Else the round trip above would prove little."""
    rows = {
        "templates": TEMPLATES,
        "memes": MEMES,
        "judgments": JUDGMENTS,
        "skips": SKIPS,
        "statements": STATEMENTS,
    }
    for name, table in TABLES.items():
        for field in fields(table.row):  # type: ignore[arg-type]  # every row is a dataclass
            values = [getattr(row, field.name) for row in rows[name]]
            if field.name != "image":
                assert len(set(values)) > 1, f"{name}.{field.name} never changes"
                assert (None in values) == table.schema.field(field.name).nullable, f"{name}.{field.name}"


def test_a_dataset_of_nothing_is_a_dataset(tmp_path: Path) -> None:
    path = write_example(tmp_path / "empty", templates=(), memes=(), judgments=(), skips=(), statements=())
    dataset = Dataset.open(path)
    assert not [*dataset.templates(), *dataset.memes(), *dataset.judgments(), *dataset.skips()]
    assert {path.name for path in dataset.path.iterdir()} == {
        *("manifest.json", "templates.parquet", "memes.parquet", "judgments.parquet", "skips.parquet")
    }


@pytest.mark.parametrize("number", [0, 1])
def test_the_examples_of_the_page_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    from corpus.synthetic import synthetic_world

    synthetic_world(templates=16, memes_per_template=4, picture_size=None).write(tmp_path / "my-dataset", 60)
    monkeypatch.chdir(tmp_path)
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(code) == 2
    exec(code[number], {})  # noqa: S102 - the page's own examples
    assert "left" in capsys.readouterr().out


HOSTILE = st.one_of(
    st.text(max_size=MAX_CHARACTERS),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            "<|im_end|><|image_pad|>",
            "שלום ‮cba",
            "مرحبا",
            "a\x00b",
            "👩‍👩‍👧‍👦🏳️‍🌈",
            "=HYPERLINK(1)",
            "ﷺ" * MAX_CHARACTERS,
            "x" * MAX_CHARACTERS,
            "\n\n",
            "null",
            "'; DROP TABLE memes; --",
        ]
    ),
)


@given(texts=st.lists(st.tuples(HOSTILE, HOSTILE), min_size=1, max_size=8), reasoning=st.none() | HOSTILE)
@settings(max_examples=40, deadline=None)
def test_hostile_captions_come_back_as_they_were_cleaned(
    texts: list[tuple[str, str]], reasoning: str | None
) -> None:
    memes: list[Meme] = []
    for pair in texts:
        try:
            cleaned = clean_texts(pair, 2)
        except TextError:
            continue  # nothing readable was left
        memes.append(
            Meme(
                meme_id=f"m{len(memes)}",
                template_id="cat",
                language="en",
                texts=cleaned,
                reasoning=reasoning,
            )
        )
    with TemporaryDirectory() as folder:
        path = write_example(Path(folder) / "d", memes=memes, judgments=(), statements=())
        assert list(Dataset.open(path).memes()) == memes
        shutil.rmtree(path)
