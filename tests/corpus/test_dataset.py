"""Reading dataset directories: what is refused, what is divided, what is left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from corpus.dataset import Dataset, TemplateRow, captions_on_both_sides
from corpus.errors import CorpusError, DamagedFile, DatasetError, DatasetExists, RowError, UnknownVersion
from corpus.memes import Meme, Part, TextBox, part_of
from tests.corpus.example_dataset import (
    JUDGMENTS,
    MEMES,
    PLAIN,
    TEMPLATES,
    Forger,
    write_example,
)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    return write_example(tmp_path / "example")


FORGED: dict[str, tuple[str, int, str, object, str]] = {
    "meme missing": ("judgments", 1, "right_id", "m9", "row 1, right_id = 'm9': unknown meme"),
    "meme of another template": ("judgments", 2, "left_id", "m1", "row 2, left_id = 'm1': .*crosses groups"),
    "meme of another language": (
        "judgments",
        1,
        "right_id",
        "m5",
        "row 1, right_id = 'm5': .*differ in language",
    ),
    "another request": ("memes", 1, "request", None, "judgments.parquet: row 0, right_id.*request was shown"),
    "unknown outcome": ("judgments", 3, "outcome", "LEFT", "row 3, outcome = 'LEFT': unknown outcome"),
    "unknown origin": ("memes", 0, "origin", "alien", "row 0, origin = 'alien'"),
    "unknown part": ("templates", 1, "part", "holdout", "row 1, part = 'holdout'"),
    "wrong part": ("templates", 1, "part", "train", "row 1, part = 'train': .*belongs to tune by its hash"),
    "unknown skip kind": ("skips", 0, "kind", "sulk", "row 0, kind = 'sulk'"),
    "doubled meme": ("memes", 1, "meme_id", "m1", "memes.parquet: row 1, meme_id = 'm1': is doubled"),
    "picture elsewhere": ("templates", 0, "image", "../../secret.png", "row 0, image = '../../secret.png'"),
    "picture missing": ("templates", 0, "image", f"images/{'0' * 64}.png", "row 0, image = .*is missing"),
    "drawing missing": ("memes", 1, "drawn", f"images/{'0' * 64}.png", "row 1, drawn = .*is missing"),
    "broken box": ("templates", 0, "boxes", [], "row 0, boxes = 0"),
    "statement of no meme": ("statements", 0, "meme_id", "m9", "row 0, meme_id = 'm9': unknown meme"),
}


@pytest.mark.parametrize(("table", "row", "column", "value", "message"), FORGED.values(), ids=FORGED)
def test_a_row_that_breaks_the_contract_is_refused_though_every_hash_fits(
    example: Path, table: str, row: int, column: str, value: object, message: str
) -> None:
    Forger(path=example).value(table, row, column, value)
    with pytest.raises(RowError, match=message):
        Dataset.open(example)


def test_a_time_that_python_cannot_hold_is_refused(example: Path) -> None:
    far = pa.array([2**62] * len(JUDGMENTS)).cast(pa.timestamp("us", "UTC"))
    Forger(path=example).table("judgments", lambda old: old.set_column(13, old.schema.field(13), far))
    with pytest.raises(RowError, match="row 0, judged_at"):
        Dataset.open(example)


def test_a_text_that_is_not_utf8_is_refused(example: Path) -> None:
    broken = pa.array([b"\xff"] * len(JUDGMENTS)).view(pa.string())
    Forger(path=example).table("judgments", lambda old: old.set_column(1, old.schema.field(1), broken))
    with pytest.raises(DatasetError, match=r"judgments\.parquet"):
        Dataset.open(example)


def test_a_changed_byte_is_refused_by_the_file_s_name(example: Path) -> None:
    files = [path for path in sorted(example.rglob("*")) if path.is_file()]
    assert len(files) == 8
    for file in files:
        content = file.read_bytes()
        at = content.index(b"licence") + 12 if file.suffix == ".json" else len(content) // 2
        file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(DatasetError, match=file.name) as caught:
            Dataset.open(example)
        assert caught.value.file is not None
        file.write_bytes(content)
    Dataset.open(example)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def link(path: Path) -> None:
    path.rename(path.parent.parent / "elsewhere")
    path.symlink_to(path.parent.parent / "elsewhere")


DAMAGE: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "missing": ("skips.parquet", Path.unlink, "skips.parquet: is missing"),
    "truncated": ("memes.parquet", cut, "memes.parquet: has .* bytes, the manifest says"),
    "unlisted": ("notes.txt", Path.touch, "notes.txt: is not in the manifest"),
    "unlisted below": ("images/.hidden", Path.touch, "images/.hidden: is not in the manifest"),
    "linked": ("memes.parquet", link, "memes.parquet: is a symbolic link"),
    "linked folder": ("images", link, "images: is a symbolic link"),
    "linked manifest": ("manifest.json", link, "manifest.json: is a symbolic link"),
    "no manifest": ("manifest.json", Path.unlink, "manifest.json: cannot be read"),
    "no json": ("manifest.json", lambda path: path.write_text("{"), "manifest.json: is not JSON"),
    "deep json": ("manifest.json", lambda path: path.write_text("[" * 10**5), "manifest.json: is not JSON"),
    "not ours": ("manifest.json", lambda path: path.write_text("[]"), "format: this is not"),
}


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize(("name", "damage", "message"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_directory_is_refused(
    example: Path, name: str, damage: Callable[[Path], object], message: str, verify: bool
) -> None:
    damage(example / name)
    with pytest.raises(DatasetError, match=message):
        Dataset.open(example, verify=verify)


MANIFESTS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "major": (lambda data: data.update(version="2.0"), "version = '2.0': this code reads version 1.x"),
    "no version": (lambda data: data.update(version=None), "version = None"),
    "unknown key": (lambda data: data.update(mood="good"), "mood: this field is missing or unknown"),
    "missing key": (lambda data: data.pop("filters"), "filters: this field is missing"),
    "wrong type": (lambda data: data.update(counts=[1]), "counts"),
    "bool count": (lambda data: data["counts"].update(memes=True), "counts"),
    "wrong count": (
        lambda data: data["counts"].update(memes=9),
        "memes.parquet: has 5 rows, the manifest says 9",
    ),
    "wrong part": (lambda data: data["parts"]["tune"].update(memes=9), "manifest.json: parts"),
    "naive time": (lambda data: data.update(cutoff="2026-03-01T00:00:00"), "cutoff"),
    "outside": (
        lambda data: data["files"].update({"../x.parquet": {"sha256": "0" * 64, "bytes": 0}}),
        "files: '../x.parquet' is not a file of a dataset",
    ),
    "absolute": (
        lambda data: data["files"].update({"/etc/passwd": {"sha256": "0" * 64, "bytes": 0}}),
        "files: '/etc/passwd'",
    ),
    "picture of another name": (
        lambda data: data["files"].update({f"images/{'0' * 64}.png": {"sha256": "1" * 64, "bytes": 0}}),
        "not named by its own sha256",
    ),
    "table left out": (
        lambda data: data["files"].pop("skips.parquet"),
        "skips.parquet: is not in the manifest",
    ),
}


@pytest.mark.parametrize(("change", "message"), MANIFESTS.values(), ids=MANIFESTS)
def test_a_manifest_that_says_something_else_is_refused(
    example: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    Forger(path=example).manifest(change)
    with pytest.raises(DatasetError, match=message):
        Dataset.open(example)


def test_an_unknown_major_version_has_an_error_of_its_own(example: Path) -> None:
    Forger(path=example).manifest(lambda data: data.update(version="10.0"))
    with pytest.raises(UnknownVersion) as caught:
        Dataset.open(example)
    assert caught.value.version == "10.0"


def test_an_edited_manifest_is_refused(example: Path) -> None:
    file = example / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"licence": "mine"}))
    with pytest.raises(DatasetError, match="content_hash"):
        Dataset.open(example)


def with_mood(old: pa.Table) -> pa.Table:
    return old.add_column(0, "mood", pa.array(["good"] * len(old)))


def test_an_unknown_column_is_refused_but_ignored_in_a_newer_minor_version(example: Path) -> None:
    forger = Forger(path=example)
    forger.table("memes", with_mood)
    with pytest.raises(DatasetError, match=r"memes\.parquet: mood: unknown column"):
        Dataset.open(example)
    forger.manifest(lambda data: data.update(version="1.7", mood="good"))
    assert tuple(Dataset.open(example).memes()) == MEMES


def test_a_missing_column_and_another_type_are_refused(example: Path) -> None:
    forger = Forger(path=example)
    forger.table("skips", lambda old: old.drop_columns("reason"))
    with pytest.raises(DatasetError, match=r"skips\.parquet: reason: this column is missing"):
        Dataset.open(example)
    forger.table("skips", lambda old: old.append_column("reason", pa.array([1, 2, 3])))
    with pytest.raises(DatasetError, match=r"skips\.parquet: reason: is int64, must be string"):
        Dataset.open(example)


def test_files_of_a_writer_that_promises_nothing_about_nulls_are_read(example: Path) -> None:
    def loosen(old: pa.Table) -> pa.Table:
        return old.cast(pa.schema([field.with_nullable(True) for field in old.schema]))

    Forger(path=example).table("judgments", loosen, store_schema=False)
    assert tuple(Dataset.open(example).judgments()) == JUDGMENTS


def test_a_file_that_is_no_parquet_is_refused_even_unverified(example: Path) -> None:
    file = example / "judgments.parquet"
    file.write_bytes(b"x" * file.stat().st_size)
    with pytest.raises(DamagedFile, match=r"judgments\.parquet: is not a parquet file"):
        list(Dataset.open(example, verify=False).judgments())


def text_only(name: str) -> TemplateRow:
    return replace(TEMPLATES[1], template_id=name.replace("/", "-"), source_id=name, language="en")


def parted(tmp_path: Path) -> Dataset:
    """Forty text-only templates with two memes and a judgment each; the first meme of each test template is copied."""
    templates = sorted((text_only(f"s/{n:02}") for n in range(40)), key=lambda row: row.template_id)
    memes: list[Meme] = []
    judgments = []
    for row in templates:
        held_out = row.part is not Part.TRAIN
        texts = "Shared  Caption" if held_out else "shared caption"
        for suffix, text in (("a", texts), ("b", f"only {row.template_id}")):
            memes.append(
                Meme(
                    meme_id=f"{row.template_id}-{suffix}",
                    template_id=row.template_id,
                    language="en",
                    texts=(text,),
                )
            )
        judgments.append(
            replace(
                PLAIN,
                judgment_id=f"j-{row.template_id}",
                template_id=row.template_id,
                left_id=f"{row.template_id}-b",
                right_id=f"{row.template_id}-a",
            )
        )
    return Dataset.open(
        write_example(
            tmp_path / "parted",
            templates=templates,
            memes=memes,
            judgments=judgments,
            skips=(),
            statements=(),
        )
    )


def test_the_parts_divide_every_table_and_are_counted(tmp_path: Path) -> None:
    dataset = parted(tmp_path)
    everything = set(dataset.judgments())
    divided = [set(dataset.judgments(part)) for part in Part]
    assert set.union(*divided) == everything
    assert sum(map(len, divided)) == len(everything) == 40
    for part, judgments in zip(Part, divided, strict=True):
        assert judgments
        assert {dataset.part(judgment.template_id) for judgment in judgments} == {part}
        counts = dataset.manifest.parts[part]
        assert counts == {
            "templates": len(judgments),
            "memes": 2 * len(judgments),
            "judgments": len(judgments),
        }
        assert len(list(dataset.templates(part))) == len(judgments)
        assert len(list(dataset.memes(part))) == 2 * len(judgments)


def test_a_salt_makes_another_split(tmp_path: Path) -> None:
    dataset = parted(tmp_path)
    salted = Dataset.open(dataset.path, salt="2")
    parts = {row.template_id: salted.part(row.template_id) for row in dataset.templates()}
    assert parts == {row.template_id: part_of(row.identity, "2") for row in dataset.templates()}
    assert any(row.part is not parts[row.template_id] for row in dataset.templates())


def test_a_caption_on_both_sides_leaves_training_only(tmp_path: Path) -> None:
    dataset = parted(tmp_path)
    shared = captions_on_both_sides(dataset)
    train = {meme.meme_id for meme in dataset.memes(Part.TRAIN)}
    assert shared == {meme_id for meme_id in train if meme_id.endswith("a")}
    left = {meme.meme_id for meme in dataset.memes(Part.TRAIN, without=shared)}
    assert left == train - shared
    assert list(dataset.judgments(Part.TRAIN, without=shared)) == []
    assert set(dataset.judgments(Part.TEST, without=shared)) == set(dataset.judgments(Part.TEST))


def test_skips_have_no_part(example: Path) -> None:
    with pytest.raises(ValueError, match="skips are not divided"):
        list(Dataset.open(example).batches("skips", Part.TRAIN))


def test_errors_are_the_standard_errors_they_refine() -> None:
    assert issubclass(DatasetError, ValueError)
    assert issubclass(DatasetExists, FileExistsError)
    assert issubclass(DatasetExists, CorpusError)
    error = RowError(file="memes.parquet", row=3, field="texts", value="x" * 500, reason="is long")
    assert str(error).startswith("memes.parquet: row 3, texts = 'xxx")
    assert len(str(error)) < 150


def test_a_box_keeps_its_numbers_exactly(tmp_path: Path) -> None:
    box = TextBox(x=0.1, y=0.2, w=1 / 3, h=0.7, angle=1e-9)
    path = write_example(
        tmp_path / "d", templates=[replace(TEMPLATES[1], boxes=(box,))], memes=(), judgments=(), statements=()
    )
    assert next(Dataset.open(path).templates()).boxes == (box,)
