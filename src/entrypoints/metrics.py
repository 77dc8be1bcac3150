"""What is counted, for Prometheus. No label names a channel, an account or a URL: every set is bounded."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import Counter, Gauge, Histogram

from adapters.settings.watches_file import WatchesFile
from application.answer import Answer, Outcome
from application.ports.cost_source import DOLLARS_PER_REQUEST
from application.ports.inbox import Depth
from application.ports.work_queue import Lease

"""Source: AWS Cost Explorer pricing."""


def _gauge(name: str, documentation: str) -> Gauge:
    """A gauge that shows what was set last by any of several processes (see ``processes.py``)."""
    return Gauge(name, documentation, multiprocess_mode="mostrecent")


accepted = Counter("spend_monitor_ticks_accepted", "Ticks answered 202.", ["stored"])
refused = Counter("spend_monitor_ticks_refused", "Ticks not taken at the door.", ["reason"])
waiting = _gauge("spend_monitor_ticks_waiting", "Accepted ticks that are not finished.")
oldest = _gauge("spend_monitor_oldest_tick_age_seconds", "Age of the oldest unfinished tick; 0 when none.")
fullness = _gauge("spend_monitor_inbox_fullness_ratio", "Of what may wait, how much does; 1: refused.")
kept_fullness = _gauge(
    "spend_monitor_given_up_fullness_ratio",
    "Of what may be kept of given-up ticks, how much is; 1: the oldest go.",
)
late = _gauge(
    "spend_monitor_oldest_due_tick_age_seconds", "How long a tick could have been answered; 0 when none."
)
last_told = _gauge(
    "spend_monitor_last_told_timestamp", "When a channel was last told something, or the process started."
)
last_told.set_to_current_time()
kept = _gauge("spend_monitor_ticks_given_up_kept", "Given-up ticks in the inbox: see 'inbox list'.")
answered = Counter("spend_monitor_ticks_answered", "Ticks finished.", ["outcome"])
retries = Counter("spend_monitor_tick_retries", "Ticks put back to be tried again.", ["cause"])
waits = Counter(
    "spend_monitor_tick_waits", "Ticks put back to wait for AWS or for somebody to mend something.", ["cause"]
)
given_up = Counter("spend_monitor_ticks_given_up", "Ticks given up on.", ["cause"])
aws_calls = Counter("spend_monitor_aws_calls", "Calls to AWS.", ["operation", "result"])
paid_requests = Counter("spend_monitor_paid_requests", "Cost Explorer requests that AWS charges for.")
paid_dollars = Counter("spend_monitor_paid_dollars", "What those requests cost, in US dollars.")
cache_hits = Counter("spend_monitor_cost_cache_hits", "Checks answered without a paid request.")
watches_fired = Counter("spend_monitor_watches_fired", "Times of watches whose ticks were put.")
watches = _gauge("spend_monitor_watches", "Watches in force.")
watches_broken = _gauge("spend_monitor_watches_broken", "1 while the changed watches file cannot be used.")
delay = Histogram(
    "spend_monitor_tick_to_message_seconds",
    "From a tick's acceptance to the delivery of its message.",
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 86400),
)


def record_answer(lease: Lease, answer: Answer, now: datetime) -> None:
    """Count what became of a tick."""
    if answer.outcome is Outcome.RETRY:
        retries.labels(answer.cause).inc()
        return
    if answer.outcome in {Outcome.TOLD, Outcome.FAILURE_TOLD}:
        last_told.set(now.timestamp())
        delay.observe((now - lease.tick.accepted_at).total_seconds())
    if answer.until:
        waits.labels(answer.waits_for).inc()
        return
    answered.labels(answer.outcome).inc()
    if answer.outcome is Outcome.GIVEN_UP:
        given_up.labels(answer.cause).inc()


def record_aws_call(operation: str, result: str) -> None:
    """Count a call to AWS."""
    aws_calls.labels(operation, result).inc()


def record_paid_requests(count: int) -> None:
    """Count requests that AWS charges for."""
    paid_requests.inc(count)
    paid_dollars.inc(float(count * DOLLARS_PER_REQUEST))


def record_watches(file: WatchesFile) -> None:
    """Note what is in force."""
    watches.set(len(file.all()))
    watches_broken.set(bool(file.broken))


def record_depth(depth: Depth, now: datetime) -> None:
    """Note how full the inbox is."""
    waiting.set(depth.unfinished)
    kept.set(depth.given_up)
    fullness.set(depth.fullness)
    kept_fullness.set(depth.given_up_fullness)
    late.set(depth.late_by(now).total_seconds())
    age = (now - depth.oldest_accepted_at).total_seconds() if depth.oldest_accepted_at else 0
    oldest.set(max(age, 0))
