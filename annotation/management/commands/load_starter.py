"""`manage.py load_starter`: put the starter pack into the database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from rich.progress import track

from annotation.errors import TakenDown
from annotation.models import Meme, MemeTemplate, PracticePair
from annotation.services.memes import Caption, add_memes, add_template
from corpus.texts import texts_key

PACK = settings.ROOT / "starter"


class Command(BaseCommand):
    help = "Put the starter pack into the database; what is there already is left alone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--if-empty",
            action="store_true",
            help="do nothing when it was loaded before, or other meme templates are there",
        )
        parser.add_argument(
            "--only", nargs="*", metavar="SLUG", help="these meme templates of the pack alone"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["if_empty"] and (is_loaded() or holds_other_templates()):
            return
        wanted = options["only"]
        every = sorted(path.parent for path in (PACK / "templates").glob("*/template.json"))
        folders = [folder for folder in every if wanted is None or folder.name in wanted]
        added = known = 0
        loaded: set[str] = set()
        for folder in track(folders, description="Drawing the starter pack", transient=True):
            try:
                taken = add_memes(template=load_template(folder), captions=captions_of(folder))
            except TakenDown as down:
                self.stdout.write(f"Left out: {down}.")
                continue
            added, known = added + len(taken.added), known + taken.known
            loaded.add(folder.name)
        for row in json.loads((PACK / "practice.json").read_text(encoding="utf-8")):
            if row["template"] not in loaded:
                continue
            better, worse = (starter_meme(row["template"], row[side]) for side in ("better", "worse"))
            PracticePair.objects.get_or_create(better=better, worse=worse, defaults={"why": row["why"]})
        self.stdout.write(
            f"Starter pack: {len(loaded)} meme templates, {added} memes added, {known} there already."
        )


def is_loaded() -> bool:
    """Whether the whole pack was loaded once: its practice pairs come last, so an interrupted start goes on with the rest."""
    return PracticePair.objects.filter(better__template__source_id__startswith="starter:").exists()


def holds_other_templates() -> bool:
    """Whether somebody brought meme templates of their own."""
    return MemeTemplate.objects.exclude(source_id__startswith="starter:").exists()


def load_template(folder: Path) -> MemeTemplate:
    """Take in one template of the pack."""
    facts = json.loads((folder / "template.json").read_text(encoding="utf-8"))
    return add_template(
        slug=folder.name,
        name=facts["name"],
        picture=(folder / "picture.png").read_bytes(),
        boxes=facts["boxes"],
        language=facts["language"],
        source=facts["source"],
        licence=facts["licence"],
        source_id=f"starter:{folder.name}",
    )


def captions_of(folder: Path) -> list[Caption]:
    """The captions of one template of the pack."""
    lines = (folder / "captions.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        Caption(texts=json.loads(line)["texts"], source_id=f"starter:{folder.name}:{number}")
        for number, line in enumerate(lines)
    ]


def starter_meme(slug: str, index: int) -> Meme:
    """The meme made from one caption of the pack."""
    caption = captions_of(PACK / "templates" / slug)[index]
    return Meme.objects.get(template__slug=slug, texts_key=texts_key(caption.texts))
