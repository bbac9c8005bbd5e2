"""Captions in the layout of ImgFlip575K, on meme templates that are here already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path

from annotation.importing.captions import take_captions
from annotation.importing.progress import Progress
from annotation.importing.report import Report
from annotation.models import MemeTemplate
from corpus.sources.found import FoundCaption, Kind, Refusal, Refused
from corpus.sources.imgflip import (
    ARRANGEMENTS,
    Arrangements,
    ImgflipTemplate,
    NamedTemplate,
    place,
    plain_name,
    read_posts,
    template_files,
)


def import_imgflip(
    *,
    folder: Path,
    names: Mapping[str, NamedTemplate],
    report: Report,
    drawn_by: Executor | None = None,
    progress: Progress,
) -> None:
    """Take in the captions whose meme template is here and whose place in its boxes is plain.

    `progress` is told how many files are done of how many, and which is next. Raises `Refused` for a folder of another layout.
    """
    files, known, seen = template_files(folder), _Known.now(), set[str]()
    for done, path in enumerate(files):
        progress(done, len(files), path.stem)
        found = read_posts(path, folder, seen)
        if isinstance(found, Refusal):
            report.refuse(found)
            continue
        report.refusals += found.refusals
        try:
            template = known.template(found, names.get(found.name))
        except Refused as refused:
            report.refuse(refused.at(found.file, count=len(found.captions)))
            continue
        placed = list(_placed(found, template, names.get(found.name), report))
        if placed:
            within = _Within(progress, files_done=done, files=len(files), captions=len(placed))
            take_captions(template, placed, report, drawn_by=drawn_by, progress=within)
    progress(len(files), len(files))


@dataclass(frozen=True, slots=True)
class _Within:
    """How far a file is, as a share of all files."""

    progress: Progress
    files_done: int
    files: int
    captions: int

    def __call__(self, done: float, total: int | None = None, what: str = "") -> None:
        self.progress(self.files_done + done / self.captions, self.files)


def _placed(
    found: ImgflipTemplate, template: MemeTemplate, named: NamedTemplate | None, report: Report
) -> Iterator[FoundCaption]:
    """The captions with a text per box of the meme template; the others are noted."""
    arrangements: Arrangements = ARRANGEMENTS.get((found.name, template.source_id), {})
    arrangements = {**arrangements, **(named.arrangements if named else {})}
    for note in _notes(len(template.boxes), found.boxes, arrangements):
        report.note(found.file, note)
    for caption in found.captions:
        try:
            texts_of = place(caption.texts, len(template.boxes), found.boxes, arrangements)
        except Refused as refused:
            report.refuse(refused.at(found.file, caption.row))
            continue
        yield replace(caption, texts=texts_of)


def _notes(boxes: int, usual: int, arrangements: Arrangements) -> Iterator[str]:
    """What a reader of the report should know of how texts came into boxes."""
    for texts, arrangement in sorted(arrangements.items()):
        if arrangement != tuple(range(boxes)):
            order = ", ".join("–" if number is None else str(number + 1) for number in arrangement)
            yield f"of {texts} texts the boxes take those numbered {order}"
    if boxes == usual >= 3 and boxes not in arrangements:
        yield f"its {boxes} texts stand in imgflip's order: look whether it is that of the boxes, else say so in a names file"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """The meme templates here, by what a source may call them."""

    by_id: Mapping[str, MemeTemplate]  # memegen's id, or our slug where memegen has none of that name
    by_name: Mapping[str, list[MemeTemplate]]

    @classmethod
    def now(cls) -> _Known:
        templates = list(MemeTemplate.objects.order_by("pk"))
        slugs = {template.slug: template for template in templates}
        memegen = {
            template.source_id.removeprefix("memegen:"): template
            for template in templates
            if template.source_id.startswith("memegen:")
        }
        by_name: dict[str, list[MemeTemplate]] = defaultdict(list)
        for template in templates:
            for name in {plain_name(template.name), plain_name(template.slug)} - {""}:
                by_name[name].append(template)
        return cls(by_id=slugs | memegen, by_name=by_name)

    def template(self, found: ImgflipTemplate, named: NamedTemplate | None) -> MemeTemplate:
        """The meme template of imgflip's. Raises `Refused` when there is none, or more than one of that name."""
        if named:
            if template := self.by_id.get(named.slug):
                return template
            reason = f"the names file says {named.slug!r}, and no meme template has that slug"
            raise Refused(Kind.NO_TEMPLATE, reason, field="template")
        for name in (found.name, *found.other_names):
            match self.by_name.get(plain_name(name), []):
                case [template]:
                    return template
                case [_, *_]:
                    reason = f"several meme templates are called {name!r}; say which one in a names file"
                    raise Refused(Kind.NO_TEMPLATE, reason, field="template")
        reason = "no meme template of this name; bring one, or say its slug in a names file"
        raise Refused(Kind.NO_TEMPLATE, reason, field="template")
