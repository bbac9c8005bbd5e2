"""What a person does on the judging page, and what they see there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from playwright.sync_api import Page, Route

from annotation.models import Assignment, Judgment, Meme, User

ANSWERS = re.compile(r"/judge/\d+/$")
READY = (
    "#stage .pair:not(.fresh)"  # a pair answers nothing for its first moment: the second half of a double tap
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """The pair on screen: its assignment, and the two pictures with their alternative texts."""

    assignment: int
    left: str
    right: str
    left_alt: str
    right_alt: str

    @classmethod
    def on(cls, page: Page) -> Self:
        """Read it off the page, once it can be answered."""
        pair = page.locator(READY)
        pair.wait_for()
        left, right = pair.locator("img").all()
        return cls(
            assignment=int(pair.get_attribute("data-assignment") or 0),
            left=left.get_attribute("src") or "",
            right=right.get_attribute("src") or "",
            left_alt=left.get_attribute("alt") or "",
            right_alt=right.get_attribute("alt") or "",
        )


def press(page: Page, *keys: str) -> Shown:
    """Answer the pair on screen with these keys; returns that pair when another stands there, or none is left."""

    def act() -> None:
        for key in keys:
            page.keyboard.press(key)

    return answered_by(page, act)


def tap(page: Page, selector: str) -> Shown:
    """Answer the pair on screen by touching something."""
    return answered_by(page, lambda: page.locator(f"#stage {selector}").tap())


def answered_by(page: Page, act: Callable[[], None]) -> Shown:
    """Do what answers the pair on screen; returns that pair when it is gone."""
    shown = Shown.on(page)
    act()
    page.locator(f'#stage .pair[data-assignment="{shown.assignment}"]').wait_for(state="detached")
    return shown


def settle(page: Page) -> None:
    """Wait until every answer has left the page and was acknowledged, and the next pairs lie ready."""
    page.wait_for_function(
        "() => !Object.keys(localStorage).some((key) => key.startsWith('punchline-outbox'))"
    )


def line_up(page: Page, pairs: int = 2) -> None:
    """Wait until the next pairs lie ready, with their pictures."""
    page.wait_for_function(
        """(pairs) => {
          const pictures = [...document.querySelectorAll("#ahead img")];
          return pictures.length >= 2 * pairs && pictures.every((picture) => picture.complete);
        }""",
        arg=pairs,
    )


class Held:
    """Holds back the answers that a page sends, until they are released."""

    def __init__(self, page: Page) -> None:
        self._waiting: list[Route] = []
        self._released = False
        page.route(ANSWERS, self._came)

    def _came(self, route: Route) -> None:
        if self._released:
            route.continue_()
        else:
            self._waiting.append(route)

    def release(self) -> None:
        """Let them go, and all that follow."""
        self._released = True
        for route in self._waiting:
            route.continue_()


def memes_of(assignment_id: int) -> tuple[Meme, Meme]:
    """The memes of an assignment as it was shown: left, right."""
    assignment = Assignment.objects.select_related("pair__first", "pair__second").get(pk=assignment_id)
    two = (assignment.pair.first, assignment.pair.second)
    return (two[1], two[0]) if assignment.swapped else two


def said(user: User) -> list[tuple[int, str]]:
    """Somebody's judgments in force, in their order: assignment and outcome."""
    rows = Judgment.objects.filter(annotator=user, superseded_at=None).order_by("id")
    return list(rows.values_list("assignment_id", "outcome"))
