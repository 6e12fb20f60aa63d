"""Reads an archive of posts: CSV or JSON Lines, plain or compressed by gzip or Zstandard.

It streams: memory stays bounded however large the file is. A row that cannot be used is yielded as
``Refused`` and never stops the rest; a file that cannot be used raises ``ArchiveError``.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Self

from collectors.instants import read_instant
from collectors.unpacking import ArchiveError, BadRow, Lines, unpack
from signals import Post

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

__all__ = ["Archive", "ArchiveError", "Columns", "Refused", "Row"]

LONGEST_TEXT = 100_000  # characters
LONGEST_NAME = 500  # characters of an id, an author or a topic
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_BLANK: tuple[object, ...] = ([], "\n", "\r\n")  # a blank line as a row of CSV, and as it stands
_STRANGE = "neither CSV nor JSON Lines in UTF-8 text; save it as such (.gz and .zst are read)"
_PATIENCE = 100  # rows of JSON Lines, one of which must have the keys that were asked for


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column (or JSON key) holds what.

    Under their default names ``id`` and ``author`` may be missing: ids are then made of the rows'
    content, and authors are unknown.
    """

    id: str = "id"
    time: str = "time"
    text: str = "text"
    author: str = "author"
    topic: str | None = None

    def require(self, found: Sequence[str], kind: str) -> None:
        """Check that all columns that were asked for are among those ``found``.

        Raises:
            BadRow: One is missing; the message lists those found and the option to give.
        """
        for option in ("time", "text", "topic", "id", "author"):
            wanted = getattr(self, option)
            optional = wanted is None or (option in {"id", "author"} and wanted == option)
            if wanted not in found and not optional:
                listed = ", ".join(map(_short, found[:30])) or "nothing"
                raise BadRow(
                    f"no {kind} {_short(wanted)}; found {listed}; "
                    f"name the right one with --{option}-column"
                )


@dataclass(frozen=True, slots=True)
class Row:
    """A usable row, with the topic that it names if there is a topic column."""

    post: Post
    topic: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that cannot be used.

    Attributes:
        line: The line of the file on which it starts; the first is 1.
        reason: Why not, in one sentence.
    """

    line: int
    reason: str


class Archive:
    """An open archive; iterate it once for its rows.

    Attributes:
        size: Bytes of the file as it lies on the disk; 0 if unknown, as for a pipe.
    """

    def __init__(self, path: Path, columns: Columns, source: str) -> None:
        """Open the file and read its header.

        Args:
            path: The file. Its compression is read off its content, as is its format unless its
                name has ``.jsonl`` or ``.ndjson`` in it.
            columns: Which column holds what.
            source: The source that its posts get.

        Raises:
            ArchiveError: It cannot be read, is of another format or lacks a column.
        """
        self._path = path
        self._columns = columns
        self._source = source
        self._latest = datetime(datetime.now(UTC).year + 2, 1, 1, tzinfo=UTC)
        self._suitable = False
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise ArchiveError(f"{path}: cannot read it: {error.strerror}") from None
        try:
            self.size = os.fstat(self._file.fileno()).st_size
            self._lines = Lines(unpack(self._file), path)
            self._records, self._fields = self._open()
        except (BadRow, csv.Error, OSError) as problem:
            self._file.close()
            raise ArchiveError(f"{path}: {problem}") from None
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        """Return the archive itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._file.close()

    @property
    def position(self) -> int:
        """How many of the ``size`` bytes have been consumed."""
        return self._file.tell() if self._file.seekable() else 0

    def __iter__(self) -> Iterator[Row | Refused]:
        """Yield each row, in the order of the file; blank lines are passed over.

        Raises:
            ArchiveError: The file is damaged or cut short, or no row has the wanted keys. Rows
                yielded before are good.
        """
        lines = self._lines
        first: Refused | None = None
        refused = 0
        while True:
            line = lines.number + 1
            lines.problem = ""
            item: Row | Refused
            try:
                if (record := next(self._records, None)) is None:
                    break
                if record in _BLANK:
                    continue
                if lines.problem:
                    raise BadRow(lines.problem)  # noqa: TRY301 - one way to refuse
                item = self._row(*self._fields(record))
            except BadRow as bad:
                item = Refused(line, str(bad))
            except csv.Error as error:
                item = Refused(line, f"broken CSV: {error}; is a quote missing?")
            if isinstance(item, Refused):
                first = first or item
                refused += 1
                if not self._suitable and refused == _PATIENCE:
                    break
            yield item
        if first and not self._suitable:
            raise ArchiveError(
                f"{self._path}: none of the first {refused} lines can be used; "
                f"line {first.line}: {first.reason}"
            )

    def _open(self) -> tuple[Iterator[Any], Callable[[Any], tuple[Any, ...]]]:
        """Return an iterator over raw records, and what picks the five fields out of one."""
        start = self._lines.peek().lstrip()
        if not start:
            raise BadRow("the file is empty")
        named = {".jsonl", ".ndjson"} & {suffix.lower() for suffix in self._path.suffixes}
        if named or start.startswith("{"):
            return iter(self._lines), self._keys
        if start.startswith("["):
            raise BadRow(
                "this is a JSON array; write one object a line (JSON Lines), for example with "
                "jq -c '.[]'"
            )
        return self._csv(delimiter=max(",;\t", key=start.count))

    def _csv(self, delimiter: str) -> tuple[Iterator[Any], Callable[[Any], tuple[Any, ...]]]:
        rows = csv.reader(self._lines, delimiter=delimiter, strict=True)
        try:
            header = [name.strip() for name in next(rows)]
        except csv.Error as error:  # what follows a dash is advice to programmers
            raise BadRow(f"{_STRANGE}: {str(error).partition(' - ')[0]}") from None
        if self._lines.problem:
            raise BadRow(_STRANGE)
        self._columns.require(header, "column")
        self._suitable = True
        width = len(header)
        wanted = self._columns
        names = (wanted.id, wanted.time, wanted.text, wanted.author, wanted.topic)
        # A column that is missing is read from one more cell, which is put behind the row.
        pick = itemgetter(*(header.index(name) if name in header else width for name in names))

        def fields(cells: list[str | None]) -> tuple[Any, ...]:
            if len(cells) != width:
                raise BadRow(f"{len(cells)} cells where the header has {width}")
            cells.append(None)
            picked: tuple[Any, ...] = pick(cells)
            return picked

        return rows, fields

    def _keys(self, line: str) -> tuple[Any, ...]:
        """Return the fields of a line of JSON."""
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadRow(f"no JSON: {error}") from None
        if not isinstance(record, dict):
            raise BadRow("JSON, but no object")
        wanted = self._columns
        if not self._suitable:
            wanted.require(tuple(record), "key")
            self._suitable = True
        found = [record.get(name) for name in (wanted.id, wanted.text, wanted.author, wanted.topic)]
        identity, text, author, topic = map(_text, ("id", "text", "author", "topic"), found)
        return identity, record.get(wanted.time), text, author, topic

    def _row(
        self,
        identity: str | None,
        time: object,
        text: str | None,
        author: str | None,
        topic: str | None,
    ) -> Row:
        """Return the row made of these fields, or raise ``BadRow``."""
        when = read_instant(time)
        if when is None:
            raise BadRow(f"the time {_short(time)} is missing or unknown; use ISO 8601 in UTC")
        if not _EARLIEST <= when < self._latest:
            raise BadRow(f"the time {_short(time)} lies before 1990 or after next year")
        if not text or text.isspace():
            raise BadRow("the text is empty")
        if len(text) > LONGEST_TEXT:
            raise BadRow(f"the text has {len(text)} characters, more than {LONGEST_TEXT}")
        author = author.strip() if author else ""
        if identity is None and self._columns.id == "id":
            content = f"{when.isoformat()}\n{author}\n{text}"
            identity = hashlib.blake2b(content.encode(), digest_size=12).hexdigest()
        elif not (identity := (identity or "").strip()):
            raise BadRow("the id is empty")
        if self._columns.topic is not None and not (topic := (topic or "").strip()):
            raise BadRow("the topic is empty")
        if max(len(identity), len(author), len(topic or "")) > LONGEST_NAME:
            raise BadRow(f"its id, author or topic has more than {LONGEST_NAME} characters")
        return Row(Post(self._source, identity, text, when, author), topic)


def _text(what: str, value: object) -> str | None:
    """Return a JSON value as text that can be stored; numbers serve as ids and names."""
    if isinstance(value, int) and not isinstance(value, bool) and what != "text":
        return str(value)
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadRow(f"the {what} is a {type(value).__name__}, not text")
    if "\0" in value:
        raise BadRow(f"the {what} holds a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadRow(f"the {what} holds half a character (a lone surrogate)") from None
    return value


def _short(value: object) -> str:
    """Return the value as one short quoted line."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."  # noqa: PLR2004 - the same number
