"""Everything that can go wrong, as the application names it.

```
SpendMonitorError
├── SettingsRejected        the channel's settings cannot be used: told to the channel
├── WatchesRejected         the file of watches cannot be used: stops the start, or is told by /ready
├── WatchUnknown            a tick of a watch that is not here: looked for again, then dropped
├── AwsError                no answer from AWS: ``aws_errors.py``, and for roles ``role_errors.py``
├── ReturnUrlForbidden      a return_url that we do not call: 400 at the door, given up on later
├── ChannelRefused          the channel says no: given up on
│   └── ChannelGone         it has gone for ever, and is not called again
├── ChannelUnavailable      the channel is away: tried again
│   └── ChannelBusy         we have enough deliveries to that host in flight
│       └── SomeoneElseSpeaks  another tick is telling the channel the same just now
├── ChannelToldEnough       of what it never asked before: comes back within the hour
├── TickUnreadable          no key opens the stored tick: given up on
├── InternalError           a defect of ours: tried again
├── Quarantined             a tick that may be one that ends processes: tried alone
├── WorkerDied              a tick that seems to end processes: given up on
├── InboxFull               503 at the door
└── StorageUnavailable      503 at the door, tried again behind it
```
"""

from __future__ import annotations

from typing import ClassVar


class SpendMonitorError(Exception):
    """The root. ``code`` is short, stable and bounded: it names the cause in logs, metrics and the ledger."""

    code: ClassVar[str] = "error"


class SettingsRejected(SpendMonitorError):
    """Settings that cannot be used.

    Args:
        problems: One sentence per setting: what is wrong, what is accepted, an example. No secrets.
    """

    code = "settings-rejected"

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class WatchesRejected(SpendMonitorError):
    """A file of watches that cannot be used.

    Args:
        mistakes: One sentence for each, with the file's name, the line and the key. No secrets.
    """

    code = "watches-rejected"

    def __init__(self, *mistakes: str) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class WatchUnknown(SpendMonitorError):
    """No watch here has this name and destination: it was renamed or removed, or the file here is older."""

    code = "watch-unknown"


class ReturnUrlForbidden(SpendMonitorError):
    """A return_url that this service does not call. The text says what is accepted, never the URL."""

    code = "return-url-forbidden"


class ChannelRefused(SpendMonitorError):
    """The channel answered that it will not take the message. The text holds its reason."""

    code = "channel-refused"


class ChannelGone(ChannelRefused):
    """The channel answered that its URL is dead and stays so. The text holds no part of it."""

    code = "channel-gone"


class ChannelUnavailable(SpendMonitorError):
    """The channel could not be reached, or answered 429 or 5xx.

    Args:
        reason: One short sentence without the URL.
        retry_after: Seconds that the channel asked us to wait, if it did.
    """

    code = "channel-unavailable"

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class ChannelBusy(ChannelUnavailable):
    """As many deliveries to the channel's host are in flight as it has earned."""

    code = "channel-busy"


class SomeoneElseSpeaks(ChannelBusy):
    """Another tick of the same channel is telling the same topic just now."""

    code = "someone-else-speaks"


class ChannelToldEnough(SpendMonitorError):
    """The channel was told so much within the hour of what it never asked before that the next has to wait.

    Args:
        reason: One short sentence.
        wait: Seconds.
    """

    code = "channel-told-enough"

    def __init__(self, reason: str, wait: float) -> None:
        super().__init__(reason)
        self.wait = wait


class TickUnreadable(SpendMonitorError):
    """No key of this process opens the stored tick."""

    code = "tick-unreadable"


class InternalError(SpendMonitorError):
    """A defect of this service, or a tick that took too long. The text names a type, never a value."""

    code = "internal-error"


class Quarantined(SpendMonitorError):
    """Processes have ended while the tick was in flight, with others: it waits until it can be tried alone.

    Args:
        deaths: How many processes.
    """

    code = "quarantined"

    def __init__(self, deaths: int) -> None:
        self.deaths = deaths
        super().__init__("processes have ended while it was in flight: it is tried with no other such tick")


class WorkerDied(SpendMonitorError):
    """Process after process has ended while it worked on a tick, and on no other suspect.

    Args:
        times: How many.
    """

    code = "worker-died"

    def __init__(self, times: int) -> None:
        super().__init__(
            f"{times} times in a row the process ended, or its storage failed, while it worked on this tick"
        )


class InboxFull(SpendMonitorError):
    """As many ticks wait as the inbox may hold."""

    code = "inbox-full"


class StorageUnavailable(SpendMonitorError):
    """The state store cannot be read or written now. The text names the cause."""

    code = "storage-unavailable"
