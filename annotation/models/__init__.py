"""Rows and their constraints: people, memes, judging, moderation, invitations, tokens."""

from annotation.models.invitations import Acceptance, Invitation
from annotation.models.judging import (
    Assignment,
    EmptyGroup,
    Judgment,
    Pair,
    PracticeAnswer,
    PracticePair,
    Skip,
)
from annotation.models.memes import Group, GroupMember, Meme, MemeTemplate
from annotation.models.moderation import BlockedPhrase, Decision, Takedown
from annotation.models.people import Consent, DayTally, PseudonymScope, Role, User
from annotation.models.tokens import ApiToken, Scope

__all__ = [
    "Acceptance",
    "ApiToken",
    "Assignment",
    "BlockedPhrase",
    "Consent",
    "DayTally",
    "Decision",
    "EmptyGroup",
    "Group",
    "GroupMember",
    "Invitation",
    "Judgment",
    "Meme",
    "MemeTemplate",
    "Pair",
    "PracticeAnswer",
    "PracticePair",
    "PseudonymScope",
    "Role",
    "Scope",
    "Skip",
    "Takedown",
    "User",
]
