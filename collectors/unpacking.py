"""Lines of text out of a plain or compressed file, each bounded in length.

A damaged file raises ``ArchiveError``; a damaged line is noted, for its row to be refused.
"""

from __future__ import annotations

import gzip
import io
import zlib
from typing import TYPE_CHECKING, Self

import zstandard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from _typeshed import WriteableBuffer

LONGEST_LINE = 1 << 20  # bytes

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"  # RFC 8878, section 3.1.1
# What is decompressed at once: 256 bytes of Zstandard expand to 8 MiB at worst. Larger chunks were
# no faster when measured.
_CHUNK = 256
_BUFFER = 1 << 18


class ArchiveError(Exception):
    """The file cannot be imported; the message says why and what to do."""


class BadRow(Exception):
    """Why a row is refused."""


class Lines:
    """An iterator over the lines of an archive, decoded from UTF-8.

    Attributes:
        number: The line that was read last; the first is 1.
        problem: What was wrong with a line read since the caller last emptied this; such a line is
            returned all the same, with the damage replaced.
    """

    def __init__(self, stream: io.BufferedReader, path: Path) -> None:
        """Read from ``stream``; ``path`` is what errors call it."""
        self.number = 0
        self.problem = ""
        self._stream = stream
        self._path = path
        self._peeked: tuple[str, str] | None = None

    def __iter__(self) -> Self:
        """Return itself."""
        return self

    def __next__(self) -> str:
        """Return the next line with its end.

        Raises:
            ArchiveError: The file is damaged or cut short.
            BadRow: The line is longer than ``LONGEST_LINE``; the next call goes on after it.
        """
        if self._peeked is not None:
            (line, self.problem), self._peeked = self._peeked, None
            self.number += 1
            return line
        raw = self._readline()
        if not raw:
            raise StopIteration
        self.number += 1
        if len(raw) == LONGEST_LINE and raw[-1:] != b"\n":
            while raw and raw[-1:] != b"\n":
                raw = self._readline()
            raise BadRow(f"the line is longer than {LONGEST_LINE} bytes")
        if b"\0" in raw:
            self.problem = "it holds a NUL character"
        try:
            return raw.decode()
        except UnicodeDecodeError:
            self.problem = "it is not UTF-8 text"
            return raw.decode(errors="replace")

    def peek(self) -> str:
        """Return the first line that is not blank, for ``next`` to return it again.

        A byte order mark is taken off. The result is empty at the end of the file.
        """
        for line in self:
            if kept := line.removeprefix("\ufeff").lstrip("\r\n"):
                self._peeked = kept, self.problem
                self.number -= 1
                return kept
        return ""

    def _readline(self) -> bytes:
        try:
            return self._stream.readline(LONGEST_LINE)
        except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
            raise ArchiveError(
                f"{self._path}: damaged or cut short after line {self.number}: {error}"
            ) from None


def unpack(file: io.BufferedReader) -> io.BufferedReader:
    """Return the content of ``file``, decompressed if it starts as gzip or Zstandard does."""
    start = file.peek(4)
    if start.startswith(_GZIP):
        return io.BufferedReader(gzip.GzipFile(fileobj=file), _BUFFER)
    if start.startswith(_ZSTD):
        return io.BufferedReader(_Pieces(_decompressed(file)), _BUFFER)
    return file


class _Pieces(io.RawIOBase):
    """A file whose content is the pieces of an iterator, one after the other."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._pieces, b""))
        target = memoryview(buffer).cast("B")
        size = min(len(target), len(self._rest))
        target[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def _decompressed(file: io.BufferedReader) -> Iterator[bytes]:
    """Yield the content of a Zstandard file of one or more frames, in pieces that are not empty.

    The reader that comes with ``zstandard`` takes a file that is cut short for a complete one.

    Raises:
        EOFError: It ends within a frame.
    """
    frame = None
    while packed := file.read(_CHUNK):
        while packed:
            frame = frame or zstandard.ZstdDecompressor().decompressobj()
            if piece := frame.decompress(packed):
                yield piece
            packed = frame.unused_data
            if frame.eof:
                frame = None
    if frame is not None:
        raise EOFError("the file ends within a Zstandard frame")
