"""The spool: every fact once and in order through crashes and drains, bounded, and nothing hidden."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.domain.errors import PrecogError
from precog_assets.store import spool as module
from precog_assets.store.spool import Spool, SpoolFull, SpoolLimits
from precog_assets.store.spool_files import STATE, Spooled, files_of, packed

QUICK = SpoolLimits(fsync=False)
Opener = Callable[..., Spool]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opener]:
    """Opens the spool of the test's folder; every one is closed at the end."""
    with ExitStack() as stack:
        yield lambda limits=QUICK: stack.enter_context(Spool(tmp_path, limits))


class Database:
    """Takes records once: what a transaction that keeps the last number does."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.applied: dict[str, int] = {}

    def taker(self, spool: Spool, *, dies_after: int | None = None) -> Any:
        """`apply` for a spool; with `dies_after`, the process dies once so many records are committed."""
        committed = 0

        def apply(records: Sequence[Spooled]) -> None:
            nonlocal committed
            known = self.applied.get(spool.spool_id, 0)
            self.bodies += [record.body for record in records if record.number > known]
            self.applied[spool.spool_id] = max(known, records[-1].number)
            committed += len(records)
            if dies_after is not None and committed >= dies_after:
                raise KeyboardInterrupt

        return apply


def waiting(spool: Spool) -> list[Spooled]:
    """What waits, looked at without being taken."""
    found: list[Spooled] = []

    def look(records: Sequence[Spooled]) -> None:
        found.extend(records)
        raise StopIteration

    with pytest.raises(StopIteration):
        spool.drain(look, batch=1_000_000)
    return found


def test_facts_are_drained_in_order_and_once(opened: Opener) -> None:
    spool, got = opened(), []
    assert spool.append("quote", b"1").last == 1
    kept = spool.append_many([("state", b"2"), ("trade", b""), ("quote", b"\x00\xff")])
    assert (kept.last, kept.kept, kept.shed, spool.depth) == (4, 3, 0, 4)
    assert spool.drain(got.extend, batch=3) == 4
    assert [(one.number, one.kind, one.body) for one in got] == [
        (1, "quote", b"1"),
        (2, "state", b"2"),
        (3, "trade", b""),
        (4, "quote", b"\x00\xff"),
    ]
    assert (spool.depth, spool.drain(got.extend), spool.state().size_bytes) == (0, 0, 0)


def test_a_batch_that_could_not_be_applied_stays_with_all_behind_it(opened: Opener) -> None:
    spool, got = opened(), []
    spool.append_many([("x", b"%d" % number) for number in range(10)])

    def apply(records: Sequence[Spooled]) -> None:
        if records[0].number > 4:
            raise PrecogError("system.database", "away again")
        got.extend(records)

    with pytest.raises(PrecogError, match="away again"):
        spool.drain(apply, batch=2)
    assert ([one.number for one in got], spool.depth) == ([1, 2, 3, 4], 6)
    spool.drain(got.extend)
    assert [one.number for one in got] == list(range(1, 11))


def test_what_the_database_has_already_is_passed_over(opened: Opener) -> None:
    spool, got = opened(), []
    spool.append_many([("x", b"%d" % number) for number in range(10)])
    assert spool.drain(got.extend, applied=7, batch=4) == 3
    assert ([one.number for one in got], spool.depth) == ([8, 9, 10], 0)


def test_one_drain_can_be_bounded(opened: Opener) -> None:
    spool, got = opened(), []
    spool.append_many([("x", b"")] * 10)
    assert (spool.drain(got.extend, batch=4, most=6), spool.depth, len(got)) == (6, 4, 6)


def test_numbers_go_on_after_everything_was_drained_and_the_spool_opened_again(opened: Opener) -> None:
    spool = opened()
    spool.append_many([("x", b"")] * 3)
    spool.drain(lambda _: None)
    first = spool.spool_id
    spool.close()
    again = opened()
    assert (again.append("x", b"").last, again.spool_id) == (4, first)


def test_a_spool_whose_state_is_lost_is_another_one_and_loses_no_fact(opened: Opener, tmp_path: Path) -> None:
    spool = opened()
    spool.append_many([("x", b"a"), ("x", b"b")])
    first = spool.spool_id
    spool.close()
    (tmp_path / STATE).write_text("{")
    again = opened()
    assert again.spool_id != first
    assert [one.body for one in waiting(again)] == [b"a", b"b"]


def test_facts_go_to_files_of_bounded_size_and_drained_files_go(opened: Opener, tmp_path: Path) -> None:
    spool = opened(SpoolLimits(file_bytes=200, fsync=False))
    for number in range(30):
        spool.append("x", b"%03d" % number * 10)
    many = len(files_of(tmp_path))
    assert many > 5
    got: list[Spooled] = []
    spool.drain(got.extend, most=15)
    assert len(files_of(tmp_path)) < many
    spool.close()
    again = opened(SpoolLimits(file_bytes=200, fsync=False))
    assert again.depth == 15
    again.drain(got.extend)
    assert [one.body for one in got] == [b"%03d" % number * 10 for number in range(30)]
    assert files_of(tmp_path) == []


def test_a_drain_that_could_not_be_noted_at_a_files_end_goes_on_behind_it(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = opened(SpoolLimits(file_bytes=200, fsync=False))
    for number in range(30):
        spool.append("x", b"%03d" % number * 10)
    write, got, failed = module.write_state, [], []

    def full(folder: Path, spool_id: str, drained: int, *, fsync: bool) -> None:
        if len(failed) < 3:
            failed.append(drained)
            raise OSError(28, "No space left on device")
        write(folder, spool_id, drained, fsync=fsync)

    monkeypatch.setattr(module, "write_state", full)
    for _ in range(3):
        with pytest.raises(PrecogError, match="cannot be noted"):
            spool.drain(got.extend)
    assert len(set(failed)) == 1, "nothing behind the first file was taken meanwhile"
    spool.drain(got.extend)
    assert [one.body for one in got] == [b"%03d" % number * 10 for number in range(30)]
    assert spool.depth == 0


def test_a_full_spool_refuses_by_name_and_keeps_nothing_of_the_call(opened: Opener) -> None:
    spool = opened(SpoolLimits(max_bytes=200, fsync=False))
    spool.append("state", b"x" * 100)
    with pytest.raises(SpoolFull, match="may hold 200") as refused:
        spool.append_many([("state", b"y"), ("state", b"z" * 100)])
    assert refused.value.code == "system.spool"
    assert [one.body for one in waiting(spool)] == [b"x" * 100]
    spool.drain(lambda _: None)
    spool.append("state", b"z" * 100)
    assert [one.number for one in waiting(spool)] == [2]


def test_kinds_that_may_go_go_first_and_are_counted(opened: Opener) -> None:
    limits = SpoolLimits(max_bytes=1000, shed_above=0.5, sheddable=frozenset({"quote"}), fsync=False)
    spool = opened(limits)
    for _ in range(10):
        spool.append("quote", b"q" * 50)
        spool.append("state", b"s" * 20)
    state = spool.state()
    assert state.shed == {"quote": 10 - sum(one.kind == "quote" for one in waiting(spool))}
    assert state.shed["quote"] > 3
    assert sum(one.kind == "state" for one in waiting(spool)) == 10
    assert (spool.append("quote", b"q" * 50).last, spool.state().shed["quote"]) == (None, state.shed["quote"] + 1)


def test_a_full_disk_is_named_and_nothing_half_written_stays(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = opened()
    spool.append("x", b"before")
    write = module.write_whole

    def full(file: Any, data: bytes) -> None:
        write(file, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_whole", full)
    with pytest.raises(SpoolFull, match="No space left"):
        spool.append("x", b"during")
    monkeypatch.setattr(module, "write_whole", write)
    spool.append("x", b"after")
    spool.close()
    again = opened()
    assert [(one.number, one.body) for one in waiting(again)] == [(1, b"before"), (2, b"after")]
    assert again.state().torn_bytes == 0


def test_a_spool_is_one_processs(opened: Opener) -> None:
    spool = opened()
    with pytest.raises(PrecogError, match="in use by another process"):
        opened()
    spool.close()
    opened().close()


def test_a_damaged_stretch_is_passed_over_counted_and_what_lies_behind_it_drained(
    opened: Opener, tmp_path: Path
) -> None:
    spool = opened()
    spool.append_many([("x", b"%d" % number * 20) for number in range(5)])
    spool.close()
    (path,) = files_of(tmp_path)
    data = bytearray(path.read_bytes())
    size = len(packed(Spooled(1, "x", b"0" * 20)))
    data[size + 30] ^= 0x40
    path.write_bytes(bytes(data))
    again = opened()
    assert [one.number for one in waiting(again)] == [1, 3, 4, 5]
    assert (again.depth, again.state().damaged_bytes, again.state().torn_bytes) == (4, size, 0)


BODIES = st.lists(st.binary(max_size=30), min_size=1, max_size=5)
STEPS = st.one_of(
    st.tuples(st.just("append"), BODIES),
    st.tuples(st.just("drain"), st.integers(1, 6)),
    st.tuples(st.just("die in drain"), st.integers(1, 6)),
    st.tuples(st.just("die in append"), st.integers(0, 100)),
    st.tuples(st.just("reopen"), st.none()),
)


@given(story=st.lists(STEPS, max_size=40), file_bytes=st.sampled_from([60, 200, 1 << 20]), batch=st.integers(1, 4))
def test_whatever_is_appended_drained_and_killed_every_fact_arrives_once_and_in_order(
    story: list[Any], file_bytes: int, batch: int
) -> None:
    limits = SpoolLimits(file_bytes=file_bytes, fsync=False)
    with tempfile.TemporaryDirectory() as name:
        folder, database, sent, number = Path(name), Database(), [], 0
        spool = Spool(folder, limits)

        def reopened(dead: Spool) -> Spool:
            dead.close()
            return Spool(folder, limits)

        for step, value in story:
            if step == "append":
                bodies = [b"%d " % (number + place) + body for place, body in enumerate(value)]
                number += len(bodies)
                spool.append_many([("x", body) for body in bodies])
                sent += bodies
            elif step == "drain":
                spool.drain(database.taker(spool), batch=batch, most=value)
            elif step == "die in drain":
                try:
                    spool.drain(database.taker(spool, dies_after=value), batch=batch)
                except KeyboardInterrupt:
                    spool = reopened(spool)
            elif step == "die in append":
                whole = packed(Spooled(spool._last + 1, "x", b"never said to be kept"))
                torn = whole[: min(value, len(whole) - 1)]
                spool.close()
                paths = files_of(folder)
                if paths:
                    paths[-1].write_bytes(paths[-1].read_bytes() + torn)
                spool = Spool(folder, limits)
                assert spool.state().torn_bytes == (len(torn) if paths else 0)
            else:
                spool = reopened(spool)
            assert len(sent) - len(database.bodies) <= spool.depth <= len(sent)
            assert spool.state().damaged_bytes == 0
        spool.drain(database.taker(spool), applied=database.applied.get(spool.spool_id, 0), batch=batch)
        assert database.bodies == sent
        assert spool.depth == 0
        spool.close()


CHILD = """
import sys
from pathlib import Path
from precog_assets.store.spool import Spool, SpoolLimits
spool = Spool(Path(sys.argv[1]), SpoolLimits(file_bytes=20_000))
number = 0
while True:
    kept = spool.append_many([("x", b"%012d" % (number + place) * 10) for place in range(7)])
    number += 7
    print(kept.last, flush=True)
"""


def test_after_kill_9_in_the_middle_of_writing_everything_said_to_be_kept_is_there(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    said = 0
    for line in child.stdout:
        said = int(line)
        if said >= 700:
            break
    os.kill(child.pid, signal.SIGKILL)
    rest = child.stdout.read().split()
    child.stdout.close()
    assert child.wait() == -signal.SIGKILL
    said = max([said, *(int(number) for number in rest)])
    spool, got = Spool(tmp_path, SpoolLimits(file_bytes=20_000)), []
    spool.drain(got.extend)
    assert [int(one.body[:12]) for one in got] == list(range(len(got)))
    assert len(got) >= said
    assert spool.append("x", b"").last == got[-1].number + 1
    spool.close()
