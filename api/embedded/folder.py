"""The data folder: where the embedded parts keep their data, logs, passwords and ports."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.embedded.errors import StackError

_SECRET_BYTES = 32
_LONGEST_SECRET = 256


class DataFolder:
    """The paths below one ``--data-dir``, all absolute.

    Opening creates the folder, for its owner alone.

    Raises:
        StackError: the folder cannot be made, or belongs to another user.
    """

    def __init__(self, root: Path):
        self.root = root.expanduser().resolve()
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.logs.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StackError(
                f"The data folder {self.root} cannot be used: {error.strerror}. Choose another one"
                " with --data-dir."
            ) from error
        owner = self.root.stat().st_uid
        if os.geteuid() not in {0, owner}:
            raise StackError(
                f"The data folder {self.root} belongs to another user (uid {owner}). Run as that"
                " user, or choose another folder with --data-dir."
            )

    @property
    def logs(self) -> Path:
        """The folder of the parts' own output."""
        return self.root / "logs"

    def log(self, part: str) -> Path:
        """The file that holds the output of one part."""
        return self.logs / f"{part}.log"

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Holds the folder for one supervisor; the kernel lets go however the process ends.

        Raises:
            StackError: another process holds it.
        """
        # Opened without truncation: until the lock is ours, the file tells of its holder.
        descriptor = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
                raise StackError(
                    f"A stack is already running on {self.root} (process {holder}). Stop it first,"
                    " or choose another folder with --data-dir."
                ) from None
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
            yield
        finally:
            os.close(descriptor)


def kept_secret(path: Path) -> str:
    """The secret in a file, made at the first call: 32 random bytes as URL-safe text, mode 0600."""
    try:
        return stored_secret(path)
    except FileNotFoundError:
        value = secrets.token_urlsafe(_SECRET_BYTES)
        write_private(path, value + "\n")
        return value


def stored_secret(path: Path) -> str:
    """The secret in an existing file.

    Raises:
        FileNotFoundError: it was never made.
        StackError: the file holds no usable secret.
    """
    value = path.read_text(encoding="ascii", errors="replace").strip()
    if not value or len(value) > _LONGEST_SECRET:
        raise StackError(f"{path} should hold one secret on one line. Put the right one back.")
    return value


def write_private(path: Path, text: str) -> None:
    """Replaces a file in one step, readable by its owner only, and durable before it is seen."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
