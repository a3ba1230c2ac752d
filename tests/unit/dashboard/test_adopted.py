"""Operators see the adopted buckets with progress, and what a bucket lacks."""

from pixelfleet.domain.routes import Route
from pixelfleet.operations.routes import RouteOrder, add_route, remove_route
from tests.fakes.records import record
from tests.unit.dashboard.conftest import Dashboard


def adopt(dashboard: Dashboard) -> Route:
    """A bucket of which one adoption has one of two images, and another bucket that has a route alone."""
    deployment = dashboard.deployment
    deployment.s3.create_bucket(Bucket="county-masters")
    deployment.s3.put_object(Bucket="county-masters", Key="scans/a.jpg", Body=b"a")
    deployment.batches.create("ana", "scans", None, "s3://county-masters/scans/")
    image = record(deployment, "ana", "scans", "a", bucket="county-masters", key="scans/a.jpg")
    assert deployment.batches.seal("ana", "scans", [image.image_id, "b" * 32]) is not None
    return add_route(deployment, "olga", RouteOrder("<b>/**", owner="ana", bucket="other-masters")).route


def test_the_page_and_the_api_show_adopted_buckets_and_what_they_lack(dashboard: Dashboard) -> None:
    route = adopt(dashboard)
    try:
        olga = dashboard.browser("olga")
        page = olga.get("/adopted").text
        assert "1 of 2" in page
        assert "&lt;b&gt;/**" in page
        checked = olga.get("/adopted?check=county-masters").text
        assert "put-bucket-notification-configuration --bucket county-masters" in checked

        listed = olga.get("/api/v1/adopted-buckets").json()["buckets"]
        masters, other = (bucket for bucket in listed if bucket["name"] in ("county-masters", "other-masters"))
        assert [(a["batch"], a["source"], a["expected"], a["ready"]) for a in masters["adoptions"]] == [
            ("scans", "s3://county-masters/scans/", 2, 1)
        ]
        assert (other["adoptions"], other["routes"]) == ([], [route.route_id])
        answer = olga.get("/api/v1/adopted-buckets/county-masters/check").json()
        states = {check["name"]: check["state"] for check in answer["checks"]}
        assert (answer["ok"], states["bucket"], states["events"], states["route"]) == (
            False,
            "ok",
            "missing",
            "missing",
        )
        gone = olga.get("/api/v1/adopted-buckets/other-masters/check").json()["checks"]
        assert [(check["name"], check["state"]) for check in gone] == [("bucket", "missing")]
    finally:
        remove_route(dashboard.deployment, "olga", route.route_id)
