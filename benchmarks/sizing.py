"""What a stack costs that nobody uses, and what size and money images take: `python -m benchmarks.sizing`.

Computed, not measured: the forecast's model of time and prices.toml, for 12-megapixel photographs of 4 MB and the
recipe `web`, with the default variables of infra/. A day's peak is taken as four times its mean.
"""

import math
import sys
from typing import Any

from pixelfleet import recipes
from pixelfleet.forecast import Forecast, load_prices
from pixelfleet.images.probe import Probe

VOLUMES = (10_000, 1_000_000, 100_000_000)
DAY = 86_400
MONTH_HOURS = 730
PEAK = 4
#: The defaults of infra/modules/pixelfleet: processes of a bulk task; the dashboard's tasks with their vCPU and GB.
PROCESSES = 2
DASHBOARD = (2, 0.5, 1.0)
#: Alarms of the stack by the metrics that each looks at: three for a queue; the producer's; two metrics for each lane's
#: wake-up and failure rate; two for each hot table and one for each of its indexes; three for each lane's stalls;
#: schedules; the load balancer.
OWN_ALARM_METRICS = 3 * 3 + 2 + 2 * 2 + 2 * 2 + (2 + 4) + (2 + 2) + 2 * 3 + 2 + 2
#: Target tracking makes two alarms a lane of its own, each on three metrics.
SCALING_ALARM_METRICS = 2 * 2 * 3
#: Container Insights while only the dashboard runs (CloudWatch user guide, "Amazon ECS Container Insights metrics"): of
#: the cluster, the service and the task definition. Lanes at zero write none.
INSIGHTS_METRICS = 13 + 15 + 11
#: The hourly digest and the daily reconcile: hours a month of one task, each start at least a minute.
SCHEDULED = (730 / 60 + 30 * 5 / 60, 0.5, 1.0)
#: Variants of an image by the recipe `web`; keys of one LIST.
VARIANTS = 3
#: Bytes of an image's record with three variants and a short history.
RECORD_BYTES = 2000
KEYS = 1000


def main() -> int:
    prices = load_prices()
    print("| idle, USD a month | |\n| --- | ---: |")
    positions = idle(prices)
    for name, dollars in positions.items():
        print(f"| {name} | {dollars:.2f} |")
    print(f"| sum | {sum(positions.values()):.0f} |\n")

    photograph = Probe("jpeg", 4000, 3000, 1, False, 1, "srgb", has_alpha=False, bytes=4_000_000)
    one = Forecast(recipes.builtin("web"))
    one.add(photograph)
    core = one.core_ms / 1000
    costs = {name: dollars for name, dollars in one.cost().items() if "month" not in name}
    stored = one.cost()["S3 storage, a month"]
    print(
        f"one image: {core:.2f} s of a core, {sum(costs.values()) * 1e6:.0f} USD a million; storage "
        f"{stored * 1e6:.0f} USD a million and month\n"
    )
    plain, sweep = reconcile(prices)
    print(f"one reconcile of a million originals: {plain:.2f} USD, with --sweep {sweep:.2f} USD\n")
    print("| images a day | a second, mean / peak | busy processes | bulk tasks, mean / peak | USD a day |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for volume in VOLUMES:
        rate = volume / DAY
        tasks = rate * core / PROCESSES
        print(
            f"| {volume:,} | {rate:,.1f} / {rate * PEAK:,.0f} | {rate * core:,.1f} | "
            f"{math.ceil(tasks):,} / {math.ceil(tasks * PEAK):,} | {volume * sum(costs.values()):,.2f} |"
        )
    return 0


def idle(prices: dict[str, Any]) -> dict[str, float]:
    """US dollars a month by position."""
    standing, fargate = prices["standing"], prices["fargate"]
    tasks, cores, gigabytes = DASHBOARD
    return {
        "NAT gateway, one": standing["nat_gateway_hour"] * MONTH_HOURS,
        "load balancer": standing["balancer_hour"] * MONTH_HOURS,
        "public IPv4 address of the NAT gateway": standing["public_address_hour"] * MONTH_HOURS,
        "dashboard, two tasks": tasks
        * (cores * fargate["vcpu_hour"] + gigabytes * fargate["gigabyte_hour"])
        * MONTH_HOURS,
        f"alarms, {OWN_ALARM_METRICS} metrics": OWN_ALARM_METRICS * standing["alarm_month"],
        "alarms of target tracking, 12 metrics": SCALING_ALARM_METRICS * standing["alarm_month"],
        "Container Insights, 39 metrics": INSIGHTS_METRICS * standing["metric_month"],
        "digest and reconcile": SCHEDULED[0]
        * (SCHEDULED[1] * fargate["vcpu_hour"] + SCHEDULED[2] * fargate["gigabyte_hour"]),
        "secret": standing["secret_month"],
    }


def reconcile(prices: dict[str, Any]) -> tuple[float, float]:
    """US dollars of one run over a million originals, without and with the sweep.

    It lists the uploads and reads their records, and scans the records once; the sweep lists results, reads the records
    again and asks for every original.
    """
    million = 1_000_000
    listing, read = prices["s3"]["put"] / KEYS, prices["dynamodb"]["read_unit"]
    # An eventually consistent scan reads 8 KB for a unit (DynamoDB developer guide, "Read consistency").
    scan = read * RECORD_BYTES / 8192
    plain = million * (listing + read + scan)
    return plain, plain + million * (VARIANTS * listing + read + prices["s3"]["get"])


if __name__ == "__main__":
    sys.exit(main())
