"""What the settings need beyond reading a variable: refusals in one sentence, and the secret of an embedded install."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

MIN_SECRET_CHARACTERS = 50
MIN_TOKEN_CHARACTERS = 20


class UnsafeSetting(ImproperlyConfigured):
    """A setting that a server must not start with."""

    def __init__(self, name: str, problem: str, cure: str) -> None:
        super().__init__(f"{name} {problem}: {cure}.")
        self.name = name


def private_folder(folder: Path) -> None:
    """Make the folder for its owner alone: the database in it holds addresses, sessions and password hashes."""
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def private_file(path: Path) -> None:
    """Make the file for its owner alone, unless it is there: its folder may be one that somebody made for all to read."""
    if not path.exists():
        path.touch(mode=0o600)


def embedded_secret(folder: Path) -> str:
    """The secret key kept beside the embedded database, made at the first start, readable by its owner alone."""
    path = folder / "secret_key"
    if not path.exists():
        private_folder(folder)
        fresh = folder / f"secret_key.{secrets.token_hex(4)}"
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(64))
        try:
            path.hardlink_to(fresh)  # the first of two simultaneous starts wins, the other reads its key
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()


def checked_secret(secret: str, name: str = "PUNCHLINE_SECRET_KEY") -> str:
    """The given secret key, or a refusal when it is missing or too short for a server."""
    cure = "set it to a long random text, for example from `python -c 'import secrets; print(secrets.token_urlsafe(64))'`"
    if not secret:
        raise UnsafeSetting(name, "is missing", cure)
    if len(secret) < MIN_SECRET_CHARACTERS or len(set(secret)) < 10:
        raise UnsafeSetting(
            name, f"is too weak (under {MIN_SECRET_CHARACTERS} characters, or all alike)", cure
        )
    return secret


def checked_hosts(hosts: list[str]) -> list[str]:
    """The given host names, or a refusal when a server would answer to none or to any."""
    name = "PUNCHLINE_ALLOWED_HOSTS"
    if not hosts:
        raise UnsafeSetting(
            name, "is missing", "name the hosts this server answers to, such as memes.example.org"
        )
    if "*" in hosts:
        raise UnsafeSetting(name, "answers to any host", "name the hosts instead of *")
    return hosts


def checked_rate(name: str, rate: str) -> str:
    """The given rate, or a refusal of what nothing could be counted by: each request would fail, and not the start."""
    if not re.fullmatch(r"[1-9][0-9]{0,8}/(sec|min|hour|day)", rate):
        raise UnsafeSetting(name, f"is {rate!r}", "use a number and sec, min, hour or day, such as 600/min")
    return rate


def checked_token(name: str, token: str) -> str:
    """The given token, or a refusal when it could be guessed; none at all is fine."""
    if token and len(token) < MIN_TOKEN_CHARACTERS:
        cure = "use `python -c 'import secrets; print(secrets.token_urlsafe(32))'`, or none"
        raise UnsafeSetting(name, f"has under {MIN_TOKEN_CHARACTERS} characters", cure)
    return token
