"""The dataset directory: the contract between people and training, field by field in docs/dataset.md."""

from corpus.dataset.manifest import FileEntry, Manifest
from corpus.dataset.reader import Dataset, captions_on_both_sides
from corpus.dataset.rows import Response, SkipKind, SkipRow, StatementRow, TemplateRow
from corpus.dataset.writer import DatasetWriter

__all__ = [
    "Dataset",
    "DatasetWriter",
    "FileEntry",
    "Manifest",
    "Response",
    "SkipKind",
    "SkipRow",
    "StatementRow",
    "TemplateRow",
    "captions_on_both_sides",
]
