"""Configuration from the environment: `PIXELFLEET_*` by pydantic-settings, and AWS's own variables.

An explicit name, URL or ARN wins. Names without a value are derived from `PIXELFLEET_PREFIX`, the account, the region
and `AWS_ENDPOINT_URL`, without a call. All errors of a configuration are reported together.
"""

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import AliasChoices, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from pixelfleet.domain.aliases import AliasPlace, check_prefix
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.partitions import arn, partition_of
from pixelfleet.errors import SettingsError, SetupError
from pixelfleet.key_templates import AliasTemplate, alias_template

ENV_PREFIX: Final = "PIXELFLEET_"
LOCAL_ACCOUNT: Final = "000000000000"
REFERENCE: Final = "docs/reference/settings.md"

ALIAS_PREFIX: Final = "_alias/"

MB: Final = 1_000_000
MEGAPIXEL: Final = 1_000_000


class LogLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


Positive = Annotated[int, Field(gt=0)]

#: Fields whose values no error message repeats.
_SECRETS: Final = frozenset({"session_secret", "cloudfront_private_key"})


@dataclass(frozen=True, slots=True)
class LaneLimits:
    """The limits of one lane: bytes of the object, pixels over all frames, seconds of work, bytes of memory."""

    max_bytes: int
    max_pixels: int
    time_limit: int
    memory: int


class Settings(BaseSettings):
    """One deployment. Field `uploads_bucket` is the variable `PIXELFLEET_UPLOADS_BUCKET`, and so on."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    prefix: str = Field(
        "pixelfleet", pattern=r"^[a-z][a-z0-9-]{1,30}$", description="first part of every derived resource name"
    )
    account_id: str = Field(
        LOCAL_ACCOUNT, pattern=r"^\d{12}$", description="AWS account of the derived queues and topics"
    )
    region: str = Field(
        "us-east-1",
        pattern=r"^[a-z]{2,4}(-[a-z]+)+-\d$",
        validation_alias=AliasChoices("region", "AWS_REGION", "AWS_DEFAULT_REGION"),
        description="AWS region",
    )
    endpoint_url: str | None = Field(
        None,
        pattern=r"^https?://[^/\s]+/?$",
        validation_alias=AliasChoices("endpoint_url", "AWS_ENDPOINT_URL"),
        description="the embedded cloud's address; unset on AWS",
    )

    uploads_bucket: str = Field("", description="bucket that takes originals; default <prefix>-uploads")
    results_bucket: str = Field("", description="bucket that takes variants; default <prefix>-results")
    uploads_queue_url: str = Field("", description="queue of S3 event notifications; default <prefix>-uploads")
    bulk_queue_url: str = Field("", description="queue of the bulk lane; default <prefix>-bulk")
    heavy_queue_url: str = Field("", description="queue of the heavy lane; default <prefix>-heavy")
    uploads_dlq_url: str = Field("", description="dead letters of the uploads queue; default <prefix>-uploads-dlq")
    bulk_dlq_url: str = Field("", description="dead letters of the bulk lane; default <prefix>-bulk-dlq")
    heavy_dlq_url: str = Field("", description="dead letters of the heavy lane; default <prefix>-heavy-dlq")
    images_table: str = Field("", description="table of image records; default <prefix>-images")
    batches_table: str = Field("", description="table of batches and their counters; default <prefix>-batches")
    users_table: str = Field("", description="table of users and tokens; default <prefix>-users")
    recipes_table: str = Field(
        "", description="table of recipes, routes and owners' defaults; default <prefix>-recipes"
    )
    activity_table: str = Field("", description="table of heartbeats and operator actions; default <prefix>-activity")
    notices_topic_arn: str = Field("", description="topic of notices; default <prefix>-notices")
    alarms_topic_arn: str = Field("", description="topic of alarms; default <prefix>-alarms")

    ecs_cluster: str = Field(
        "", description="ECS cluster whose services <prefix>-bulk and -heavy work; default <prefix>"
    )

    dashboard_url: str = Field(
        "http://127.0.0.1:8080", pattern=r"^https?://\S+$", description="address of the dashboard in notices"
    )
    session_secret: SecretStr | None = Field(
        None,
        min_length=32,
        description="signs the dashboard's cookies, 32 characters or more; the same for all tasks of the dashboard",
    )
    forwarded_hops: int = Field(
        0,
        ge=0,
        le=5,
        description="proxies before the dashboard that add to X-Forwarded-For; 2 behind CloudFront and a load balancer",
    )
    cloudfront_key_id: str = Field(
        "", description="id of CloudFront's public key; unset where the dashboard serves results itself"
    )
    cloudfront_private_key: SecretStr | None = Field(
        None, description="PEM of the private half of that key, which signs the cookies and links of results"
    )
    cdn_distribution_id: str = Field(
        "", description="CloudFront distribution that forgets removed images at once; unset: when the copies expire"
    )
    public_results: bool = Field(
        default=False, description="serve results to anybody who has the address, without a sign-in or a signed link"
    )
    stable_max_age: int = Field(
        60,
        ge=0,
        le=86_400,
        description="seconds that browsers keep what a stable address (/v/...) led to, before they ask again",
    )
    lazy_renders_per_hour: Positive = Field(
        3_600,
        description="lazy variants of one owner that one process of the dashboard makes in an hour; more get 429",
    )
    lazy_renders: int = Field(
        1, ge=1, le=16, description="lazy variants that one process of the dashboard makes at once, each in a child"
    )
    default_recipe: str = Field(
        "web",
        pattern=r"^[a-z][a-z0-9-]{0,63}$",
        description="recipe, built-in or stored, of images that no other was named for",
    )
    tag_originals: bool = Field(
        default=False, description="also tag the original when the image is done, merged with the original's own tags"
    )
    delete_adopted_originals: bool = Field(
        default=False,
        description="let removals delete originals in buckets other than the uploads bucket; else only the results go",
    )
    keep_revisions: int = Field(
        0,
        ge=0,
        le=3_650,
        description="days for which superseded revisions stay stored and can be made current again; 0: none is kept",
    )
    alias: str = Field(
        "",
        description="template of readable keys for copies of results, such as {path}/{stem}_{variant}.{ext}; unset: "
        "none is made",
    )
    alias_bucket: str = Field("", description="bucket of these copies; default the bucket of results")
    alias_prefix: str = Field(
        "",
        description="prefix of their keys, with a slash; default _alias/ in the bucket of results, else none",
    )
    parts_from: int = Field(
        100 * MB,
        ge=5 * 1024**2,
        le=5_000 * MB,
        description="bytes from which a browser sends a file in parts, each of which is tried again by itself",
    )
    part_bytes: int = Field(
        16 * MB,
        ge=5 * 1024**2,
        le=5_000 * MB,
        description="bytes of such a part; S3 takes no smaller ones, and 10,000 of a file at most",
    )
    max_attempts: int = Field(
        5,
        ge=1,
        le=9,
        description="attempts before a transient failure becomes final; below the queues' maxReceiveCount of 10",
    )
    bulk_max_bytes: Positive = Field(64 * MB, description="largest object of the bulk lane, in bytes")
    bulk_max_pixels: Positive = Field(
        100 * MEGAPIXEL, description="largest image of the bulk lane, in pixels over all frames"
    )
    bulk_memory: Positive = Field(
        1_500 * MB, description="bytes of memory that decoding one image of the bulk lane may take"
    )
    bulk_time_limit: Positive = Field(300, description="seconds that one job of the bulk lane may take")
    heavy_max_bytes: Positive = Field(20_000 * MB, description="largest object that is accepted, in bytes")
    heavy_max_pixels: Positive = Field(
        2_500 * MEGAPIXEL, description="largest image that is accepted, in pixels over all frames"
    )
    heavy_memory: Positive = Field(
        12_000 * MB, description="bytes of memory that decoding one image of the heavy lane may take"
    )
    heavy_time_limit: int = Field(
        11 * 3600,
        gt=0,
        le=11 * 3600,
        description="seconds that one job of the heavy lane may take; SQS ends a receive at 12 hours",
    )
    shutdown_seconds: int = Field(
        30, ge=0, le=100, description="seconds that running jobs get to finish at SIGTERM; ECS kills after 120"
    )
    give_up_seconds: Positive = Field(
        900, description="seconds without one successful SQS call after which a worker exits, to be replaced"
    )
    max_frames: Positive = Field(2_000, description="most frames or pages that an image may have")
    scratch_dir: Path | None = Field(
        None, description="folder for originals during processing; default the system's temporary folder"
    )
    log_level: LogLevel = Field(LogLevel.INFO, description="DEBUG, INFO, WARNING or ERROR")

    @model_validator(mode="before")
    @classmethod
    def _derive(cls, raw: dict[str, Any]) -> dict[str, Any]:
        given = {name: value for name, value in raw.items() if value not in (None, "")}
        prefix = given.get("prefix", "pixelfleet")
        region = given.get("region") or given.get("AWS_REGION") or given.get("AWS_DEFAULT_REGION") or "us-east-1"
        account = given.get("account_id", LOCAL_ACCOUNT)
        endpoint = (
            given.get("endpoint_url")
            or given.get("AWS_ENDPOINT_URL")
            or (f"https://sqs.{region}.{partition_of(str(region)).dns_suffix}")
        )
        derived: dict[str, Any] = {"uploads_bucket": f"{prefix}-uploads", "results_bucket": f"{prefix}-results"}
        derived["ecs_cluster"] = prefix
        results = given.get("results_bucket", derived["results_bucket"])
        derived["alias_bucket"] = results
        derived["alias_prefix"] = ALIAS_PREFIX if given.get("alias_bucket", results) == results else ""
        for queue in ("uploads", *Lane):
            derived[f"{queue}_queue_url"] = f"{str(endpoint).rstrip('/')}/{account}/{prefix}-{queue}"
            derived[f"{queue}_dlq_url"] = derived[f"{queue}_queue_url"] + "-dlq"
        for field in cls.model_fields:
            if field.endswith("_table"):
                derived[field] = f"{prefix}-{field.removesuffix('_table')}"
        derived |= {
            f"{topic}_topic_arn": arn("sns", str(region), str(account), f"{prefix}-{topic}")
            for topic in ("notices", "alarms")
        }
        return derived | given

    @model_validator(mode="after")
    def _agree(self) -> Self:
        for what in ("MAX_BYTES", "MAX_PIXELS", "MEMORY"):
            if getattr(self, f"bulk_{what.lower()}") > getattr(self, f"heavy_{what.lower()}"):
                bulk, heavy = f"PIXELFLEET_BULK_{what}", f"PIXELFLEET_HEAVY_{what}"
                raise ValueError(f"{bulk} is above {heavy}: the bulk lane takes the smaller images")
        if self.uploads_bucket == self.results_bucket:
            both = "PIXELFLEET_UPLOADS_BUCKET and PIXELFLEET_RESULTS_BUCKET"
            raise ValueError(f"{both} are one bucket: every result would set off another job")
        if bool(self.cloudfront_key_id) != bool(self.cloudfront_private_key):
            pair = "PIXELFLEET_CLOUDFRONT_KEY_ID and PIXELFLEET_CLOUDFRONT_PRIVATE_KEY"
            raise ValueError(f"{pair} belong together: set both or neither")
        self._check_aliases()
        return self

    def _check_aliases(self) -> None:
        try:
            if self.alias:
                alias_template(self.alias)
            check_prefix(self.alias_prefix, in_results_bucket=self.alias_bucket == self.results_bucket)
        except SetupError as error:
            raise ValueError(str(error)) from None
        if self.alias_bucket == self.uploads_bucket:
            raise ValueError(
                "PIXELFLEET_ALIAS_BUCKET and PIXELFLEET_UPLOADS_BUCKET are one bucket: every alias would set off a job"
            )

    @cached_property
    def alias_template(self) -> AliasTemplate | None:
        """The template of aliases, for recipes without a template of their own."""
        return alias_template(self.alias) if self.alias else None

    @property
    def alias_place(self) -> AliasPlace:
        """The bucket and the prefix of aliases."""
        return AliasPlace(self.alias_bucket, self.alias_prefix, self.results_bucket)

    @property
    def identity(self) -> tuple[str, ...]:
        """The texts that distinguish this deployment from every other one that this machine may work with.

        The address of a queue has the region and the account; a local table of another name is another catalog.
        """
        return (self.endpoint_url or "aws", self.uploads_queue_url, self.images_table)

    @property
    def output_buckets(self) -> frozenset[str]:
        """The buckets of results and of their readable copies. No object of these buckets is processed."""
        return frozenset({self.results_bucket, self.alias_bucket})

    @cached_property
    def lanes(self) -> Mapping[Lane, LaneLimits]:
        return {
            Lane.BULK: LaneLimits(
                max_bytes=self.bulk_max_bytes,
                max_pixels=self.bulk_max_pixels,
                time_limit=self.bulk_time_limit,
                memory=self.bulk_memory,
            ),
            Lane.HEAVY: LaneLimits(
                max_bytes=self.heavy_max_bytes,
                max_pixels=self.heavy_max_pixels,
                time_limit=self.heavy_time_limit,
                memory=self.heavy_memory,
            ),
        }

    def queue_url(self, lane: Lane) -> str:
        return self.bulk_queue_url if lane is Lane.BULK else self.heavy_queue_url

    def dlq_url(self, lane: Lane) -> str:
        return self.bulk_dlq_url if lane is Lane.BULK else self.heavy_dlq_url


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: one or more variables are wrong or unknown; all are named.
    """
    problems = _unknown_variables(os.environ)
    try:
        settings = Settings()
    except ValidationError as error:
        problems += [_describe(dict(item)) for item in error.errors()]
    if problems:
        raise SettingsError(
            "\n".join(
                [
                    "the configuration is wrong:",
                    *(f"  {problem}" for problem in problems),
                    f"every setting is described in {REFERENCE}",
                ]
            )
        )
    return settings


def variable_of(field: str) -> str:
    """The environment variable that sets a field."""
    return {"region": "AWS_REGION", "endpoint_url": "AWS_ENDPOINT_URL"}.get(field, ENV_PREFIX + field.upper())


def _unknown_variables(environ: Mapping[str, str]) -> list[str]:
    known = {variable_of(field) for field in Settings.model_fields}
    problems = []
    for name in sorted(name for name in environ if name.startswith(ENV_PREFIX) and name not in known):
        near = difflib.get_close_matches(name, known, n=1)
        problems.append(f"{name}: no such setting" + (f"; did you mean {near[0]}?" if near else ""))
    return problems


def _describe(item: dict[str, Any]) -> str:
    location = item["loc"]
    if not location:
        return str(item["msg"]).removeprefix("Value error, ")
    field = str(location[0])
    info = Settings.model_fields.get(field)
    expected = f" ({info.description})" if info and info.description else ""
    given = "" if field in _SECRETS else f"={item['input']!r}"
    return f"{variable_of(field)}{given}: {item['msg']}{expected}"
