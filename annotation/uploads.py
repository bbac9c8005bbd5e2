"""Uploads are given up as soon as they are too large, whoever sends them to whichever address."""

from __future__ import annotations

from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from corpus.rendering import MAX_PICTURE_BYTES


class Bounded(FileUploadHandler):
    """Stands before Django's own handlers: of a file above the limit no further byte is kept, in memory or on disk."""

    LIMIT = MAX_PICTURE_BYTES

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        if start + len(raw_data) > self.LIMIT:
            assert self.request is not None
            self.request.META[MARK] = True
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler has the file."""


MARK = "punchline.upload_cut_off"


def was_cut_off(request: HttpRequest) -> bool:
    """Whether a file of this request had too many bytes and was given up."""
    return bool(request.FILES is not None and request.META.get(MARK))
