"""The `pixelfleet` command, and its message where the libraries of the command line are not installed."""

import sys

from pixelfleet.extras import missing_library


def main() -> None:
    try:
        from pixelfleet.cli.main import main as run  # noqa: PLC0415 - what is missing is said, not shown as a traceback
    except ModuleNotFoundError as error:
        missing = missing_library(error)
        if missing is None:
            raise
        sys.stderr.write(f"pixelfleet: {missing}\n")
        sys.exit(2)
    run()


if __name__ == "__main__":
    main()
