"""A small dataset in which every field is once given and, where it may be, once null; and ways to break it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from corpus.comparisons import AnnotatorKind, Comparison, Outcome, Question
from corpus.dataset import DatasetWriter, Response, SkipKind, SkipRow, StatementRow, TemplateRow
from corpus.dataset.manifest import content_hash
from corpus.memes import Align, Case, Meme, Origin, TextBox, UserRequest

NOON = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
PICTURE = b"\x89PNG not really, but a dataset does not look inside"
DRAWN = b"RIFF not really either"
ABOUT: dict[str, Any] = {
    "name": "example",
    "filters": {"campaign": "spring", "min_judgments": 3},
    "cutoff": NOON,
    "licence": "CC-BY-4.0",
    "renderer_version": "1",
    "derived_from": "ab" * 32,
}
PLAIN_BOX = TextBox(x=0.0, y=0.0, w=1.0, h=0.25)
TEMPLATES = (
    TemplateRow(
        template_id="cat",
        name="Cat <b>",
        language="en",
        width=640,
        height=480,
        boxes=(
            PLAIN_BOX,
            TextBox(
                x=0.125,
                y=0.5,
                w=0.5,
                h=0.375,
                angle=-12.5,
                case=Case.AS_WRITTEN,
                align=Align.RIGHT,
                font="anton",
                colour="#00ff7f",
                outline=None,
            ),
        ),
        image_sha256=hashlib.sha256(PICTURE).hexdigest(),
        source="a photographer",
        licence="CC0-1.0",
    ),
    TemplateRow(
        template_id="contest",
        name="",
        language="zh-hans",
        width=1,
        height=1,
        boxes=(PLAIN_BOX,),
        source="caption_contest",
        source_id="caption_contest/510",
        licence="",
    ),
)
REQUEST = UserRequest(
    emotion="joy", intensity="high", intention="tease", scene="office", style="dry", keywords=("cat", "猫")
)
MEMES = (
    Meme(
        meme_id="m1",
        template_id="cat",
        language="en",
        texts=("<|image_pad|>", ""),
        origin=Origin.GENERATOR,
        generator="generator-3",
        request=REQUEST,
        reasoning="A cat\nat work.",
        source_id="x/1",
    ),
    Meme(meme_id="m2", template_id="cat", language="en", texts=("", "=1+1"), request=REQUEST),
    Meme(meme_id="m3", template_id="contest", language="zh-hans", texts=("你好",), origin=Origin.IMPORT),
    Meme(meme_id="m4", template_id="contest", language="zh-hans", texts=("再见",)),
    Meme(meme_id="m5", template_id="contest", language="en", texts=("bye",)),
)
PLAIN = Comparison(
    judgment_id="j2",
    pair_id="p2",
    assignment_id="a2",
    template_id="contest",
    left_id="m4",
    right_id="m3",
    outcome=Outcome.BOTH_BAD,
    annotator="ann-2",
    shown_at=NOON,
    judged_at=NOON,
    policy="balanced",
    policy_version=0,
    propensity=1.0,
)
JUDGMENTS = (
    Comparison(
        judgment_id="j1",
        pair_id="p1",
        assignment_id="a1",
        template_id="cat",
        left_id="m2",
        right_id="m1",
        outcome=Outcome.LEFT,
        question=Question.RELEVANT,
        request_shown=True,
        annotator="ann-1",
        annotator_kind=AnnotatorKind.JUDGE,
        response_ms=1_250,
        shown_at=NOON - timedelta(seconds=3),
        judged_at=NOON - timedelta(microseconds=1),
        policy="mixed",
        policy_version=2,
        propensity=0.015625,
        is_gold=True,
        repeat_of="j0",
        surplus=True,
        weight=0.5,
    ),
    PLAIN,
    replace(PLAIN, judgment_id="j3", assignment_id="a3", outcome=Outcome.TIE),
    replace(PLAIN, judgment_id="j4", assignment_id="a4", annotator_kind=AnnotatorKind.SIMULATED),
)
SKIPS = (
    SkipRow(
        assignment_id="a5", pair_id="p1", annotator="ann-1", kind=SkipKind.FLAG, reason="broken", at=NOON
    ),
    SkipRow(assignment_id="a5", pair_id="p1", annotator="ann-1", kind=SkipKind.SKIP, at=NOON),
    SkipRow(
        assignment_id="a6",
        pair_id="p2",
        annotator="ann-2",
        kind=SkipKind.SKIP,
        at=NOON + timedelta(hours=1),
    ),
)
STATEMENTS = (
    StatementRow(
        statement_id="s1",
        meme_id="m1",
        text="The cat works.",
        answer=False,
        responses=(Response(annotator="ann-1", answer=True, at=NOON),),
    ),
    StatementRow(statement_id="s2", template_id="cat", text="This is a cat."),
)


def write_example(
    path: Path,
    *,
    templates: Iterable[TemplateRow] = TEMPLATES,
    memes: Iterable[Meme] = MEMES,
    judgments: Iterable[Comparison] = JUDGMENTS,
    skips: Iterable[SkipRow] = SKIPS,
    statements: Iterable[StatementRow] = STATEMENTS,
    **about: object,
) -> Path:
    """Write the example, or other rows in its place."""
    with DatasetWriter(path, **{**ABOUT, **about}) as writer:
        for template in templates:
            writer.template(template, PICTURE if template.image_sha256 else None, "jpg")
        for meme in memes:
            writer.meme(meme, DRAWN if meme.meme_id == "m1" else None, "webp")
        for judgment in judgments:
            writer.judgment(judgment)
        for skip in skips:
            writer.skip(skip)
        for statement in statements:
            writer.statement(statement)
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Forger:
    """Changes a dataset and seals it again, as somebody would who knows the format: every hash fits."""

    path: Path

    def manifest(self, change: Callable[[dict[str, Any]], object]) -> None:
        file = self.path / "manifest.json"
        data = json.loads(file.read_text())
        change(data)
        file.write_text(json.dumps(data | {"content_hash": content_hash(data)}))

    def table(self, name: str, change: Callable[[pa.Table], pa.Table], **options: Any) -> None:
        file = self.path / f"{name}.parquet"
        pq.write_table(change(pq.read_table(file)), file, **options)
        self.seal(file.name)

    def value(self, table: str, row: int, column: str, value: object) -> None:
        def change(old: pa.Table) -> pa.Table:
            rows = old.to_pylist()
            rows[row][column] = value
            return pa.Table.from_pylist(rows, schema=old.schema)

        self.table(table, change)

    def seal(self, name: str) -> None:
        content = (self.path / name).read_bytes()
        entry = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        self.manifest(lambda data: data["files"].update({name: entry}))
