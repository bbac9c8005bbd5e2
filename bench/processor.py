"""Processor time, from /proc: of a server, of its database, of this process, of everybody on the machine."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Processor time so far, in seconds: of the three parties, of everybody on the machine, and that which there was."""

    server: float
    database: float
    client: float
    everybody: float
    there: float

    @classmethod
    def now(cls, server_id: int, database_id: int | None) -> Spent:
        """Read it, of the server and of the database process, if it has one, and all that descend from them."""
        rows = process_rows()
        server = descendants(rows, server_id)
        database = set() if database_id is None else descendants(rows, database_id)
        words = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
        user, nice, system, idle, waiting, *interrupts = (int(word) / TICKS_PER_S for word in words)
        busy = user + nice + system + sum(interrupts)
        return cls(
            server=sum(rows[pid][1] for pid in server),
            database=sum(rows[pid][1] for pid in database),
            client=time.process_time(),
            everybody=busy,
            there=busy + idle + waiting,
        )

    def since(self, before: Spent) -> Spent:
        """What was spent between the two."""
        earlier = asdict(before)
        return Spent(**{name: value - earlier[name] for name, value in asdict(self).items()})

    @property
    def others_share(self) -> float:
        """The share of the processor that went to processes that are not ours."""
        return max(0.0, self.everybody - self.server - self.database - self.client) / self.there


def process_rows() -> dict[int, tuple[int, float]]:
    """Every process: its parent, and the seconds it and its ended children used."""
    rows = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            words = (entry / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
        rows[int(entry.name)] = int(words[1]), sum(int(word) for word in words[11:15]) / TICKS_PER_S
    return rows


def descendants(rows: dict[int, tuple[int, float]], root: int) -> set[int]:
    """A process and all that descend from it."""
    found, new = set(), {root}
    while new:
        found |= new
        new = {pid for pid, (parent, _) in rows.items() if parent in new}
    return found
