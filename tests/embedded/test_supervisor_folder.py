"""The data folder, its secrets and its record; ports; the way that Postgres's own user takes."""

import os
import socket
import stat
from pathlib import Path

import pytest

from api.embedded.account import Account, open_for_reading, open_the_way
from api.embedded.errors import StackError
from api.embedded.folder import DataFolder, kept_secret, stored_secret, write_private
from api.embedded.ports import choose_port, is_free
from api.embedded.record import PartRecord, ProcessRecord, StackRecord

NOBODY = Account(uid=65_534, gid=65_534)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_data_folder_is_for_its_owner_alone(folder: Path) -> None:
    made = DataFolder(folder / "new" / "data")
    assert mode(made.root) == 0o700
    assert made.root.is_absolute()


def test_a_path_that_cannot_be_a_folder_is_refused_with_a_sentence(folder: Path) -> None:
    (folder / "file").write_text("in the way")
    with pytest.raises(StackError, match="cannot be used: Not a directory"):
        DataFolder(folder / "file" / "data")


def test_only_one_may_hold_a_folder_and_the_next_may_after_it(folder: Path) -> None:
    first, second = DataFolder(folder), DataFolder(folder)
    refusal = rf"already running on .* \(process {os.getpid()}\)"
    with first.exclusive(), pytest.raises(StackError, match=refusal), second.exclusive():
        pass
    with second.exclusive():
        pass


def test_a_secret_is_made_once_and_never_readable_by_others(folder: Path) -> None:
    path = folder / "secret"
    secret = kept_secret(path)
    assert kept_secret(path) == secret == stored_secret(path)
    assert len(secret) >= 43, "32 random bytes are 43 characters"
    assert mode(path) == 0o600
    assert kept_secret(folder / "another") != secret


def test_a_broken_secret_is_named_and_not_replaced(folder: Path) -> None:
    path = folder / "secret"
    path.write_text("\n")
    with pytest.raises(StackError, match=str(path)):
        kept_secret(path)


def test_a_private_file_is_replaced_whole(folder: Path) -> None:
    path = folder / "file"
    path.write_text("old and readable")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert mode(path) == 0o600
    assert [each.name for each in folder.iterdir()] == ["file"]


def test_a_record_reads_back_as_written(folder: Path) -> None:
    part = PartRecord(
        port=20_001,
        process=ProcessRecord(os.getpid(), 1_700_000_000.25),
        argv=("postgres", "-D", "x"),
        stop_signals=("SIGINT", "SIGQUIT"),
        url="postgresql://stibnite@127.0.0.1:20001/stibnite",
    )
    record = StackRecord(
        supervisor=ProcessRecord(1, 2.5),
        base_url="http://127.0.0.1:8000",
        ready=True,
        external=("redis_url",),
        parts={"postgres": part},
    )
    record.write(folder / "stack.json")
    assert StackRecord.read(folder / "stack.json") == record
    # This process was not created at that time: its pid alone proves nothing.
    assert part.process is not None
    assert part.process.find() is None


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '{"format": 2}', '{"format": 1}', '{"format": 1, "parts": 3}'],
)
def test_a_record_that_cannot_be_understood_counts_as_none(folder: Path, content: str) -> None:
    (folder / "stack.json").write_text(content)
    assert StackRecord.read(folder / "stack.json") == StackRecord()
    assert StackRecord.read(folder / "absent.json") == StackRecord()


def test_a_port_in_use_is_not_free_and_another_one_is_chosen() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert not is_free("127.0.0.1", port)
        chosen = choose_port("127.0.0.1", preferred=port, taken=())
        assert chosen != port
        assert is_free("127.0.0.1", chosen)
    assert choose_port("127.0.0.1", preferred=port, taken=()) == port
    assert choose_port("127.0.0.1", preferred=port, taken={port}) != port


def test_an_address_that_is_not_ours_has_no_free_port() -> None:
    # 192.0.2.0/24 is reserved for documentation, so no machine has it.
    with pytest.raises(StackError, match=r"No free port .* on 192\.0\.2\.1"):
        choose_port("192.0.2.1", None, ())


def test_only_closed_directories_are_opened_and_only_for_passing(folder: Path) -> None:
    closed, shut, goal = (
        folder / "closed",
        folder / "closed/open/shut",
        folder / "closed/open/shut/x",
    )
    goal.mkdir(parents=True)
    for path, bits in ((closed, 0o700), (closed / "open", 0o755), (shut, 0o750), (goal, 0o700)):
        path.chmod(bits)
    open_the_way(goal, NOBODY)
    assert [mode(each) for each in (closed, closed / "open", shut)] == [0o701, 0o755, 0o751]
    assert mode(goal) == 0o700, "the goal itself is nobody's business"
    open_the_way(goal, NOBODY)
    assert mode(closed) == 0o701


def test_a_strictly_installed_tree_becomes_readable_and_not_writable(folder: Path) -> None:
    tree = folder / "tree"
    (tree / "bin").mkdir(parents=True)
    program, text = tree / "bin/postgres", tree / "text"
    program.write_text("")
    text.write_text("")
    for path, bits in ((tree, 0o700), (tree / "bin", 0o700), (program, 0o700), (text, 0o600)):
        path.chmod(bits)
    (tree / "link").symlink_to(folder / "nowhere")
    open_for_reading(tree, NOBODY)
    assert [mode(each) for each in (tree, tree / "bin", program, text)] == [
        0o705,
        0o705,
        0o705,
        0o604,
    ]
