"""Pictures in the storage: named by the hash of their bytes, so that a name tells nothing and never changes its meaning."""

from __future__ import annotations

import hashlib
import re

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

NAME = re.compile(r"(?:templates|memes)/[0-9a-f]{2}/[0-9a-f]{64}\.(?:jpg|png|webp|gif)")


def store_picture(*, folder: str, data: bytes, extension: str) -> str:
    """Keep the bytes, once however often they are given; the name they can be had by."""
    digest = hashlib.sha256(data).hexdigest()
    name = f"{folder}/{digest[:2]}/{digest}.{extension}"
    # whoever was killed while writing left a part of the file under its whole name
    if not default_storage.exists(name) or default_storage.size(name) != len(data):
        default_storage.save(name, ContentFile(data))
    return name


def load_picture(name: str) -> bytes:
    """The bytes of a stored picture."""
    with default_storage.open(name, "rb") as file:
        data = file.read()
    assert isinstance(data, bytes)
    return data
