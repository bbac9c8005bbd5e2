"""A scene: one picture of the starter pack and where its texts go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from corpus.memes import Align, Case, TextBox
from starter.drawing.canvas import Canvas
from starter.drawing.palette import INK, Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A text box in pixels: white with an ink outline, or plain ink where it stands on paper or a sign."""

    x: float
    y: float
    w: float
    h: float
    angle: float = 0.0
    on_paper: bool = False
    colour: Colour | None = None
    font: str = ""
    align: Align = Align.CENTER

    def text_box(self, width: int, height: int) -> TextBox:
        """The same box in shares of the picture."""
        return TextBox(
            x=round(self.x / width, 4),
            y=round(self.y / height, 4),
            w=round(self.w / width, 4),
            h=round(self.h / height, 4),
            angle=self.angle,
            case=Case.AS_WRITTEN if self.on_paper else Case.UPPER,
            align=self.align,
            font=self.font or ("sans" if self.on_paper else ""),
            colour=self.colour or (INK if self.on_paper else "#ffffff"),
            outline=None if self.on_paper else "#000000",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One meme template: how it is painted and where its texts stand."""

    slug: str
    name: str
    width: int
    height: int
    background: Colour
    paint: Callable[[Canvas], None]
    words: tuple[Words, ...]

    def picture(self) -> Image.Image:
        """The finished picture, RGB; the same pixels every time."""
        canvas = Canvas(self.width, self.height, self.background)
        self.paint(canvas)
        return canvas.finished()
