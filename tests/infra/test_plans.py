"""Properties of the module's plans besides AWS's rules: defaults, a stack without NAT, public results, WAF."""

import pytest

from benchmarks.sizing import OWN_ALARM_METRICS
from tests.infra.rules import runs
from tests.infra.rules.matrix import CELLS, EXISTING
from tests.infra.rules.plan import Plan

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("plans")]


def test_results_are_in_a_bucket_of_their_own(plans: runs.Plans) -> None:
    """Results in the uploads bucket would start jobs without end."""
    names = [bucket.values["bucket"] for bucket in plans["defaults"].resources("aws_s3_bucket")]

    assert len(names) == len(set(names)) == 2


def test_notices_point_at_the_domain(plans: runs.Plans) -> None:
    assert environment(plans["defaults"])["PIXELFLEET_DASHBOARD_URL"] == "https://images.example.com"


def test_the_bounds_of_lazy_variants_reach_the_parts_if_they_are_given(plans: runs.Plans) -> None:
    names = {"PIXELFLEET_LAZY_RENDERS", "PIXELFLEET_LAZY_RENDERS_PER_HOUR"}
    cell = next(name for name, given in CELLS.items() if "lazy_variants" in given)

    assert {name: environment(plans[cell]).get(name) for name in names} == {
        "PIXELFLEET_LAZY_RENDERS": "2",
        "PIXELFLEET_LAZY_RENDERS_PER_HOUR": "600",
    }
    assert not names & environment(plans["defaults"]).keys()


def test_workers_without_nat_do_not_call_cloudfront(plans: runs.Plans) -> None:
    """CloudFront's API has no endpoint in a VPC."""
    assert environment(plans["govcloud-without-nat"])["PIXELFLEET_CDN_DISTRIBUTION_ID"] == ""
    assert "PIXELFLEET_CDN_DISTRIBUTION_ID" not in environment(plans["defaults"])


@pytest.mark.parametrize("cell", CELLS)
def test_a_plan_warns_where_cloudfront_has_no_vpc_origins(plans: runs.Plans, cell: str) -> None:
    elsewhere = {"govcloud-without-nat", "china"}

    checks = {check["name"]: check["status"] for check in plans[cell].document["checks"]}

    assert checks == {"partition": "fail" if cell in elsewhere else "pass"}


def test_public_results_need_no_key(plans: runs.Plans) -> None:
    keys = ("aws_cloudfront_public_key", "aws_cloudfront_key_group")

    assert list(plans["china"].resources(*keys)) == []
    assert {key.type for key in plans["defaults"].resources(*keys)} == set(keys)


def test_the_web_acl_lets_large_batches_pass_and_stops_floods(plans: runs.Plans) -> None:
    [acl] = plans["everything"].resources("aws_wafv2_web_acl")
    managed, limits = {}, {}
    for rule in acl.values["rule"]:
        [statement] = rule["statement"]
        for group in statement["managed_rule_group_statement"]:
            managed[group["name"]] = [override["name"] for override in group["rule_action_override"]]
        for rate in statement["rate_based_statement"]:
            limits[rule["name"]] = rate["limit"]

    assert acl.values["scope"] == "CLOUDFRONT"
    # A form request for 500 files is longer than the 8 KB that Amazon's common rules allow.
    assert managed == {
        "AWSManagedRulesAmazonIpReputationList": [],
        "AWSManagedRulesKnownBadInputsRuleSet": [],
        "AWSManagedRulesCommonRuleSet": ["SizeRestrictions_BODY"],
    }
    assert limits == {"rate": 10000}


def test_the_costs_count_every_metric_that_an_alarm_reads(plans: runs.Plans) -> None:
    """CloudWatch bills an alarm by its metrics (docs/deploy.md, What it costs)."""
    alarms = plans["defaults"].resources("aws_cloudwatch_metric_alarm")

    metrics = [sum(len(query["metric"]) for query in alarm.values["metric_query"] or []) or 1 for alarm in alarms]

    assert sum(metrics) == OWN_ALARM_METRICS


def test_a_team_with_a_load_balancer_gets_a_rule_on_its_listener_and_the_deploy_role_may_read_the_balancer(
    plans: runs.Plans,
) -> None:
    plan = plans[EXISTING]
    [rule] = plan.resources("aws_lb_listener_rule")
    [origin] = plan.resources("aws_cloudfront_vpc_origin")
    documents = {document.name: document for document in plan.resources("aws_iam_policy_document")}
    deploy = documents["deploy"]
    actions = {action for statement in deploy.values["statement"] for action in statement["actions"]}

    assert rule.values["priority"] == 7
    assert ":listener/app/team/" in rule.values["listener_arn"]
    assert ":loadbalancer/app/team/" in origin.values["vpc_origin_endpoint_config"][0]["arn"]
    assert {one.type for one in plan.every if one.actions}.isdisjoint(
        {"aws_vpc", "aws_ecs_cluster", "aws_lb_listener", "aws_iam_openid_connect_provider"}
    )
    assert {"elasticloadbalancing:DescribeLoadBalancers", "ecs:DescribeClusters", "ec2:DescribeSubnets"} <= actions


def environment(plan: Plan) -> dict[str, str]:
    """The settings of tasks, as far as they are known before an apply."""
    return dict(plan.partial_outputs["environment"])
