"""What the tests need from Debian, installed when it may be: binaries and fonts, never a service that starts by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

FONTS = Path("/usr/share/fonts")
POLICY = Path("/usr/sbin/policy-rc.d")
CLUSTER = Path("/etc/postgresql-common/createcluster.d/punchline-tests.conf")
SERVICES = {"postgresql": "postgresql", "redis-server": "redis-server"}


class MissingPackagesError(RuntimeError):
    """Debian packages that are missing and cannot be installed from here."""

    def __init__(self, packages: list[str], reason: str) -> None:
        super().__init__(f"{reason}; install what the tests need: sudo apt-get install {' '.join(packages)}")
        self.packages = packages


def postgres_program(name: str) -> str | None:
    """The newest installed `name` of PostgreSQL's server programs, which Debian keeps out of PATH."""
    versions = Path("/usr/lib/postgresql")
    found = [path for path in versions.glob(f"*/bin/{name}") if path.parent.parent.name.isdecimal()]
    return str(max(found, key=lambda path: int(path.parent.parent.name))) if found else shutil.which(name)


NEEDED: dict[str, Callable[[], object]] = {
    "postgresql": lambda: postgres_program("initdb"),
    "redis-server": lambda: shutil.which("redis-server"),
    "chromium": lambda: shutil.which("chromium"),
    "fonts-noto-cjk": lambda: next(FONTS.rglob("NotoSansCJK*"), None),
    "fonts-noto-color-emoji": lambda: next(FONTS.rglob("NotoColorEmoji*"), None),
}


def require_packages() -> None:
    """Make sure that all of `NEEDED` is there: install it as root with apt-get, else refuse in one line."""
    missing = [package for package, present in NEEDED.items() if not present()]
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise MissingPackagesError(missing, "not root on a Debian machine")
    print(f"Installing {', '.join(missing)} with apt-get", flush=True)  # noqa: T201 — this is a command
    with _no_service_starts():
        for command in (["update"], ["install", "--no-install-recommends", *missing]):
            _apt_get(command, missing)
    _keep_from_boot([SERVICES[package] for package in missing if package in SERVICES])


def _apt_get(command: list[str], missing: list[str]) -> None:
    options = ["-y", "-qq", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        ["apt-get", *options, *command],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise MissingPackagesError(missing, f"apt-get {command[0]} failed ({' '.join(last)})")


@contextmanager
def _no_service_starts() -> Iterator[None]:
    """Installed meanwhile, a service is not started and PostgreSQL makes no cluster; what the admin set up stays as it is."""
    made = []
    if not POLICY.exists():
        POLICY.write_text("#!/bin/sh\nexit 101\n")  # invoke-rc.d reads 101 as "not allowed"
        POLICY.chmod(0o755)
        made.append(POLICY)
    if not CLUSTER.exists():
        CLUSTER.parent.mkdir(parents=True, exist_ok=True)
        CLUSTER.write_text("create_main_cluster = false\n")
        made.append(CLUSTER)
    try:
        yield
    finally:
        for path in made:
            path.unlink()


def _keep_from_boot(services: list[str]) -> None:
    """Services that came with our packages do not start at the next boot either."""
    if services and shutil.which("systemctl"):
        subprocess.run(["systemctl", "disable", "--quiet", *services], check=False, capture_output=True)
