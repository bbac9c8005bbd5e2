"""What became of an import: what came in, what was known, what was left out and why."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from rich.table import Table
from rich.text import Text

from annotation.services.memes import LeftOut, Taken
from corpus.sources.found import FoundCaption, Kind, Refusal

KINDS = {
    LeftOut.Kind.BOXES: Kind.BOXES,
    LeftOut.Kind.TEXT: Kind.TEXT,
    LeftOut.Kind.BLOCKED: Kind.BLOCKED,
    LeftOut.Kind.UNDRAWN: Kind.UNDRAWN,
}


@dataclass(slots=True, kw_only=True)
class Report:
    """The account of one import; every row of the source ends in one of its numbers."""

    EXAMPLES = 3  # of each reason, in the table

    source: str
    templates: int = 0
    templates_known: int = 0
    memes: int = 0
    memes_known: int = 0
    cut: int = 0  # captions too long for their box
    undrawn: set[str] = field(default_factory=set)  # characters no configured font has
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what came in, but not as it was
    seconds: float = 0.0

    def refuse(self, refusal: Refusal) -> None:
        self.refusals.append(refusal)

    def refuse_each(self, captions: Sequence[FoundCaption], kind: Kind, reason: str) -> None:
        """Leave captions out, each by its row, for what is wrong with their meme template."""
        for caption in captions:
            row = caption.row or None
            self.refuse(Refusal(kind=kind, file=caption.file, row=row, field="template", reason=reason))

    def note(self, file: str, note: str) -> None:
        self.notes.append(f"{file}: {note}")

    def take(self, taken: Taken, captions: Sequence[FoundCaption]) -> None:
        """Count what became of captions."""
        self.memes += len(taken.added)
        self.memes_known += taken.known
        self.cut += taken.cut
        self.undrawn |= taken.undrawn
        for left in taken.left_out:
            at = captions[left.number]
            self.refuse(
                Refusal(kind=KINDS[left.kind], file=at.file, row=at.row, field="texts", reason=left.reason)
            )

    @property
    def left_out(self) -> Counter[str]:
        """How many were left out, by reason."""
        counts: Counter[str] = Counter()
        for refusal in self.refusals:
            counts[refusal.kind.value] += refusal.count
        return counts

    def _left_out(self, kind: str, *, of_templates: bool = False) -> str:
        number = sum(
            refusal.count
            for refusal in self.refusals
            if refusal.kind == kind and refusal.is_template == of_templates
        )
        return f"{number:,}" if number else ""

    def to_json(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "templates": {"added": self.templates, "known": self.templates_known},
            "memes": {"added": self.memes, "known": self.memes_known},
            "left_out": dict(sorted(self.left_out.items())),
            "undrawn": sorted(self.undrawn),
            "notes": self.notes,
            "refusals": [refusal.to_json() for refusal in self.refusals],
            "seconds": round(self.seconds, 2),
        }

    def write(self, path: Path) -> None:
        """Keep all of it in a file: there as a whole, or as it was before."""
        partial = path.with_name(f".{path.name}.{uuid4().hex}.partial")
        try:
            text = json.dumps(self.to_json(), ensure_ascii=False, indent=1)
            partial.write_text(
                text, encoding="utf-8", errors="backslashreplace"
            )  # file names may hold any bytes
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def table(self) -> Table:
        """The account for a terminal. What comes from the source is shown as text, never as markup."""
        table = Table(title=f"Import of {printable(self.source)}, {self.seconds:.1f} s", title_justify="left")
        for name, justify in (("", "left"), ("meme templates", "right"), ("memes", "right")):
            table.add_column(name, justify="right" if justify == "right" else "left")
        table.add_row("came in", f"{self.templates:,}", f"{self.memes:,}")
        table.add_row("known", f"{self.templates_known:,}", f"{self.memes_known:,}")
        for kind, _ in self.left_out.most_common():
            table.add_row(f"left out: {kind}", self._left_out(kind, of_templates=True), self._left_out(kind))
        return table

    def lines(self) -> list[Text]:
        """What stands below the table: a few examples of each reason, and what came in but not as it was."""
        lines = []
        for kind in self.left_out:
            of_kind = [refusal for refusal in self.refusals if refusal.kind.value == kind]
            lines += _some(f"{kind}:", list(map(str, _varied(of_kind))), self.EXAMPLES)
        lines += _some("came in, but changed:", self.notes, self.EXAMPLES * 2)
        if self.undrawn:
            drawn = " ".join(sorted(self.undrawn)[:40])
            lines.append(
                Text(
                    printable(f"Characters that no font here has (CJK and emoji fonts are settings): {drawn}")
                )
            )
        return lines


def _varied(refusals: list[Refusal]) -> list[Refusal]:
    """The refusals, one of each wording first."""
    first = {refusal.reason: refusal for refusal in reversed(refusals)}
    rest = [refusal for refusal in refusals if first[refusal.reason] is not refusal]
    return list(reversed(first.values())) + rest


def _some(title: str, entries: list[str], number: int) -> list[Text]:
    if not entries:
        return []
    more = len(entries) - number
    shown = [title, *(f"  {printable(entry)}" for entry in entries[:number])]
    return [Text(line) for line in shown + [f"  … and {more:,} more"] * (more > 0)]


def printable(text: str) -> str:
    """A text from outside for a terminal: nothing in it moves the cursor or changes a colour."""
    return "".join(character if character.isprintable() else "�" for character in text)
