"""`pixelfleet up` prints the aws CLI's settings, keeps its data, and leaves nothing behind after any kind of end."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, ProxyHandler, build_opener

import pytest
from PIL import Image

from pixelfleet.localcloud.ports import lasting_port
from tests.integration.cli.command import environment, pids_of, processes_of, run, start
from tests.waiting import PATIENCE, eventually

AWS = str(Path(sys.executable).parent / "aws")


class Up:
    """A running `up --json` and the environment from its output."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.stderr.read() if process.stderr else ""
        self.printed: dict[str, Any] = json.loads(line)

    def aws(self, *arguments: str) -> str:
        env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return subprocess.run(
            [AWS, *arguments], env=env | self.printed["environment"], check=True, capture_output=True, text=True
        ).stdout

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)


@contextmanager
def up(data: Path, **more: str) -> Iterator[Up]:
    # A session fixture of another test may have left its cloud in this process's environment.
    own = {n: v for n, v in environment(data.parent / "t").items() if not n.startswith(("AWS_", "PIXELFLEET_"))}
    env = own | more
    # The first run gets ports that stay free until the second run. The second run must reuse the saved ports.
    ports = [] if data.exists() else ["--port", str(lasting_port()), "--dashboard-port", str(lasting_port())]
    opens = ["--open"] if "BROWSER" in more else []
    process = start("up", "--json", "--data", str(data), "--workers", "1", *ports, *opens, env=env)
    with process:
        try:
            yield Up(process)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=PATIENCE)


@pytest.mark.slow
def test_the_aws_cli_works_with_it_and_a_restart_keeps_everything_and_the_operators_session(tmp_path: Path) -> None:
    picture, data = tmp_path / "a +ü.png", tmp_path / "data"
    Image.new("RGB", (50, 40)).save(picture)
    browser = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))
    # A browser that stays in the foreground does not hold the fleet.
    opened, closed, script = tmp_path / "opened", tmp_path / "closed", tmp_path / "browser"
    waits = f"while [ ! -e {shlex.quote(str(closed))} ]; do sleep 0.1; done"
    script.write_text(f'#!/bin/sh\necho "$1" > {shlex.quote(str(opened))}\n{waits}\n')
    script.chmod(0o755)
    with up(data, AWS_PROFILE="production", BROWSER=str(script)) as first:
        assert first.printed["unset"] == ["AWS_PROFILE"]
        url = first.printed["dashboard"]
        eventually(lambda: opened.exists() and opened.read_text() == f"{url}\n")
        assert "No images yet" in sign_in(browser, first)
        assert first.printed["password"] not in (data / "logs/dashboard.log").read_text()
        first.aws("s3", "cp", str(picture), "s3://pixelfleet-uploads/")
        first.aws("s3", "cp", str(picture), "s3://pixelfleet-uploads/uploads/me/b1/")
        eventually(lambda: first.aws("s3", "ls", "--recursive", "s3://pixelfleet-results/").count("thumb.webp") == 2)
        scanned = json.loads(first.aws("dynamodb", "scan", "--table-name", "pixelfleet-images"))
        assert {item["owner"]["S"] for item in scanned["Items"]} == {"default", "me"}
        closed.touch()
        assert first.end() == 0
        assert processes_of(tmp_path) == []
    with up(data) as second:
        assert second.printed["environment"] == first.printed["environment"]
        # The password is shown once. The address and the session stay the same.
        assert (second.printed["dashboard"], "password" in second.printed) == (url, False)
        assert browser.open(f"{url}/account").url == f"{url}/account"
        assert second.aws("s3", "ls", "--recursive", "s3://pixelfleet-results/").count("thumb.webp") == 2
        assert json.loads(second.aws("dynamodb", "scan", "--table-name", "pixelfleet-images"))["Count"] == 2
        refused = run("up", "--data", str(data), env=environment(tmp_path / "t"))
        assert refused.returncode == 2
        assert f"is in use by another pixelfleet (process {second.process.pid})" in refused.stderr
    assert processes_of(tmp_path) == []


def sign_in(browser: OpenerDirector, running: Up) -> str:
    """Sign the first operator in through the form. Returns the page that follows."""
    url = running.printed["dashboard"]
    token = re.search(r'name="csrf_token" value="(\w+)"', browser.open(f"{url}/sign-in").read().decode())
    assert token is not None
    form = {"user": running.printed["user"], "password": running.printed["password"], "csrf_token": token[1]}
    return str(browser.open(f"{url}/sign-in", urlencode(form).encode()).read().decode())


@pytest.mark.slow
def test_killed_it_leaves_no_process_and_its_data_is_kept(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with up(data) as terminated:
        terminated.aws(*put_user("first"))
        terminated.end(signal.SIGTERM)
        eventually(lambda: processes_of(tmp_path) == [])
    with up(data) as killed:
        assert users_of(killed) >= {"user#first"}
        killed.aws(*put_user("second"))
        killed.end(signal.SIGKILL)
        eventually(lambda: processes_of(tmp_path) == [])
    with up(data) as again:
        # The table also holds the first operator and the directory of names.
        assert users_of(again) >= {"user#first", "user#second"}
        assert len(users_of(again)) == 4


def put_user(name: str) -> tuple[str, ...]:
    item = json.dumps({"user_id": {"S": f"user#{name}"}})
    return ("dynamodb", "put-item", "--table-name", "pixelfleet-users", "--item", item)


def users_of(running: Up) -> set[str]:
    scanned = json.loads(running.aws("dynamodb", "scan", "--table-name", "pixelfleet-users"))
    return {item["user_id"]["S"] for item in scanned["Items"]}


@pytest.mark.slow
def test_a_dead_child_is_replaced_and_a_dead_cloud_ends_the_command_with_nothing_lost(tmp_path: Path) -> None:
    picture, data = tmp_path / "a.png", tmp_path / "data"
    Image.new("RGB", (50, 40)).save(picture)

    def process_of(mark: str) -> int | None:
        return next(iter(pids_of(tmp_path, mark)), None)

    with up(data) as running:
        assert "password" in running.printed
        pump = process_of("producer_lambda.pump")
        assert pump is not None
        os.kill(pump, signal.SIGKILL)
        eventually(lambda: process_of("producer_lambda.pump") not in {None, pump})
        running.aws("s3", "cp", str(picture), "s3://pixelfleet-uploads/")
        cloud = process_of("localcloud.gateway")
        assert cloud is not None
        os.kill(cloud, signal.SIGKILL)
        _, said = running.process.communicate(timeout=PATIENCE)

        assert running.process.returncode == 2
        assert "pump was killed by SIGKILL; restarting it in 0.5 s" in said
        assert "the embedded cloud was killed by SIGKILL" in said
        assert processes_of(tmp_path) == []
    with up(data) as second:
        assert "password" not in second.printed
        eventually(lambda: second.aws("s3", "ls", "--recursive", "s3://pixelfleet-results/").count("thumb.webp") == 1)
        assert second.end() == 0
        assert second.process.stderr is not None
        assert "The last fleet ended without saving its state" in second.process.stderr.read()
