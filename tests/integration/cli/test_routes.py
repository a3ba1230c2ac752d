"""A stored recipe and a route apply to uploads by `aws s3 cp`, without a restart of any process."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.integration.cli.command import environment, run
from tests.integration.cli.test_up import up
from tests.recipes import shop
from tests.waiting import eventually


@pytest.mark.slow
def test_what_aws_s3_cp_puts_gets_the_routes_owner_batch_and_recipe(tmp_path: Path) -> None:
    picture, file = tmp_path / "chair.png", tmp_path / "shop.toml"
    Image.new("RGB", (500, 400)).save(picture)
    file.write_text(shop().to_text())
    with up(tmp_path / "data") as fleet:
        env = {n: v for n, v in environment(tmp_path / "t").items() if not n.startswith(("AWS_", "PIXELFLEET_"))}
        env |= fleet.printed["environment"]

        def pixelfleet(*arguments: str) -> Any:
            finished: subprocess.CompletedProcess[str] = run(*arguments, "--json", env=env)
            assert finished.returncode == 0, finished.stderr
            return json.loads(finished.stdout)

        pixelfleet("recipe", "put", str(file))
        given = ("--owner", "shop", "--recipe", "shop", "--batch-from", "catalog/{batch}/**")
        pixelfleet("route", "add", "--match", "catalog/**", *given)
        # The workers have not read a route yet, because no image was processed.
        fleet.aws("s3", "cp", str(picture), "s3://pixelfleet-uploads/catalog/2026/chair.png")
        eventually(lambda: " shop/" in fleet.aws("s3", "ls", "--recursive", "s3://pixelfleet-results"))
        [item] = json.loads(fleet.aws("dynamodb", "scan", "--table-name", "pixelfleet-images"))["Items"]
        assert (item["owner"]["S"], item["batch"]["S"]) == ("shop", "2026")
        assert item["recipe"]["M"]["digest"]["S"] == shop().digest
