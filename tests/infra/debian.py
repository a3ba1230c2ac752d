"""A base image without a registry: debootstrap's Debian with Python, and buildah with its storage in a folder."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

BASE: Final = "localhost/python-base"
PACKAGES: Final = "python3,python3-venv,python3-pip,ca-certificates"
CA_BUNDLE: Final = "/etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True, slots=True)
class Buildah:
    """buildah with its images and containers in `folder`. They are deleted with the folder."""

    program: Path
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Chroot isolation needs no privileges other than root's. vfs needs no kernel module."""
        return dict(os.environ) | {
            "BUILDAH_ISOLATION": "chroot",
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
            "TMPDIR": str(self.folder / "tmp"),
        }

    def prepare(self) -> None:
        (self.folder / "tmp").mkdir()
        (self.folder / "storage.conf").write_text(
            f'[storage]\ndriver = "vfs"\ngraphroot = "{self.folder}/graph"\nrunroot = "{self.folder}/run"\n'
        )

    def run(self, *arguments: str) -> str:
        """Run one buildah command. On failure, raises AssertionError with the output."""
        done = subprocess.run(
            [str(self.program), *arguments], env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise AssertionError(f"buildah {' '.join(arguments)}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        return done.stdout.strip()

    def make_base(self, debootstrap: Path) -> None:
        """Make the image BASE."""
        root = self.folder / "root"
        subprocess.run(
            [str(debootstrap), "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(root)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        # vfs copies every file of every layer, so package archives and documentation are removed.
        for needless in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/locale", "usr/share/man"):
            shutil.rmtree(root / needless, ignore_errors=True)
        # Behind a proxy that ends TLS, pip in the build must trust the authorities that this machine trusts.
        shutil.copy(os.environ.get("SSL_CERT_FILE", CA_BUNDLE), root / CA_BUNDLE.lstrip("/"))
        container = self.run("from", "scratch")
        self.run("add", container, str(root), "/")
        self.run("config", "--env", f"PIP_CERT={CA_BUNDLE}", container)
        self.run("commit", "--rm", container, BASE)
        shutil.rmtree(root)
