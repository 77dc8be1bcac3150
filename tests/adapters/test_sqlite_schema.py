"""Which files are used, which are refused, and that a file does not grow for ever."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from adapters.state.limits import Limits
from adapters.state.moments import to_micros
from adapters.state.sqlite import housekeeping, ledger, open_sqlite_state, schema, store, ticks
from adapters.state.sqlite.engine import Engine, open_engine
from adapters.state.sqlite.inbox import SqliteInbox
from adapters.state.sqlite.ledger import SqliteLedger
from adapters.state.sqlite.owner import Owner
from adapters.state.sqlite.schema import MIGRATIONS, connect
from adapters.state.sqlite.store import SqliteStore
from adapters.state.state import StateRefused
from application.errors import StorageUnavailable
from application.ports.ledger import Claim, Page
from application.ports.work_queue import NOTHING_YET, Progress, Why
from tests.contract.inboxes import FAILED
from tests.contract.states import a_tick
from tests.doubles.fakes.clock import FixedClock

DAY = timedelta(days=1)


@pytest.fixture
def clock() -> FixedClock:
    """The time."""
    return FixedClock()


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    """An engine on a new file."""
    async with open_engine(tmp_path / "state.db") as opened:
        yield opened


@pytest.fixture
def inbox(engine: Engine, clock: FixedClock) -> SqliteInbox:
    """An inbox in the engine's file."""
    return SqliteInbox(engine, Owner(engine.path), clock, Limits(10**6), timedelta(minutes=2))


async def a_used_file(path: Path) -> Path:
    """A file with some pages of ticks in it."""
    clock = FixedClock()
    async with open_sqlite_state(path, clock, 1000) as state:
        await asyncio.gather(*[state.inbox.put(a_tick(clock.now())) for _ in range(200)])
    return path


class TestRefusal:
    """Files that are not used, and not touched."""

    @staticmethod
    def spoil_the_header(path: Path) -> None:
        """Write over the first bytes."""
        with path.open("r+b") as file:
            file.write(b"no longer what it was")

    @staticmethod
    def spoil_the_middle(path: Path) -> None:
        """Write over whole pages."""
        with path.open("r+b") as file:
            file.seek(path.stat().st_size // 4096 // 2 * 4096)
            file.write(b"\xa5" * 8192)

    @staticmethod
    def cut(path: Path) -> None:
        """Lose the second half."""
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size // 2)

    @staticmethod
    def write_text(path: Path) -> None:
        """Be no database at all."""
        path.write_text("Dear diary, today I was taken for a database.\n" * 100)

    @staticmethod
    def belong_to_another(path: Path) -> None:
        """Be another program's database."""
        path.unlink()
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE diary (entry)")
        connection.close()

    @staticmethod
    def come_from_the_future(path: Path) -> None:
        """Be written by a later version."""
        connection = sqlite3.connect(path)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
        connection.close()

    @pytest.mark.parametrize(
        ("happen", "reason"),
        [
            (spoil_the_header, "damaged"),
            (spoil_the_middle, "damaged"),
            (cut, "damaged"),
            (write_text, "damaged"),
            (belong_to_another, "another program"),
            (come_from_the_future, "version"),
        ],
    )
    async def test_left_as_it_is(self, tmp_path: Path, happen: Callable[[Path], None], reason: str) -> None:
        """A file that must not be used is refused in one line that names it, and not a byte is changed."""
        path = await a_used_file(tmp_path / "state.db")
        happen(path)
        before = path.read_bytes()
        with pytest.raises(StateRefused) as refusal:
            async with open_sqlite_state(path, FixedClock(), 100):
                pass
        text = str(refusal.value)
        assert before == path.read_bytes()
        assert (str(path) in text, reason in text, len(text.splitlines())) == (True, True, 1)

    async def test_damage_beside_a_log(self, tmp_path: Path) -> None:
        """After a crash, too, neither the damaged file nor its log is changed."""
        clock = FixedClock()
        used = await a_used_file(tmp_path / "used.db")
        crashed = [tmp_path / "state.db", tmp_path / "state.db-wal"]
        async with open_sqlite_state(used, clock, 1000) as state:
            await state.inbox.put(a_tick(clock.now()))
            for source, copy in zip((used, tmp_path / "used.db-wal"), crashed, strict=True):
                shutil.copy(source, copy)
        self.spoil_the_middle(crashed[0])
        before = [path.read_bytes() for path in crashed]
        with pytest.raises(StateRefused):
            async with open_sqlite_state(crashed[0], clock, 100):
                pass
        assert before == [path.read_bytes() for path in crashed]

    async def test_no_folder(self, tmp_path: Path) -> None:
        """A file that cannot be made is an error of one line."""
        with pytest.raises(StorageUnavailable, match="No such file or directory") as error:
            async with open_sqlite_state(tmp_path / "nowhere" / "state.db", FixedClock(), 100):
                pass
        assert len(str(error.value).splitlines()) == 1


class TestAcceptance:
    """Files that are used."""

    async def test_survives_reopening(self, tmp_path: Path, clock: FixedClock) -> None:
        """What was stored is there in the next life of the process."""
        path = tmp_path / "state.db"
        tick = a_tick(clock.now())
        async with open_sqlite_state(path, clock, 100) as state:
            await state.inbox.put(tick)
            await state.ledger.update("channel", "topic", lambda _: Page(failures={"code": "2026-11-23"}))
            await state.store.put("key", b"value", DAY)
        async with open_sqlite_state(path, clock, 100) as state:
            (lease,) = await state.inbox.lease(1, 0)
            page = await state.ledger.read("channel", "topic")
            assert (tick, {"code": "2026-11-23"}, b"value") == (
                lease.tick,
                page.failures,
                await state.store.get("key"),
            )

    async def test_an_empty_file(self, tmp_path: Path) -> None:
        """A file of no bytes is a new database."""
        path = tmp_path / "state.db"
        path.touch()
        async with open_sqlite_state(path, FixedClock(), 100) as state:
            assert (await state.inbox.depth()).unfinished == 0

    async def test_nobody_else_may_read_it(self, tmp_path: Path) -> None:
        """The file and what lies beside it are the owner's alone."""
        async with open_sqlite_state(tmp_path / "state.db", FixedClock(), 100) as state:
            await state.inbox.probe()
            modes = await asyncio.to_thread(
                lambda: {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()}
            )
        assert modes == {0}

    async def test_every_version_leads_to_the_present_one(self, tmp_path: Path) -> None:
        """A file of any earlier version is brought forward, and is then like a new one."""
        new = connect(tmp_path / "new.db", 1)
        expected = new.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
        new.close()
        for version in range(len(MIGRATIONS)):
            path = tmp_path / f"{version}.db"
            old = sqlite3.connect(path, isolation_level=None)
            for number, statements in enumerate(MIGRATIONS[:version], start=1):
                for statement in statements:
                    old.execute(statement)
                old.execute(f"PRAGMA user_version = {number}")
                old.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
            old.close()
            migrated = connect(path, 1)
            assert (
                expected
                == migrated.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
            )
            migrated.close()

    async def test_what_waited_in_version_1_goes_on(self, tmp_path: Path, clock: FixedClock) -> None:
        """A paused tick has its failures behind it, however often it was leased; nothing else is counted."""
        path, now = tmp_path / "state.db", to_micros(clock.now())
        old = sqlite3.connect(path, isolation_level=None)
        for statement in (*MIGRATIONS[0], "PRAGMA user_version = 1"):
            old.execute(statement)
        old.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        for id_, stood, attempts in (("paused", "paused", 7), ("killed", "leased", 9), ("new", "waiting", 0)):
            old.execute(
                "INSERT INTO tick (id, channel, twin, accepted_at, turn, state, at, attempts, payload)"
                " VALUES (?, 'c', ?, ?, ?, ?, ?, ?, x'00')",
                (id_, id_, now, now, stood, now, attempts),
            )
        old.execute("INSERT INTO given_up VALUES (9, 'g', 'c', 'g', ?, ?, 4, 'refused', x'01')", (now, now))
        old.execute("INSERT INTO page VALUES ('c', 't', 3, ?, '{}')", (now,))
        old.close()
        async with open_sqlite_state(path, clock, 100) as state:
            assert await state.inbox.revive() == 1
            leases = {lease.tick.id: lease for lease in await state.inbox.lease(10, 0)}
            page = await state.ledger.update("c", "t", lambda _: Page(failures={"code": "2026-11-23"}))
            assert page == await state.ledger.read("c", "t")
        assert {id_: (lease.attempt, lease.progress) for id_, lease in leases.items()} == {
            "paused": (1, Progress(failures=7, failing_since=clock.now())),
            "killed": (1, NOTHING_YET),
            "new": (1, NOTHING_YET),
            "g": (1, NOTHING_YET),
        }

    async def test_another_process_was_faster(self, tmp_path: Path) -> None:
        """Who waited to make the tables, and then finds them there, leaves them alone."""
        path = tmp_path / "state.db"
        slow = sqlite3.connect(path, isolation_level=None)
        connect(path, 1).close()
        schema._migrate(slow, path)
        assert slow.execute("SELECT count(*) FROM tally").fetchone() == (1,)
        slow.close()


class TestSize:
    """No file grows for ever."""

    async def test_answered_ticks_leave_room(
        self, engine: Engine, inbox: SqliteInbox, clock: FixedClock
    ) -> None:
        """The file is as large after ten rounds of ticks as after the first."""
        sizes = []
        for _ in range(10):
            await asyncio.gather(*[inbox.put(a_tick(clock.now())) for _ in range(300)])
            leases = await inbox.lease(300, 0)
            await asyncio.gather(*[inbox.acknowledge(lease) for lease in leases])
            sizes.append(await engine.read(_file_pages))
        assert sizes[-1] <= sizes[0] * 1.1

    async def test_a_burst_is_forgotten(
        self, engine: Engine, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After a burst the room is given back to the disk, bite by bite, except for some in reserve."""
        monkeypatch.setattr(housekeeping, "FREE_PAGES_KEPT", 50)
        kept = SqliteStore(engine, clock)
        await asyncio.gather(*[kept.put(f"key-{number}", bytes(5000), DAY) for number in range(1000)])
        full = await engine.read(_file_pages)
        clock.move(2 * DAY)
        bites = await tidy_up(engine, clock)
        assert (full > 1000, await engine.read(_file_pages) < 100) == (True, True)
        assert bites > 5

    async def test_what_nobody_asks_for_is_pruned(
        self, engine: Engine, inbox: SqliteInbox, clock: FixedClock
    ) -> None:
        """Given-up ticks are kept for 30 days, pages for 400, 40 or none, values for a time, ticks always."""
        pages, kept = SqliteLedger(engine, clock), SqliteStore(engine, clock)
        await pages.update("channel", "costs", lambda _: Page(since=date(2026, 11, 23)))
        await pages.update("channel", "settings", lambda _: Page(failures={"code": "2026-11-23"}))
        await pages.update("channel", "nobody", lambda _: Page(claim=Claim("tick", clock.now())))
        await kept.put("key", b"value", DAY)
        await inbox.put(a_tick(clock.now()))
        (lease,) = await inbox.lease(1, 0)
        await inbox.give_up(lease, "refused")
        await inbox.put(a_tick(clock.now()))
        counts = []
        for days in (0, 2, 31, 41, 401):
            clock.move_to(FixedClock().now() + days * DAY)
            await tidy_up(engine, clock)
            counts.append(await engine.read(_rows))
        assert counts == [(1, 1, 3, 1), (0, 1, 2, 1), (0, 0, 2, 1), (0, 0, 1, 1), (0, 0, 0, 1)]
        assert (await inbox.depth()).given_up == 0


async def tidy_up(engine: Engine, clock: FixedClock) -> int:
    """Keep house until there is nothing to do; how many bites it took."""
    bites = 1
    while await engine.write(housekeeping.tidy, to_micros(clock.now()), 10**6):
        bites += 1
    return bites


def _file_pages(connection: sqlite3.Connection) -> int:
    pages: int = connection.execute("PRAGMA page_count").fetchone()[0]
    return pages


def _rows(connection: sqlite3.Connection) -> tuple[int, ...]:
    counts = (
        connection.execute(f"SELECT count(*) FROM {table}")  # noqa: S608  # constants only
        for table in ("stored", "given_up", "page", "tick")
    )
    return tuple(count.fetchone()[0] for count in counts)


class TestCost:
    """Nothing costs more as there is more."""

    async def test_every_statement_finds_its_rows_by_index(self, engine: Engine) -> None:
        """No statement reads a table from end to end, or sorts what it has read."""
        statements = {
            f"{module.__name__}.{name}": text
            for module in (ticks, ledger, store, housekeeping)
            for name, text in vars(module).items()
            if isinstance(text, str) and text.strip().split()[0] in {"SELECT", "INSERT", "UPDATE", "DELETE"}
        }
        # One row, no row, or the first rows in the order of the table itself.
        harmless = {"SCAN tally", "SCAN CONSTANT ROW"}
        first_rows = {
            f"{ticks.__name__}.{name}" for name in ("OLDEST", "GIVEN_UP", "UNFINISHED", "DROP_OLDEST")
        }

        def steps(connection: sqlite3.Connection) -> dict[str, list[str]]:
            return {
                name: [
                    row[3]
                    for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", [None] * text.count("?"))
                    if row[3].startswith(("SCAN", "USE TEMP")) and row[3] not in harmless
                ]
                for name, text in statements.items()
            }

        one_channels = {f"{ledger.__name__}.NEWEST"}  # are few, and sorted
        costly = {name for name, found in (await engine.read(steps)).items() if found}
        assert (costly, len(statements) > 25) == (first_rows | one_channels, True)

    @pytest.mark.parametrize("statement", [ledger.READ, ledger.KNOWN, ledger.NEWEST])
    async def test_a_channels_pages_are_found_among_all_by_the_channel(
        self, engine: Engine, statement: str
    ) -> None:
        """And not among all that say the same or are as old: a million channels may have one."""

        def plan(connection: sqlite3.Connection) -> list[str]:
            plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", [None] * statement.count("?"))
            return [row[3] for row in plan if row[3].startswith("SEARCH")]

        (search,) = await engine.read(plan)
        assert "(channel=?" in search

    async def test_a_tick_costs_the_same_behind_a_backlog(
        self, engine: Engine, inbox: SqliteInbox, clock: FixedClock
    ) -> None:
        """As many of SQLite's steps with 5,000 others waiting, half of them for news, as with a hundred."""
        few = [await self.steps_of_a_tick(engine, inbox, clock, backlog=100) for _ in range(2)]
        many = await self.steps_of_a_tick(engine, inbox, clock, backlog=5000)
        assert many <= 1.5 * max(few)

    async def steps_of_a_tick(
        self, engine: Engine, inbox: SqliteInbox, clock: FixedClock, backlog: int
    ) -> int:
        """SQLite's steps for one tick's way through the inbox, and a look at it."""
        await asyncio.gather(*[inbox.put(a_tick(clock.now(), channel="loud")) for _ in range(backlog)])
        paused = await inbox.lease(backlog // 2, 0)
        await asyncio.gather(
            *[inbox.pause(lease, clock.now() + DAY, "not published", Why.NEWS, FAILED) for lease in paused]
        )
        steps = 0

        def step() -> None:
            nonlocal steps
            steps += 1

        await engine.read(lambda connection: connection.set_progress_handler(step, 1))
        await inbox.put(a_tick(clock.now(), channel="loud"))
        first, second = await inbox.lease(2, 0)
        await inbox.acknowledge(first)
        await inbox.pause(second, clock.now() + DAY, "away", Why.FAILURE, FAILED)
        await inbox.depth()
        await inbox.entries(1)
        await engine.read(lambda connection: connection.set_progress_handler(None, 0))
        return steps
