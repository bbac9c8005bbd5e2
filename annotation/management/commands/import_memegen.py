"""`manage.py import_memegen DIR`: meme templates from a memegen checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from annotation.importing.command import ImportCommand, progress_bar
from annotation.importing.memegen import import_memegen


class Command(ImportCommand):
    help = "Take in the meme templates of a memegen checkout: templates/<id>/config.yml and a picture (docs/importing.md)."

    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        parser.add_argument("directory", type=Path)
        parser.add_argument(
            "--examples", action="store_true", help="the caption each is shown with there as a meme, too"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["directory"]
        with self.reported(folder, options) as report, progress_bar("Meme templates") as progress:
            import_memegen(folder=folder, report=report, examples=options["examples"], progress=progress)
