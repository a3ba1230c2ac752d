"""Policies for CloudFront cover only the results of their owner and are signed with the key that CloudFront accepts."""

import base64
import json
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from fastapi.testclient import TestClient

from dashboard.app import create_app
from dashboard.cloudfront import COOKIE_SECONDS, CloudFront
from pixelfleet.errors import SettingsError
from pixelfleet.settings import Settings, load_settings
from tests.fakes.records import record
from tests.unit.dashboard.conftest import Dashboard, sign_in

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
URL = "https://images.example.com"


def _settings(dashboard: Dashboard) -> Settings:
    more = {"dashboard_url": URL, "cloudfront_key_id": "K123", "cloudfront_private_key": PEM}
    return Settings.model_validate(dashboard.deployment.settings.model_dump() | more)


def _checked(policy: str, signature: str) -> tuple[str, int]:
    """Verifies the signature of a policy; returns the resource and the expiry of the policy."""
    decoded, signed = (base64.b64decode(value.translate(str.maketrans("-_~", "+=/"))) for value in (policy, signature))
    KEY.public_key().verify(signed, decoded, padding.PKCS1v15(), hashes.SHA1())
    [statement] = json.loads(decoded)["Statement"]
    return statement["Resource"], statement["Condition"]["DateLessThan"]["AWS:EpochTime"]


def _client(dashboard: Dashboard) -> TestClient:
    return TestClient(create_app(_settings(dashboard), dashboard.deployment), base_url=URL, follow_redirects=False)


@pytest.mark.parametrize(("name", "resource"), [("ana", f"{URL}/i/ana/*"), ("olga", f"{URL}/i/*")])
def test_the_cookies_of_a_page_cover_a_users_own_results_and_all_results_for_an_operator(
    dashboard: Dashboard, name: str, resource: str
) -> None:
    client = _client(dashboard)
    before = int(time.time())
    assert sign_in(client, name) == 303
    answer = client.get("/account")
    cookies = {cookie.name: cookie for cookie in client.cookies.jar}
    actual, until = _checked(cookies["CloudFront-Policy"].value or "", cookies["CloudFront-Signature"].value or "")
    assert actual == resource
    assert before <= until - COOKIE_SECONDS <= time.time()
    assert cookies["CloudFront-Key-Pair-Id"].value == "K123"
    assert cookies["CloudFront-Policy"].path == "/i/"
    set_cookies = answer.headers.get_list("set-cookie")
    assert all("HttpOnly" in cookie and "Secure" in cookie for cookie in set_cookies)
    # No page sets the cookies again while they are fresh.
    assert client.get("/account").headers.get_list("set-cookie") == []


def test_over_https_the_session_is_bound_to_the_host(dashboard: Dashboard) -> None:
    client = _client(dashboard)
    sign_in(client, "ana")
    [session] = [cookie for cookie in client.cookies.jar if cookie.name == "__Host-pixelfleet"]
    assert (session.secure, session.path, session.domain_specified) == (True, "/", False)
    assert "max-age" in client.get("/").headers["strict-transport-security"]


def test_signing_out_deletes_the_cookies(dashboard: Dashboard) -> None:
    client = _client(dashboard)
    sign_in(client, "ana")
    page = client.get("/account").text
    token = page.partition('"X-CSRF-Token": "')[2][:64]
    client.post("/sign-out", headers={"X-CSRF-Token": token})
    assert not [cookie.name for cookie in client.cookies.jar if cookie.name.startswith("CloudFront")]


def test_a_link_is_for_one_result_until_it_expires(dashboard: Dashboard) -> None:
    signer = CloudFront.of(_settings(dashboard))
    assert signer is not None
    before = int(time.time())
    link = signer.link("ana/x/y/thumb.webp", 60)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    resource, until = _checked(asked["Policy"], asked["Signature"])
    assert resource == f"{URL}/i/ana/x/y/thumb.webp"
    assert before <= until - 60 <= time.time()
    assert asked["Key-Pair-Id"] == "K123"


def test_the_api_redirects_to_cloudfront_if_there_is_a_distribution(dashboard: Dashboard) -> None:
    image = record(dashboard.deployment, "ana", "cdn", "a.jpg")
    program = dashboard.program("ana")
    client = _client(dashboard)
    client.headers["Authorization"] = program.headers["Authorization"]
    answer = client.get(f"/api/v1/images/{image.image_id}/variants/thumb")
    assert answer.headers["location"].startswith(f"{URL}/i/{image.variants[0].key}?Policy=")


@pytest.mark.parametrize("pem", ["not a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"])
def test_the_error_of_a_wrong_key_does_not_show_the_key(dashboard: Dashboard, pem: str) -> None:
    settings = _settings(dashboard)
    wrong = Settings.model_validate(settings.model_dump() | {"cloudfront_private_key": pem})
    with pytest.raises(SettingsError, match="should be an RSA key in PEM") as caught:
        CloudFront.of(wrong)
    assert pem not in str(caught.value)


def test_half_a_key_pair_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELFLEET_CLOUDFRONT_KEY_ID", "K123")
    with pytest.raises(SettingsError, match="belong together"):
        load_settings()


def test_on_aws_the_dashboard_does_not_start_without_a_secret_that_all_tasks_share(dashboard: Dashboard) -> None:
    bare = dashboard.deployment.settings.model_copy(update={"session_secret": None})
    with pytest.raises(SettingsError, match="PIXELFLEET_SESSION_SECRET is not set"):
        create_app(bare, dashboard.deployment)
