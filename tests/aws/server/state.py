"""What one server knows: its faults, its rights, its twin."""

from pathlib import Path

from core.comprehend.engine import TwinOptions
from tests.aws.server.faults import Faults
from tests.aws.server.identity import USER_ARN
from tests.aws.server.objects import SharedObjects
from tests.aws.server.surprises import Surprises
from tests.aws.server.twin import TwinService


class ServerState:
    """State of one server; a test changes it at any time.

    Args:
        root: the twin's folder.
    """

    def __init__(self, root: Path) -> None:
        self.options = TwinOptions()
        """How the twin behaves from the next request on."""
        self.faults = Faults()
        """What goes wrong on the wire."""
        self.surprises = Surprises()
        """What is told otherwise than it is."""
        self.denied: set[str] = set()
        """IAM actions that nobody may do, such as ``s3:PutObject``."""
        self.role_denied: set[str] = set()
        """IAM actions that the data access role may not do."""
        self.caller_arn = USER_ARN
        """Who asks."""
        self.objects = SharedObjects(root, self.surprises.rewritten)
        """The bucket."""
        self.twin = TwinService(
            root,
            self.surprises,
            self.objects,
            lambda: self.options,
            lambda: self.role_denied,
        )
        """Comprehend."""
