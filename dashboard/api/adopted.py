"""/adopted-buckets: buckets that were there before the deployment. For operators."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from dashboard.access import adopted_bucket
from dashboard.api.etags import READING, tagged
from dashboard.api.models.adopted import AdoptedBucketOut, AdoptedBucketsOut, CheckOut, ChecksOut
from dashboard.callers import Operator
from dashboard.problems import responses
from dashboard.site import site_of
from pixelfleet.operations.adoption.adopted import adopted_buckets
from pixelfleet.operations.adoption.check import check_adoption
from pixelfleet.operations.preflight import State

router = APIRouter(tags=["operators"])


@router.get(
    "/adopted-buckets",
    response_model=AdoptedBucketsOut,
    responses=READING,
    summary="Buckets that were adopted, with progress",
)
def list_adopted(request: Request, caller: Operator) -> Response:
    """By name; of each bucket the ten newest adoptions."""
    buckets = adopted_buckets(site_of(request).deployment)
    return tagged(request, AdoptedBucketsOut(buckets=[AdoptedBucketOut.of(bucket) for bucket in buckets]))


@router.get(
    "/adopted-buckets/{bucket}/check",
    response_model=ChecksOut,
    responses=responses(401, 403, 404, 422, 429, 503),
    summary="What an adopted bucket lacks",
)
def check_bucket(
    request: Request, caller: Operator, bucket: Annotated[str, Path(max_length=63, description="The bucket's name.")]
) -> ChecksOut:
    """As `pixelfleet adopt --check`, with the credentials of the dashboard. Nothing is changed."""
    site = site_of(request)
    checks = check_adoption(site.deployment, adopted_bucket(site, bucket).name)
    return ChecksOut(ok=all(check.state is State.OK for check in checks), checks=[CheckOut.of(each) for each in checks])
