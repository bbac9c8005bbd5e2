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


class AnnotatorPaused(AnnotationError, PermissionError):
    """A new pair for somebody whose judging an admin has paused; `reason` is for their eyes."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"judging is paused: {reason}")
        self.reason = reason


class TooManyAnswers(AnnotationError, RuntimeError):
    """An answer beyond those that one person may give in a minute; the same one is welcome after `retry_after_s`."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many answers within a minute; try again in {retry_after_s} seconds")
        self.retry_after_s = retry_after_s


class NothingToUndo(AnnotationError, LookupError):
    """There is no answer young enough to take back."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"no answer of the last {seconds} seconds can be taken back")


class InvitationUnusable(AnnotationError, PermissionError):
    """An invitation that is revoked, over, or accepted as often as it may be."""

    def __init__(self, invitation_id: int) -> None:
        super().__init__(f"invitation {invitation_id} can not be used any more")


class AccountNeeded(AnnotationError, PermissionError):
    """A role for a guest, who can do no more than judge before they have an account."""

    def __init__(self, role: str) -> None:
        super().__init__(f"the role {role} needs an account")


class LastAdmin(AnnotationError, PermissionError):
    """The last admin who can sign in, about to be none."""

    def __init__(self, username: str) -> None:
        super().__init__(f"{username} is the last admin")


class UnknownTemplate(AnnotationError, LookupError):
    """A meme for a meme template that does not exist."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"there is no meme template {slug!r}")


class GuestsHaveNoTokens(AnnotationError, PermissionError):
    """A token for somebody who came by an invitation that asks for no account."""

    def __init__(self) -> None:
        super().__init__("a guest has no tokens: they end with the visit")


class ScopeNotHeld(AnnotationError, PermissionError):
    """A token for what its owner's roles do not allow, or for nothing."""

    def __init__(self, scopes: frozenset[str]) -> None:
        super().__init__(
            f"no role of this account allows a token for {', '.join(sorted(scopes)) or 'nothing'}"
        )


class TokenLifetime(AnnotationError, ValueError):
    """A token that would live too long, or not at all."""

    def __init__(self, days: int, most: int) -> None:
        super().__init__(f"a token lives between 1 and {most} days, not {days}")


class TooManyTokens(AnnotationError, RuntimeError):
    """A further token for somebody who has as many as one may."""

    def __init__(self, most: int) -> None:
        super().__init__(f"this account has {most} tokens; revoke one first")


class PictureKnown(AnnotationError, ValueError):
    """A picture that is a meme template already."""

    def __init__(self, template_id: int, name: str) -> None:
        super().__init__(f"this picture is the meme template {name!r} already")
        self.template_id, self.name = template_id, name


class TakenDown(AnnotationError, PermissionError):
    """A change to a meme template that was taken down."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} was taken down")


class DecidedMeanwhile(AnnotationError, RuntimeError):
    """A decision about a meme that is not as it was when its moderator looked at it."""

    def __init__(self, meme_id: int) -> None:
        super().__init__(f"meme {meme_id} was decided about meanwhile")


class LayoutLocked(AnnotationError, PermissionError):
    """Other boxes for a meme template whose boxes may not change any more, or not in number; `reason` says why."""

    SHOWN = "memes of it were shown"
    BOXES = "it has memes: their number of texts cannot change"
    MANY = "it has too many memes to draw them again at once"
    NO_PICTURE = "it has no picture"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the boxes of this meme template cannot change: {reason}")
        self.reason = reason


class ProposalRefused(AnnotationError, ValueError):
    """A proposed caption that is not taken in; `reason` says why."""

    CLOSED = "this meme template takes no proposals"
    NOT_YOURS = "proposals are for people with an account that is not paused"
    KNOWN = "this meme is there already"
    BLOCKED = "it holds words that are not let in"
    NOT_WHOLE = "not all of it can be drawn"
    ENOUGH = "that was enough for today"

    def __init__(self, reason: str) -> None:
        super().__init__(f"this proposal is not taken in: {reason}")
        self.reason = reason


class BadBackup(AnnotationError, ValueError):
    """A backup that cannot be made or restored, in a sentence about the file."""


class NotRestorable(AnnotationError, RuntimeError):
    """A database that a backup cannot be made of or restored into as it is."""
