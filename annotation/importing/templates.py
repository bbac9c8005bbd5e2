"""A meme template that a source brings along."""

from __future__ import annotations

import hashlib

from django.core.exceptions import ValidationError

from annotation.errors import TakenDown
from annotation.importing.report import Report
from annotation.models import MemeTemplate
from annotation.services.memes import add_template
from corpus.errors import LayoutError, PictureError
from corpus.sources.found import FoundTemplate, Kind, Refusal


def take_template(found: FoundTemplate, report: Report) -> MemeTemplate | None:
    """Store a meme template, or find it by its picture; None, and noted, when it cannot be taken in."""
    sha256 = found.original_sha256 or hashlib.sha256(found.picture).hexdigest()
    is_known = MemeTemplate.objects.filter(picture_sha256=sha256).exists()
    try:
        template = add_template(
            slug=found.slug,
            name=found.name,
            picture=found.picture,
            boxes=[box.to_json() for box in found.boxes],
            language=found.language,
            source=found.source,
            licence=found.licence,
            source_id=found.source_id,
            original_sha256=found.original_sha256,
        )
    except TakenDown:
        reason = "this picture was taken down and cannot come back"
        report.refuse(_refusal(found, Kind.TAKEN_DOWN, "picture", reason))
        return None
    except PictureError as error:
        report.refuse(_refusal(found, Kind.PICTURE, "picture", error.reason))
        return None
    except LayoutError as error:
        report.refuse(_refusal(found, Kind.FIELD, error.field, error.reason))
        return None
    except ValidationError as error:
        name, reasons = next(iter(error.message_dict.items()))
        report.refuse(_refusal(found, Kind.FIELD, name, " ".join(reasons)))
        return None
    _count(found, template, report, is_known=is_known)
    return template


def _count(found: FoundTemplate, template: MemeTemplate, report: Report, *, is_known: bool) -> None:
    if is_known:
        report.templates_known += 1
        if template.source_id != found.source_id:
            report.note(
                found.file, f"the same picture as the meme template {template.slug!r}, which it becomes"
            )
        return
    report.templates += 1
    for note in found.notes:
        report.note(found.file, note)
    if template.slug != found.slug:
        report.note(found.file, f"{found.slug!r} is another meme template; this one became {template.slug!r}")


def _refusal(found: FoundTemplate, kind: Kind, field: str, reason: str) -> Refusal:
    return Refusal(kind=kind, file=found.file, row=found.row, field=field, reason=reason, is_template=True)
