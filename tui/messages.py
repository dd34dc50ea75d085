"""What background work tells the app: past-tense facts with a frozen payload."""

from dataclasses import dataclass

from textual.message import Message

from core.progress import Progress


@dataclass(frozen=True)
class Ended:
    """How a job of the app ended; exactly one of `result` and `error` counts."""

    job: int
    name: str
    result: object = None
    error: BaseException | None = None


class JobProgressed(Message):
    """A job came further; a newer one of the same job replaces an older one in the queue."""

    def __init__(self, job: int, name: str, progress: Progress) -> None:
        super().__init__()
        self.job = job
        self.name = name
        self.progress = progress

    def can_replace(self, message: Message) -> bool:
        """Whether this message makes a queued one superfluous."""
        return isinstance(message, JobProgressed) and message.job == self.job


class JobFinished(Message):
    """A job returned its result."""

    def __init__(self, ended: Ended) -> None:
        super().__init__()
        self.ended = ended


class JobFailed(Message):
    """A job raised an error."""

    def __init__(self, ended: Ended) -> None:
        super().__init__()
        self.ended = ended
