"""What an importer tells of how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told how much is done, of how much where that is known, and what is next."""

    def __call__(self, done: float, total: int | None = None, what: str = "") -> None: ...


def silent(done: float, total: int | None = None, what: str = "") -> None:
    """For whoever does not watch."""
