"""A simulated system's clock: real time plus what tests have added, so that expiry needs no waiting."""

from datetime import UTC, datetime, timedelta


class Clock:
    """The one clock of a simulated system; every stamp, expiry and rate window of it asks here."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        """Return the simulated time, aware, in UTC."""
        return datetime.now(UTC) + self._ahead

    def advance(self, seconds: float) -> datetime:
        """Move the clock forward by `seconds` and return the new time; ValueError if negative."""
        if seconds < 0:
            raise ValueError("a simulated clock only goes forward")
        self._ahead += timedelta(seconds=seconds)
        return self.now()

    def reset(self) -> None:
        """Return to real time."""
        self._ahead = timedelta(0)
