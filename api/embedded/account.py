"""The unprivileged account that Postgres runs as when the supervisor is root.

Postgres refuses to run as root. Everybody else runs it as themselves, and nothing here applies.
"""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

import structlog

from api.embedded.errors import StackError

ACCOUNT_NAME = "pgembed"
_USERADD_TIMEOUT_S = 30

log = structlog.get_logger("stibnite.account")


@dataclass(frozen=True, slots=True)
class Account:
    """A system user to become, without supplementary groups."""

    uid: int
    gid: int


def account_for(folder: Path) -> Account | None:
    """Who should own ``folder`` and run the server in it; ``None`` for "whoever we are".

    For root: the present owner of the folder when that is an ordinary user, else the system user
    ``pgembed``, created when missing.

    Raises:
        StackError: root could not create that user.
    """
    if os.geteuid() != 0:
        return None
    if folder.exists() and folder.stat().st_uid != 0:
        present = folder.stat()
        return Account(present.st_uid, present.st_gid)
    try:
        entry = pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        entry = _create()
    return Account(entry.pw_uid, entry.pw_gid)


def open_the_way(path: Path, account: Account) -> None:
    """Lets ``account`` reach ``path``: adds the right to pass (o+x; never to read or write) to
    exactly those directories above it that are closed to the account.

    Raises:
        StackError: a directory in the way cannot be changed.
    """
    for directory in reversed(path.resolve().parents):
        missing = _missing(directory, account, stat.S_IXOTH)
        if missing:
            _add(directory, missing)
            log.warning(
                "directory opened for passing through",
                directory=str(directory),
                reason="Postgres cannot run as root and its own user must get past it",
            )


def open_for_reading(tree: Path, account: Account) -> None:
    """Lets ``account`` read an installed tree, if an installation under a strict umask forbids it.

    Raises:
        StackError: a file cannot be changed.
    """
    opened = 0
    for path in (tree, *tree.rglob("*")):
        if path.is_symlink():
            continue
        runs = path.is_dir() or bool(path.stat().st_mode & stat.S_IXUSR)
        missing = _missing(path, account, stat.S_IROTH | (stat.S_IXOTH if runs else 0))
        if missing:
            _add(path, missing)
            opened += 1
    if opened:
        log.warning("installed files opened for reading", tree=str(tree), files=opened)


def _missing(path: Path, account: Account, wanted: int) -> int:
    """Which of the wanted bits, given for "others", the account's own class of user lacks."""
    entry = path.stat()
    if entry.st_uid == account.uid:
        wanted <<= 6
    elif entry.st_gid == account.gid:
        wanted <<= 3
    return wanted & ~entry.st_mode


def _add(path: Path, bits: int) -> None:
    try:
        path.chmod(stat.S_IMODE(path.stat().st_mode) | bits)
    except OSError as error:
        raise StackError(
            f"Postgres runs as the user {ACCOUNT_NAME!r} and cannot get to {path}"
            f" ({error.strerror}). Run as an ordinary user, or move the data folder and the virtual"
            " environment to a place that other users may pass through."
        ) from error


def _create() -> pwd.struct_passwd:
    command = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    advice = "Run `stibnite up` as an ordinary user instead, or set DATABASE_URL."
    if command is None:
        raise StackError(
            f"Postgres does not run as root, and the user {ACCOUNT_NAME!r} cannot be created for it"
            f" because this system has no useradd. {advice}"
        )
    options = ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    done = subprocess.run(  # noqa: S603 - fixed arguments
        [command, *options, ACCOUNT_NAME],
        capture_output=True,
        text=True,
        timeout=_USERADD_TIMEOUT_S,
        check=False,
    )
    try:
        entry = pwd.getpwnam(ACCOUNT_NAME)  # also when somebody else created it meanwhile
    except KeyError:
        raise StackError(
            f"Postgres does not run as root, and creating the user {ACCOUNT_NAME!r} for it failed:"
            f" {done.stderr.strip()}. {advice}"
        ) from None
    log.info("system user created", user=ACCOUNT_NAME, uid=entry.pw_uid)
    return entry
