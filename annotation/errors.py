"""The errors of `annotation`: one small hierarchy, each also the standard error it refines."""


class AnnotationError(Exception):
    """Anything that `annotation` refuses."""


class NotAssigned(AnnotationError, LookupError):
    """An answer to an assignment that this annotator does not have."""

    def __init__(self, assignment_id: int) -> None:
        super().__init__(f"assignment {assignment_id} is not yours")


class ConsentMissing(AnnotationError, PermissionError):
    """An answer by somebody who has not agreed to the consent in force."""

    def __init__(self) -> None:
        super().__init__("the consent in force has not been given")


class NothingToUndo(AnnotationError, LookupError):
    """There is no answer young enough to take back."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"no answer of the last {seconds} seconds can be taken back")


class UnknownTemplate(AnnotationError, LookupError):
    """A meme for a meme template that does not exist."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"there is no meme template {slug!r}")
