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
#: The defaults of infra/variables.tf: processes of a bulk task; zones; the dashboard's tasks with their vCPU and GB.
PROCESSES = 2
ZONES = 2
DASHBOARD = (2, 0.5, 1.0)
#: Alarms of the stack by the metrics that each looks at: plain ones, wake-ups, failure rates, stalls.
ALARM_METRICS = 3 * 3 + 2 + 2 * 2 + 2 * 2 + 2 * 3


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
        "public IPv4 addresses": (1 + ZONES) * standing["public_address_hour"] * MONTH_HOURS,
        "dashboard, two tasks": tasks
        * (cores * fargate["vcpu_hour"] + gigabytes * fargate["gigabyte_hour"])
        * MONTH_HOURS,
        "alarms": ALARM_METRICS * standing["alarm_month"],
        "secret": standing["secret_month"],
    }


if __name__ == "__main__":
    sys.exit(main())
