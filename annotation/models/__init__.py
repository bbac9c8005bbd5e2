"""Rows and their constraints: people, memes, judging."""

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
from annotation.models.people import Consent, DayTally, PseudonymScope, Role, User

__all__ = [
    "Assignment",
    "Consent",
    "DayTally",
    "EmptyGroup",
    "Group",
    "GroupMember",
    "Judgment",
    "Meme",
    "MemeTemplate",
    "Pair",
    "PracticeAnswer",
    "PracticePair",
    "PseudonymScope",
    "Role",
    "Skip",
    "User",
]
