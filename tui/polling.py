"""How often the app itself asks the engine about running jobs."""

from core.comprehend.clients import EngineSettings

_SECONDS = {"aws": 30.0, "offline": 2.0}
_SHORTEST_S = 0.25


def screen_interval_s(engine: EngineSettings) -> float:
    """Seconds between two looks: the session's own on AWS, at most four looks a second."""
    if engine.name == "aws" and engine.poll_s is not None:
        return max(engine.poll_s, _SHORTEST_S)
    return _SECONDS[engine.name]
