"""Small folders as somebody might bring them, and pictures that are not what they seem."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

from PIL import Image

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def picture(colour: str = "teal", *, form: str = "PNG", size: tuple[int, int] = (200, 100)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, form)
    return buffer.getvalue()


def animation(form: str = "GIF") -> bytes:
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue", "lime")]
    frames[0].save(buffer, form, save_all=True, append_images=frames[1:], duration=100)
    return buffer.getvalue()


def png_bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A PNG of a few hundred bytes that says it is so large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100_000))
        + chunk(b"IEND", b"")
    )


HOSTILE_PICTURES: dict[str, bytes] = {
    "empty": b"",
    "truncated": picture(form="JPEG")[:-200],
    "30,000 by 30,000": png_bomb(),
    "SVG": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "HTML": b"<!doctype html><script>alert(1)</script>",
    "zip": b"PK\x03\x04" + b"\0" * 100,
    "text": b"not a picture at all",
}


def memegen_template(root: Path, name: str, config: str | bytes, picture_bytes: bytes | None = None) -> Path:
    """One template of a memegen checkout."""
    folder = root / "templates" / name
    folder.mkdir(parents=True)
    data = config if isinstance(config, bytes) else config.encode()
    (folder / "config.yml").write_bytes(data)
    (folder / "default.png").write_bytes(picture() if picture_bytes is None else picture_bytes)
    return folder
