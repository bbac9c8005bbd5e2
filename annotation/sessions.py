"""Sessions in the database, as Django keeps them, asked for by a query whose SQL is written once."""

from __future__ import annotations

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from annotation.compiled import Argument, compiled


@compiled
def living_session(key: Argument, now: Argument) -> QuerySet[Session, Session]:
    """The session of a key, unless it has ended."""
    return Session.objects.filter(session_key=key, expire_date__gt=now)


class SessionStore(db.SessionStore):
    """Django's; every request reads one."""

    def _get_session_from_db(self) -> Session | None:
        if not (self.session_key or "").isalnum():
            self._session_key = None
            return None  # a cookie of somebody's own making; PostgreSQL would refuse a NUL in it
        session = next(iter(living_session(key=self.session_key, now=timezone.now())), None)
        if session is None:
            self._session_key = None
        return session
