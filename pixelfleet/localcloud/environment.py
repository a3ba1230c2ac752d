"""The environment of a process of the local fleet: the embedded cloud, and nothing of the user's AWS configuration."""

import os
from collections.abc import Mapping
from typing import Final

from pixelfleet.settings import ENV_PREFIX, Settings, variable_of

LOCAL_REGION: Final = "us-east-1"

# Constants of the embedded cloud's process and its starter. They are not in `gateway.py`, because a starter does not
# have the libraries that the process imports.
#: The one path that is answered without a signature.
HEALTH: Final = "/_ministack/health"
#: The folder of the state; without this variable only objects are kept.
STATE_VARIABLE: Final = "PIXELFLEET_CLOUD_STATE"
#: The exit code of a process that could not read its state.
UNREADABLE: Final = 65

_ENDINGS: Final = ("_bucket", "_url", "_table", "_arn", "_cluster", "_secret", "_id")
#: Variables that a child inherits from the user's configuration: limits and formats, no name, address or account. The
#: bucket of aliases is no bucket of an account here: it is made in the embedded cloud.
_TUNABLE: Final = frozenset(
    name
    for name in Settings.model_fields
    if (name == "alias_bucket" or not name.endswith(_ENDINGS))
    and not name.startswith("cloudfront_")
    and name not in {"prefix", "region", "forwarded_hops"}
)
_TUNABLE_VARIABLES: Final = frozenset(map(variable_of, _TUNABLE))

#: AWS variables about the way of working, not about an account, place or resource.
_MANNERS: Final = frozenset(
    {"AWS_PAGER", "AWS_DEFAULT_OUTPUT", "AWS_CA_BUNDLE", "AWS_RETRY_MODE", "AWS_MAX_ATTEMPTS", "AWS_CLI_AUTO_PROMPT"}
)

#: Metadata addresses from which the SDKs would fetch real credentials.
_CONTAINER_PREFIXES: Final = ("AWS_", "ECS_")


def local_environment(
    endpoint_url: str, access_key: str, secret_key: str, inherited: Mapping[str, str]
) -> dict[str, str]:
    """The environment of a child: `inherited` without the user's AWS and names, with the embedded cloud instead.

    The variables of the shared AWS files name no file, since a `[default]` profile may have an endpoint or a role of
    its own. Requests to loopback go past any HTTP proxy.
    """
    kept = {name: value for name, value in inherited.items() if not is_cloud_variable(name)}
    for spelling in ("NO_PROXY", "no_proxy"):
        kept[spelling] = ",".join(filter(None, [kept.get(spelling), "127.0.0.1", "localhost"]))
    return kept | cloud_variables(endpoint_url, access_key, secret_key) | _NO_OTHER_CLOUD


def cloud_variables(endpoint_url: str, access_key: str, secret_key: str) -> dict[str, str]:
    """The variables by which any AWS client uses the embedded cloud; `up` prints them."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "AWS_REGION": LOCAL_REGION,
        "AWS_DEFAULT_REGION": LOCAL_REGION,
    }


def shared_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of `environ` that the fleet was started with and that commands for this fleet need, too."""
    return {name: environ[name] for name in sorted(_TUNABLE_VARIABLES & environ.keys())}


def in_the_way(environ: Mapping[str, str]) -> list[str]:
    """Variables to unset in a shell: they would send its commands elsewhere in spite of `cloud_variables`."""
    ours = cloud_variables("", "", "")
    return sorted(name for name in environ if is_cloud_variable(name) and name not in ours and name not in _MANNERS)


def is_cloud_variable(name: str) -> bool:
    """Whether a variable names an account, a place or a resource."""
    if name.startswith(ENV_PREFIX):
        return name not in _TUNABLE_VARIABLES
    return name.startswith(_CONTAINER_PREFIXES)


_NO_OTHER_CLOUD: Final = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
