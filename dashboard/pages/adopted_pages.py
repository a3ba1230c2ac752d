"""The page of the buckets that were adopted. For operators."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from dashboard.access import adopted_bucket
from dashboard.callers import OperatorPage
from dashboard.site import site_of
from pixelfleet.operations.adoption.adopted import adopted_buckets
from pixelfleet.operations.adoption.check import check_adoption

router = APIRouter()


@router.get("/adopted")
def adopted_page(request: Request, caller: OperatorPage, check: Annotated[str, Query(max_length=63)] = "") -> Response:
    """With `check`, the name of a bucket, the page also shows what the bucket lacks."""
    site = site_of(request)
    checks = check_adoption(site.deployment, adopted_bucket(site, check).name) if check else None
    values = {"buckets": adopted_buckets(site.deployment), "checked": check, "checks": checks}
    return site.page(request, "adopted.html", values)
