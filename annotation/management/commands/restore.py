"""`manage.py restore FILE`: a backup into an empty database, all of it or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.backup.reading import restore_backup
from annotation.errors import AnnotationError
from annotation.management.progress import stages


class Command(BaseCommand):
    help = "Bring a backup into an empty database, fresh from `migrate`: all of it, or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="what `backup` wrote")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            with stages() as progress:
                restored = restore_backup(path=path, progress=progress)
        except AnnotationError as error:
            raise CommandError(f"Nothing was restored from {path}: {error}.") from error
        except OSError as error:
            raise CommandError(f"Nothing was restored from {path}: {error.strerror or error}.") from error
        self.stdout.write(
            f"{path}, made {restored.created}: {sum(restored.rows.values())} rows of {len(restored.rows)} tables and "
            f"{restored.pictures} pictures restored. Everybody signs in again."
        )
        if restored.lost:
            self.stderr.write(f"{restored.lost} pictures were lost already when the backup was made.")
