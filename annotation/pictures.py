"""Pictures in the storage: named by the hash of their bytes, so that a name tells nothing and never changes its meaning."""

from __future__ import annotations

import hashlib
import mimetypes
import re

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import FileResponse

NAME = re.compile(r"(?:templates|memes)/[0-9a-f]{2}/[0-9a-f]{64}\.(?:jpg|png|webp|gif)")


def store_picture(*, folder: str, data: bytes, extension: str) -> str:
    """Keep the bytes, once however often they are given; the name they can be had by."""
    digest = hashlib.sha256(data).hexdigest()
    name = f"{folder}/{digest[:2]}/{digest}.{extension}"
    if size_of(name) != len(
        data
    ):  # whoever was killed while writing left a part of the file under its whole name
        default_storage.save(name, ContentFile(data))
    return name


def size_of(name: str) -> int | None:
    """How many bytes a stored picture has; None when it is not there. One question, whichever the storage."""
    try:
        return default_storage.size(name)
    except FileNotFoundError:
        return None


def load_picture(name: str) -> bytes:
    """The bytes of a stored picture."""
    with default_storage.open(name, "rb") as file:
        data = file.read()
    assert isinstance(data, bytes)
    return data


def picture_answer(name: str) -> FileResponse | None:
    """The answer that carries a stored picture; None when there is none of this name, or a takedown just took it."""
    if not NAME.fullmatch(name):
        return None
    kind, _encoding = mimetypes.guess_type(name)
    try:
        return FileResponse(default_storage.open(name), content_type=kind)
    except FileNotFoundError:
        return None
