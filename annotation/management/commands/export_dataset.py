"""`manage.py export_dataset DIR`: write a dataset directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import Progress, SpinnerColumn, TextColumn

from annotation.export import Filters, export_dataset
from annotation.models import User
from corpus.errors import DatasetError


class Command(BaseCommand):
    help = "Write what people said as a dataset directory (docs/dataset.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path)
        parser.add_argument("--simulated", action="store_true", help="simulated annotators as well")
        parser.add_argument("--judges", action="store_true", help="programs that judge as well")
        parser.add_argument(
            "--scope", default="public", help="pseudonyms are the same within one scope (default: public)"
        )
        parser.add_argument(
            "--drawn", action="store_true", help="pack the drawn memes, not only the template pictures"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        kinds = [User.Kind.PERSON.value] + [User.Kind.SIMULATED.value] * options["simulated"]
        kinds += [User.Kind.JUDGE.value] * options["judges"]
        filters = Filters(kinds=tuple(kinds), pseudonym_scope=options["scope"], drawn_memes=options["drawn"])
        bar = Progress(SpinnerColumn(), TextColumn("{task.completed} judgments"), transient=True)
        with bar:
            task = bar.add_task("", total=None)
            try:
                manifest = export_dataset(
                    path=options["directory"],
                    filters=filters,
                    progress=lambda done: bar.update(task, completed=done),
                )
            except (DatasetError, OSError) as error:
                raise CommandError(str(error)) from error
        counts = ", ".join(f"{count} {name}" for name, count in manifest.counts.items() if count)
        self.stdout.write(f"{options['directory']}: {counts}\ncontent hash {manifest.content_hash}")
