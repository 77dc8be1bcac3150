"""What every store must do."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from application.ports.store import Store
from tests.contract.states import Harness

KEY = "costs.0123456789abcdef_A-z"
LONG = timedelta(hours=1)
SHORT = timedelta(seconds=0.5)
AFTER_SHORT = 0.6


class TestValues:
    """One value by key."""

    async def test_nothing_there(self, store: Store) -> None:
        """What was never put is not there."""
        assert await store.get(KEY) is None

    async def test_any_value(self, store: Store) -> None:
        """Bytes come back as they went in, many or none."""
        values = {"empty": b"", "every": bytes(range(256)), "large": b"x" * 300_000}
        for key, value in values.items():
            await store.put(key, value, LONG)
        assert values == {key: await store.get(key) for key in values}

    async def test_the_longest_key(self, store: Store) -> None:
        """Keys of 200 characters are told apart to the last."""
        keys = ["k" * 199 + last for last in "ab._-"]
        for key in keys:
            await store.put(key, key.encode(), LONG)
        assert [key.encode() for key in keys] == [await store.get(key) for key in keys]

    async def test_put_replaces(self, store: Store) -> None:
        """The last value counts."""
        await store.put(KEY, b"old", LONG)
        await store.put(KEY, b"new", LONG)
        assert await store.get(KEY) == b"new"

    async def test_expires(self, harness: Harness, store: Store) -> None:
        """A value is gone when its time is over; others stay."""
        await store.put(KEY, b"value", SHORT)
        await store.put("other", b"value", LONG)
        await harness.advance(AFTER_SHORT)
        assert (await store.get(KEY), await store.get("other")) == (None, b"value")

    async def test_put_renews(self, harness: Harness, store: Store) -> None:
        """The time of the last value counts."""
        await store.put(KEY, b"old", SHORT)
        await store.put(KEY, b"new", LONG)
        await harness.advance(AFTER_SHORT)
        assert await store.get(KEY) == b"new"

    async def test_remove(self, store: Store) -> None:
        """A removed value is gone; removing nothing is no error."""
        await store.put(KEY, b"value", LONG)
        await store.remove(KEY)
        await store.remove(KEY)
        assert await store.get(KEY) is None

    async def test_seen_by_another_process(self, harness: Harness, store: Store) -> None:
        """What one process keeps, every process finds."""
        await store.put(KEY, b"value", LONG)
        async with harness.another() as other:
            assert await other.store.get(KEY) == b"value"


class TestAdd:
    """A value unless one is there."""

    async def test_one_of_many(self, harness: Harness, store: Store) -> None:
        """Of many who add at once, in two processes, one succeeds; the others get its value."""
        async with harness.another() as other:
            adds = [
                each.add(KEY, str(number).encode(), LONG)
                for number, each in enumerate([store, other.store] * 10)
            ]
            outcomes = await asyncio.gather(*adds)
        kept = str(outcomes.index(None)).encode()
        assert [outcome for outcome in outcomes if outcome is not None] == [kept] * 19
        assert await store.get(KEY) == kept

    async def test_over_a_put_value(self, store: Store) -> None:
        """A value that is there stays, however it came."""
        await store.put(KEY, b"there", LONG)
        assert (await store.add(KEY, b"new", LONG), await store.get(KEY)) == (b"there", b"there")

    async def test_after_expiry(self, harness: Harness, store: Store) -> None:
        """What has expired is in nobody's way, and the new value's time counts."""
        await store.add(KEY, b"old", SHORT)
        await harness.advance(AFTER_SHORT)
        added = await store.add(KEY, b"new", LONG)
        await harness.advance(AFTER_SHORT)
        assert (added, await store.get(KEY)) == (None, b"new")

    async def test_a_refused_one_renews_nothing(self, harness: Harness, store: Store) -> None:
        """Who came too late does not lengthen the first one's time."""
        await store.add(KEY, b"first", SHORT)
        await store.add(KEY, b"late", LONG)
        await harness.advance(AFTER_SHORT)
        assert await store.get(KEY) is None

    async def test_after_removal(self, store: Store) -> None:
        """What was removed is in nobody's way."""
        await store.add(KEY, b"old", LONG)
        await store.remove(KEY)
        assert await store.add(KEY, b"new", LONG) is None


class TestCount:
    """Counters."""

    async def test_no_count_is_lost(self, harness: Harness, store: Store) -> None:
        """Of many who count at once, in two processes, everybody gets a sum of their own."""
        async with harness.another() as other:
            counts = [each.count(KEY, 1, LONG) for each in [store, other.store] * 10]
            assert list(range(1, 21)) == sorted(await asyncio.gather(*counts))

    async def test_by_more_than_one(self, store: Store) -> None:
        """Any step is added, back as well as forth."""
        assert [await store.count(KEY, by, LONG) for by in (5, 7, -1)] == [5, 12, 11]

    async def test_reading(self, store: Store) -> None:
        """Counting by 0 tells the sum and changes nothing; what was never counted is 0."""
        before = await store.count(KEY, 0, LONG)
        await store.count(KEY, 3, LONG)
        assert (before, await store.count(KEY, 0, LONG), await store.count(KEY, 0, LONG)) == (0, 3, 3)

    async def test_counters_are_apart(self, store: Store) -> None:
        """Each key has its own counter."""
        await store.count(KEY, 3, LONG)
        assert await store.count("other", 1, LONG) == 1

    async def test_expires_after_the_first_count(self, harness: Harness, store: Store) -> None:
        """A counter starts again when its time is over, and later counts do not lengthen it."""
        await store.count(KEY, 1, SHORT)
        await store.count(KEY, 1, LONG)
        await harness.advance(AFTER_SHORT)
        assert (await store.count(KEY, 0, LONG), await store.count(KEY, 1, LONG)) == (0, 1)

    async def test_reading_starts_nothing(self, harness: Harness, store: Store) -> None:
        """The time of a counter begins with its first count, not when it is read."""
        await store.count(KEY, 0, SHORT)
        await store.count(KEY, 1, LONG)
        await harness.advance(AFTER_SHORT)
        assert await store.count(KEY, 0, LONG) == 1
