"""The errors of `corpus`: one small hierarchy, each also the standard error it refines."""


class CorpusError(Exception):
    """Anything that `corpus` refuses."""


class LayoutError(CorpusError, ValueError):
    """A text box or a template layout that cannot be drawn."""

    def __init__(self, field: str, value: object, reason: str) -> None:
        super().__init__(f"{field} = {value!r}: {reason}")
        self.field, self.value, self.reason = field, value, reason


class TextError(CorpusError, ValueError):
    """A caption that cannot be taken in."""

    def __init__(self, reason: str, text: str) -> None:
        shown = text if len(text) <= 40 else text[:40] + "…"
        super().__init__(f"{reason}: {shown!r}")
        self.reason, self.text = reason, text


class BlocklistError(CorpusError, ValueError):
    """An entry of the blocklist that cannot be looked for."""

    def __init__(self, phrase: str, reason: str) -> None:
        super().__init__(f"{phrase!r}: {reason}")
        self.phrase, self.reason = phrase, reason


class UnknownOutcome(CorpusError, ValueError):
    """An outcome nobody knows. It is never read as a tie."""

    def __init__(self, value: object) -> None:
        super().__init__(f"unknown outcome {value!r}; known are left, right, tie, both_bad")
        self.value = value


class DatasetError(CorpusError, ValueError):
    """A dataset directory that cannot be written or read."""

    def __init__(self, reason: str, *, file: str | None = None) -> None:
        super().__init__(f"{file}: {reason}" if file else reason)
        self.reason, self.file = reason, file


class UnknownVersion(DatasetError):
    """A dataset of a format version that this code cannot read."""

    def __init__(self, version: object, known: str) -> None:
        super().__init__(f"version = {version!r}: this code reads version {known}", file="manifest.json")
        self.version = version


class DamagedFile(DatasetError):
    """A file of a dataset that is missing, changed, unlisted or not what its name says."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(reason, file=file)


class RowError(DatasetError):
    """A row of a dataset that breaks the contract; rows are counted from 0."""

    def __init__(self, *, file: str, row: int, field: str, value: object, reason: str) -> None:
        shown = repr(value)
        shown = shown if len(shown) <= 80 else shown[:79] + "…"
        super().__init__(f"row {row}, {field} = {shown}: {reason}", file=file)
        self.row, self.field, self.value = row, field, value


class DatasetExists(CorpusError, FileExistsError):
    """A dataset is never overwritten."""

    def __init__(self, path: object) -> None:
        super().__init__(f"{path} is already there; a dataset is never overwritten")


class PictureError(CorpusError, ValueError):
    """A file that is no picture, or none that can be taken in."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"this picture cannot be used: {reason}")
        self.reason = reason


class TooManyPixels(PictureError):
    """A picture larger than may be decoded."""

    def __init__(self, size: str) -> None:
        super().__init__(f"{size} pixels are too many")


class SimulationError(CorpusError, ValueError):
    """A simulated annotator or a number of judgments that cannot be."""
