"""Settings: derived values, precedence, and one message that names all errors."""

from pathlib import Path

import pytest

from pixelfleet.catalog.schema import TABLES
from pixelfleet.domain.jobs import Lane
from pixelfleet.errors import SettingsError
from pixelfleet.settings import Settings, load_settings, variable_of

REFERENCE = Path(__file__).parents[2] / "docs/reference/settings.md"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(variable_of(field), raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)


def test_every_name_is_derived_from_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELFLEET_PREFIX", "acme")
    settings = load_settings()
    assert (settings.uploads_bucket, settings.results_bucket) == ("acme-uploads", "acme-results")
    assert settings.notices_topic_arn == "arn:aws:sns:us-east-1:000000000000:acme-notices"
    assert [getattr(settings, f"{table.name}_table") for table in TABLES] == [f"acme-{table.name}" for table in TABLES]


def test_queue_urls_are_derived_from_the_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566/")
    settings = load_settings()
    assert settings.queue_url(Lane.BULK) == "http://127.0.0.1:4566/000000000000/pixelfleet-bulk"
    assert settings.dlq_url(Lane.HEAVY) == "http://127.0.0.1:4566/000000000000/pixelfleet-heavy-dlq"


def test_queue_urls_are_derived_on_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("PIXELFLEET_ACCOUNT_ID", "123456789012")
    expected = "https://sqs.eu-central-1.amazonaws.com/123456789012/pixelfleet-uploads"
    assert load_settings().uploads_queue_url == expected


def test_an_explicit_name_replaces_the_derived_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELFLEET_UPLOADS_BUCKET", "pixelfleet-uploads-4711")
    assert load_settings().uploads_bucket == "pixelfleet-uploads-4711"


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELFLEET_UPLOADS_BUCKET", "")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")
    settings = load_settings()
    assert (settings.uploads_bucket, settings.endpoint_url) == ("pixelfleet-uploads", None)


def test_one_error_names_all_wrong_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELFLEET_MAX_ATTEMPTS", "50")
    monkeypatch.setenv("PIXELFLEET_BULK_MAX_BYTES", "many")
    monkeypatch.setenv("AWS_REGION", "mars")
    monkeypatch.setenv("PIXELFLEET_PREFX", "acme")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    reported = str(caught.value)
    assert "PIXELFLEET_MAX_ATTEMPTS='50'" in reported
    assert "PIXELFLEET_BULK_MAX_BYTES='many'" in reported
    assert "AWS_REGION='mars'" in reported
    assert "PIXELFLEET_PREFX: no such setting; did you mean PIXELFLEET_PREFIX?" in reported


@pytest.mark.parametrize(
    ("variables", "reported"),
    [
        ({"PIXELFLEET_BULK_MAX_BYTES": "9", "PIXELFLEET_HEAVY_MAX_BYTES": "8"}, "PIXELFLEET_BULK_MAX_BYTES is above"),
        ({"PIXELFLEET_BULK_MAX_PIXELS": "9", "PIXELFLEET_HEAVY_MAX_PIXELS": "8"}, "PIXELFLEET_BULK_MAX_PIXELS is abo"),
        ({"PIXELFLEET_RESULTS_BUCKET": "pixelfleet-uploads"}, "are one bucket"),
        ({"PIXELFLEET_ALIAS": "{stem}.{ext}"}, "variant} is missing"),
        ({"PIXELFLEET_ALIAS_PREFIX": "ana/"}, "could be the folder of an owner"),
        ({"PIXELFLEET_ALIAS_BUCKET": "pixelfleet-uploads"}, "every alias would set off a job"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    variables: dict[str, str], reported: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=reported):
        load_settings()


def test_aliases_are_among_the_results_below_a_prefix_or_anywhere_in_another_bucket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = load_settings()
    assert (settings.alias_bucket, settings.alias_prefix) == ("pixelfleet-results", "_alias/")
    monkeypatch.setenv("PIXELFLEET_ALIAS_BUCKET", "shop")
    assert (load_settings().alias_bucket, load_settings().alias_prefix) == ("shop", "")
    monkeypatch.setenv("PIXELFLEET_ALIAS_PREFIX", "img/")
    assert load_settings().alias_prefix == "img/"


@pytest.mark.parametrize("field", list(Settings.model_fields))
def test_every_setting_is_in_the_reference(field: str) -> None:
    description = Settings.model_fields[field].description
    assert description
    assert f"| `{variable_of(field)}` |" in REFERENCE.read_text()
    assert description in REFERENCE.read_text()
