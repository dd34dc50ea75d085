"""Serve until ctrl+c, for trying the program by hand: ``python -m tests.aws.server [PORT]``.

Jobs run in processes of their own. Everything is lost when the server ends.
"""

import signal
import sys
import tempfile
import threading
from pathlib import Path

from tests.aws.server import BUCKET, REGION, ROLE_ARN, AwsServer


def main(arguments: list[str]) -> int:
    """Serve on a port, a free one by default; return the exit code."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="aws-") as folder:
        server = AwsServer(Path(folder), in_process=False)
        server.start(int(arguments[0]) if arguments else 0)
        sys.stdout.write(
            "export AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing-secret\n"
            f"comprehend-tuner --engine aws --endpoint-url {server.url} --region {REGION} "
            f"--bucket {BUCKET} --role-arn {ROLE_ARN} --poll 0.2\n"
        )
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
        finally:
            server.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
