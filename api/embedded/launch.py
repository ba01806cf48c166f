"""Turns itself into a part: drops privileges, ties the part's life to its parent's, executes it.

Run as a script by ``process.py``. It stands between fork and exec because the kernel forgets the
parent-death signal when privileges change, so somebody must ask for it after that and before the
part runs; Python's ``preexec_fn`` could, but is not safe in a process that has threads.

Arguments: parent's pid, death signal, uid and gid to become (-1: stay), the names of the
environment variables to keep (comma-separated; "*": all), then the command. Imports nothing of this
product: it starts in isolated mode, in some 20 ms. The environment is cut here and not by the
parent, because this interpreter may itself need a variable to start, such as the path of its shared
library.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def _become(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _die_with(parent: int, death_signal: int) -> None:
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    # The parent may have ended before the request was made; then no signal will ever come.
    if os.getppid() != parent:
        sys.exit("The supervisor ended before this part had started.")


def _environment(kept: list[str]) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if kept == ["*"] or name in kept}


def _launch() -> None:
    parent, death_signal, uid, gid = (int(each) for each in sys.argv[1:5])
    kept, command = sys.argv[5].split(","), sys.argv[6:]
    if uid >= 0:
        _become(uid, gid)
    _die_with(parent, death_signal)
    # Python ignores these two for itself, and an ignored signal stays ignored across exec.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.umask(0o077)
    try:
        os.execve(command[0], command, _environment(kept))  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.exit(f"{command[0]} cannot be executed: {error.strerror}")


if __name__ == "__main__":
    _launch()
