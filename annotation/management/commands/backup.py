"""`manage.py backup FILE`: the database and the pictures in one file, while people judge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import filesizeformat

from annotation.backup.writing import make_backup
from annotation.errors import AnnotationError
from annotation.management.progress import stages


class Command(BaseCommand):
    help = (
        "Write the database and the pictures into one file that `restore` takes, on either kind of database."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the new file, such as punchline.tar.gz")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            with stages() as progress:
                made = make_backup(path=path, progress=progress)
        except AnnotationError as error:
            raise CommandError(f"No backup was made: {error}.") from error
        except OSError as error:
            raise CommandError(f"No backup was made: {path}: {error.strerror or error}.") from error
        self.stdout.write(
            f"{path}: {sum(made.rows.values())} rows of {len(made.rows)} tables, {made.pictures} pictures, "
            f"{filesizeformat(made.size)}. It holds password hashes and addresses: keep it like the database."
        )
        if made.lost:
            some = ", ".join(made.lost_names) + (", …" if made.lost > len(made.lost_names) else "")
            self.stderr.write(
                f"{made.lost} pictures are not in the storage as they were stored, and not in the backup: {some}"
            )
