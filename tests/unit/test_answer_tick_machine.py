"""Random faults in random order: no accepted tick is lost, and nothing is said twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from adapters.chats.telex import message_of
from application import aws_errors, errors
from application.answer import Answer, Outcome
from application.check_spend import Asker, CheckSpend, Costs, SpendChecked
from application.monitor import Monitor
from application.notice import Notice
from application.ports.dead_letters import TickState
from application.ports.ledger import Page
from application.ports.work_queue import Lease
from domain.periods import Period
from domain.reports import Report
from domain.settling import Settling
from domain.thresholds import Verdict
from tests.doubles.fakes.channel import FakeChannel
from tests.doubles.fakes.world import DAY, KEY, URL, World, bill, settings

URLS = [URL, URL + "-2"]
THRESHOLDS = ["100", "20"]
ALIKE = [settings(THRESHOLDS[0]), settings(THRESHOLDS[0], interval="1 1 * * *")]
TICKS = [*ALIKE, settings(THRESHOLDS[1]), settings("ten")]
AMOUNTS = ["10", "50", "250"]

STAGGER = st.sampled_from([0, 1, 2, 3, 5, 8])
"""Steps of the event loop between the starts of two ticks."""

Said = tuple[object, ...]


@dataclass(slots=True)
class Attempt:
    """One try at one tick, as it is seen from outside.

    Args:
        lease: The tick.
        url: Its channel.
        raw: Its settings.
        reports: What the check found to say, if it came so far.
        said: What was delivered.
    """

    lease: Lease
    url: str
    raw: bytes
    reports: list[Report] | None = None
    said: list[Said] = field(default_factory=list)


current: ContextVar[Attempt] = ContextVar("attempt")


@dataclass(frozen=True, slots=True)
class WatchedCheckSpend(CheckSpend):
    """Notes for the current attempt what there is to say."""

    async def reports(
        self,
        monitor: Monitor,
        asker: Asker,
        costs: Costs,
        page: Page,
        settling: Settling,
        *,
        at_once: bool = True,
    ) -> SpendChecked:
        """Check."""
        checked = await CheckSpend.reports(self, monitor, asker, costs, page, settling, at_once=at_once)
        current.get().reports = checked.reports
        return checked


class WatchedChannel(FakeChannel):
    """Counts what is delivered, by what it says: never two alike."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: Counter[Said] = Counter()

    async def post(self, return_url: str, notice: Notice) -> None:
        """Deliver, after others had a chance to come in between."""
        await asyncio.sleep(0)
        await super().post(return_url, notice)
        attempt = current.get()
        if attempt.reports is None:
            said: Said = (return_url, attempt.raw, message_of(notice).text)
        else:
            verdicts = [
                (report.period, report.before.verdicts[-1] if report.before else None, report.verdict)
                for report in attempt.reports
            ]
            said = (return_url, attempt.reports[0].threshold, *verdicts)
        attempt.said.append(said)
        self.heard[said] += 1
        await asyncio.sleep(0)


async def steps(count: int) -> None:
    """Let the other tasks go on by so many steps."""
    for _ in range(count):
        await asyncio.sleep(0)


class AnswerTickMachine(RuleBasedStateMachine):
    """One process on one disk, with everything around it failing now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = World()
        self.heard_by = self.world.channel = WatchedChannel()
        self.lag = 0
        self.amounts: dict[date, str] = {}
        self.accepted: dict[str, tuple[str, bytes]] = {}
        self.asked_on: dict[str, date] = {}
        self.finished: set[str] = set()
        self.delivered: dict[str, Said] = {}
        self.may_repeat: Counter[Said] = Counter()
        self.start_process()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run to the end."""
        return self.loop.run_until_complete(work)

    def start_process(self) -> None:
        """A new process has nothing in memory: what it had delivered and not recorded may be repeated."""
        self.may_repeat.update(self.delivered.values())
        self.delivered.clear()
        self.world.restart()
        check = self.world.check_spend
        watched = WatchedCheckSpend(check.access, check.identity, check.cost_source)
        self.world.answer_tick = replace(self.world.answer_tick, check_spend=watched)

    @rule(calls=st.lists(st.tuples(st.sampled_from(URLS), st.sampled_from(TICKS)), min_size=1, max_size=4))
    def ticks(self, calls: list[tuple[str, bytes]]) -> None:
        """Telex calls."""
        for url, raw in calls:
            self.tick(url, raw)

    @rule(url=st.sampled_from(URLS), stagger=STAGGER)
    def two_ticks_at_once(self, url: str, stagger: int) -> None:
        """Two installations of one monitor in one channel call, and both ticks are worked on."""
        self.ticks([(url, raw) for raw in ALIKE])
        self.work(4, stagger)

    def tick(self, url: str, raw: bytes) -> None:
        """Accept a tick, if storage can."""
        try:
            accepted = self.run(self.world.accept(raw, url))
        except errors.StorageUnavailable:
            return
        if accepted.stored:
            self.accepted[accepted.tick_id] = (url, raw)
            self.asked_on[accepted.tick_id] = self.world.today

    @rule(
        by=st.sampled_from([timedelta(seconds=1), timedelta(minutes=1), timedelta(minutes=10), DAY / 3, DAY])
    )
    def time_passes(self, by: timedelta) -> None:
        """The clock moves, and AWS publishes."""
        self.world.clock.move(by)
        self.publish()

    @rule(back=st.integers(1, 4), amount=st.sampled_from(AMOUNTS), lag=st.sampled_from([0, 0, 1]))
    def figures_change(self, back: int, amount: str, lag: int) -> None:
        """A closed day becomes dearer or cheaper, or the newest is not published yet."""
        self.amounts[self.world.today - back * DAY] = amount
        self.lag = lag
        self.publish()

    def publish(self) -> None:
        """Bring AWS's bill up to the clock's day."""
        days = bill(self.world.today - self.lag * DAY)
        self.world.account.bill = {day: {"Amazon EC2": self.amounts.get(day, "10")} for day in days}

    @rule(
        error=st.sampled_from(
            [
                aws_errors.AwsUnavailable("Away."),
                aws_errors.AwsBusy("Soon."),
                aws_errors.PermissionMissing("No."),
                None,
            ]
        )
    )
    def aws_fails(self, error: aws_errors.AwsError | None) -> None:
        """AWS is away, says no, or is well again."""
        self.world.aws.fail(KEY, error)

    @rule(
        error=st.sampled_from(
            [
                errors.ChannelUnavailable("Away."),
                errors.ChannelUnavailable("Later.", 60),
                errors.ChannelRefused("No."),
            ]
        ),
        times=st.integers(0, 3),
    )
    def channel_fails(self, error: errors.ChannelUnavailable | errors.ChannelRefused, times: int) -> None:
        """The next posts fail, or Telex is well again."""
        self.world.channel.failures.clear()
        self.world.channel.failures.extend([error] * times)

    @rule(places=st.sampled_from([0, 1, 1000, 1000]))
    def lanes_change(self, places: int) -> None:
        """The channel's host has few places, or many."""
        self.world.channel.places = places

    @rule(accesses=st.sampled_from([None, 0, 1, 5, 20]))
    def disk_changes(self, accesses: int | None) -> None:
        """Storage fails, now or soon, or works again."""
        self.world.disk.left = accesses

    @rule(limit=st.integers(1, 4), stagger=STAGGER)
    def work(self, limit: int, stagger: int) -> None:
        """A few due ticks are worked on at the same time."""
        self.run(self.work_on(self.run(self.world.lease(limit)), stagger))

    @rule(stagger=STAGGER)
    def work_on_what_comes_back(self, stagger: int) -> None:
        """What is paused, or was on lease, is due, and is worked on."""
        if due := self.run(self.world.next_due()):
            self.world.clock.move_to(due.at)
            self.publish()
            self.work(4, stagger)

    @rule(accesses=st.integers(0, 8))
    def work_while_the_disk_fails(self, accesses: int) -> None:
        """Storage fails in the middle of the work, and works again afterwards."""
        self.world.disk.break_after(accesses)
        self.work(2, stagger=0)
        self.world.disk.mend()

    @rule(steps=st.integers(1, 25))
    def work_and_be_killed(self, steps: int) -> None:
        """The process is killed while it works, and another one starts."""
        self.run(self.work_on(self.run(self.world.lease(2)), kill_after=steps))
        self.start_process()

    async def work_on(self, leases: Sequence[Lease], stagger: int = 0, kill_after: int | None = None) -> None:
        """Answer all at once, each some steps of the event loop after the other; or stop dead."""
        tasks = []
        for lease in leases:
            tasks.append(asyncio.create_task(self.answer(lease)))
            await steps(stagger)
        if kill_after is not None:
            await steps(kill_after)
            for task in tasks:
                task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if result is not None and not isinstance(
                result, (errors.StorageUnavailable, asyncio.CancelledError)
            ):
                raise result

    async def answer(self, lease: Lease) -> None:
        """Answer one tick, and check that its end is justified."""
        attempt = Attempt(lease, *self.accepted[lease.tick.id])
        current.set(attempt)
        try:
            answer = await self.world.answer_tick.execute(lease)
        finally:
            if attempt.said:
                self.delivered[lease.tick.id] = attempt.said[-1]
        self.delivered.pop(lease.tick.id, None)
        self.check_end(attempt, answer)

    def check_end(self, attempt: Attempt, answer: Answer) -> None:
        """Whatever is said of a tick's end is true."""
        match answer.outcome:
            case Outcome.TOLD:
                assert attempt.reports
                assert len(attempt.said) == 1
            case Outcome.FAILURE_TOLD:
                assert len(attempt.said) == 1
            case Outcome.WAITS:
                assert answer.reason
                assert answer.until
                assert not attempt.reports
            case Outcome.SILENT if attempt.reports is None:
                assert any(said[0] == attempt.url for said in self.heard_by.heard)
            case Outcome.SILENT:
                assert attempt.reports == []
            case Outcome.RETRY | Outcome.GIVEN_UP:
                assert answer.reason
                return
        if answer.until is None:
            self.finished.add(attempt.lease.tick.id)

    @invariant()
    def no_tick_is_lost(self) -> None:
        """Every tick is in the inbox, or was answered."""
        entries = {entry.id: entry for entry in self.run(self.world.inbox.entries())}
        gone = set(self.accepted) - set(entries)
        assert gone <= self.finished
        assert all(entry.reason for entry in entries.values() if entry.state is TickState.GIVEN_UP)

    @invariant()
    def nothing_is_said_twice(self) -> None:
        """A report is repeated only where a kill fell between its post and its record, and then once."""
        repeated = {said: count - 1 for said, count in self.heard_by.heard.items() if count > 1}
        assert all(count <= self.may_repeat[said] for said, count in repeated.items())

    @invariant()
    def the_ledger_makes_sense(self) -> None:
        """No period is in the ledger with one verdict twice in a row."""
        for url in URLS:
            for threshold in THRESHOLDS:
                page = self.run(self.world.page(threshold, return_url=url))
                for told in page.told.values():
                    assert all(a is not b for a, b in zip(told.verdicts, told.verdicts[1:], strict=False))

    def teardown(self) -> None:
        """When everything works again, every tick comes to an end, and every channel knows the truth."""
        try:
            self.heal()
            self.run_for(3 * DAY)
            assert {entry.state for entry in self.run(self.world.inbox.entries())} <= {TickState.GIVEN_UP}
            assert self.world.answer_tick.say_once.unrecorded == {}
            self.every_period_was_told()
            self.every_channel_knows_the_truth()
        finally:
            self.loop.close()

    def heal(self) -> None:
        """End all faults."""
        self.world.disk.mend()
        self.world.aws.fail(KEY, None)
        self.world.channel.failures.clear()
        self.world.channel.places = 1000
        self.lag = 0
        self.publish()

    def run_for(self, time: timedelta) -> None:
        """Work as each tick is due, until nothing is left or so much time has passed."""
        end = self.world.clock.now() + time
        self.run(self.work_on(self.run(self.world.lease(100))))
        while (due := self.run(self.world.next_due())) and due.at <= end:
            self.world.clock.move_to(due.at)
            self.run(self.work_on(self.run(self.world.lease(100))))

    def every_period_was_told(self) -> None:
        """No tick has ended without its period having been told, or why it could not be."""
        for tick_id in self.finished & set(self.asked_on):
            url, raw = self.accepted[tick_id]
            day = self.asked_on[tick_id]
            pages = [self.run(self.world.page(each, return_url=url)) for each in THRESHOLDS]
            told = pages[THRESHOLDS.index("20" if raw == TICKS[2] else "100")].told
            failure_told = any(said[:2] == (url, raw) for said in self.heard_by.heard)
            assert Period(day - DAY, day) in told or failure_told

    def every_channel_knows_the_truth(self) -> None:
        """One more tick, and the last word on every day that AWS may still change is true."""
        for url in URLS:
            for threshold in THRESHOLDS:
                self.publish()
                today = self.world.today
                self.tick(url, settings(threshold))
                self.run_for(2 * DAY)  # a day that is cheaper than its like is waited for
                told = self.run(self.world.page(threshold, return_url=url)).told
                assert Period(today - DAY, today) in told
                for period, one in told.items():
                    if period.end > today - 7 * DAY:
                        amount = self.amounts.get(period.start, "10")
                        truth = Verdict.EXCEEDED if float(amount) > float(threshold) else Verdict.WITHIN
                        assert one.verdicts[-1] is truth or not one.allows(truth, today)
        self.nothing_is_said_twice()


AnswerTickMachine.TestCase.settings = hypothesis_settings(
    max_examples=60, stateful_step_count=50, deadline=None
)
TestAnswerTick = AnswerTickMachine.TestCase
