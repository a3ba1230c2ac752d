"""The `pixelfleet` command, and what it says where the libraries of the command line are not installed."""

import sys


def main() -> None:
    try:
        from pixelfleet.cli.main import main as run  # noqa: PLC0415 - what is missing is said, not shown as a traceback
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in {
            "pixelfleet",
            "producer_lambda",
            "worker",
            "dashboard",
        }:
            raise
        sys.stderr.write(f"pixelfleet: the command line needs {error.name}: pip install 'pixelfleet[cli]'\n")
        sys.exit(2)
    run()


if __name__ == "__main__":
    main()
