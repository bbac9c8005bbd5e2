"""The file of a backup: a gzip-compressed tar of plain files, written as it comes and read strictly.

Reading takes no name as a path and unpacks nothing: a member is a plain file of limited size in memory or the file is refused.
Python's `tarfile` reads extension headers of any size into memory and follows links; only its parser of a single header is used.
"""

from __future__ import annotations

import gzip
import os
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from annotation.errors import BadBackup

BLOCK: Final = tarfile.BLOCKSIZE
END: Final = bytes(2 * BLOCK)
MAX_MEMBER_BYTES: Final = 64 * 2**20
# Rows shrink to a tenth, pictures hardly: what grows a hundredfold was made to fill memory and disks.
MAX_GROWTH: Final = 100
MAX_SLACK_BYTES: Final = 16 * 2**20
LEVEL: Final = 4  # of compression: rows become a tenth, at ten times the speed of level 9


@dataclass(frozen=True, slots=True)
class Member:
    """One file in a backup."""

    name: str
    data: bytes


class ArchiveWriter:
    """Writes members one after the other; `close` ends the archive."""

    def __init__(self, file: IO[bytes]) -> None:
        self._stream = gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=LEVEL)

    def add(self, name: str, data: bytes) -> None:
        """Append a file. Raises `BadBackup` when it is larger than a reader would take."""
        if len(data) > MAX_MEMBER_BYTES:
            raise BadBackup(
                f"{name} has {len(data)} bytes: a part of a backup has at most {MAX_MEMBER_BYTES}"
            )
        header = tarfile.TarInfo(name)
        header.size, header.mode = len(data), 0o600
        self._stream.write(header.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict"))
        self._stream.write(data)
        self._stream.write(bytes(-len(data) % BLOCK))

    def close(self) -> None:
        """Write the end mark; the file itself stays open."""
        self._stream.write(END)
        self._stream.close()


def members(file: IO[bytes]) -> Iterator[Member]:
    """The files of an archive, from its beginning to its end mark. Raises `BadBackup` for anything else that is in there."""
    file.seek(0)
    reader = _Reader(file)
    try:
        while (block := reader.take(BLOCK)) != END[:BLOCK]:
            header = _header(block)
            data = reader.take(header.size)
            reader.take(-header.size % BLOCK)
            yield Member(header.name, data)
        reader.finish()
    except EOFError:
        raise BadBackup("it ends too early: it was not written or not copied to its end") from None
    except (zlib.error, gzip.BadGzipFile):
        raise BadBackup("it is damaged, or no backup at all: it cannot be unpacked") from None


class _Reader:
    """Unpacks bytes, no more than the compressed file may honestly hold."""

    def __init__(self, file: IO[bytes]) -> None:
        self._stream = gzip.GzipFile(fileobj=file)
        self._left = MAX_SLACK_BYTES + MAX_GROWTH * os.fstat(file.fileno()).st_size

    def take(self, number: int) -> bytes:
        self._left -= number
        if self._left < 0:
            raise BadBackup(f"it unpacks to more than {MAX_GROWTH} times its size")
        data = self._stream.read(number)
        if len(data) < number:
            raise EOFError
        return data

    def finish(self) -> None:
        """Read the second half of the end mark and the checksum behind it; nothing else may follow."""
        rest = self._stream.read(BLOCK + 1)
        if rest != END[BLOCK:]:
            raise BadBackup("something follows its end")


def _header(block: bytes) -> tarfile.TarInfo:
    """What a header says, if it is that of a plain file of bearable size."""
    try:
        header = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError):
        raise BadBackup("it is damaged, or no backup at all: a header cannot be read") from None
    if header.type != tarfile.REGTYPE:
        raise BadBackup(f"{shown(header.name)} is no plain file")
    if not 0 <= header.size <= MAX_MEMBER_BYTES:
        raise BadBackup(f"{shown(header.name)} says that it has {header.size} bytes")
    return header


def shown(name: str) -> str:
    """A name out of a file that nobody has checked yet, fit for a message."""
    return ascii(name if len(name) <= 80 else name[:79] + "…")
