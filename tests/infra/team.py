"""The existing resources of a platform team before pixelfleet, made in an emulator."""

import json
from typing import Any

from tests.infra.emulators import ACCOUNT, REGION, Emulators
from tests.infra.keys import self_signed
from tests.infra.rules.matrix import BASE


def make_network(running: Emulators) -> dict[str, Any]:
    """A VPC with a gateway and two private subnets, a cluster, a bucket and a boundary, as variables of an example."""
    ec2, ecs = running.client("ec2", on_moto=True), running.client("ecs", on_moto=True)
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(VpcId=vpc, InternetGatewayId=gateway)
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
            "SubnetId"
        ]
        for number, zone in enumerate("ab")
    ]
    ecs.create_cluster(clusterName="platform", settings=[{"name": "containerInsights", "value": "enabled"}])
    running.client("s3").create_bucket(Bucket="museum-masters")
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    running.client("iam").create_policy(PolicyName="boundary", PolicyDocument=json.dumps(allow))
    return {
        "vpc_id": vpc,
        "private_subnet_ids": subnets,
        "cluster_name": "platform",
        "source_buckets": ["museum-masters"],
        "permissions_boundary_arn": "arn:aws:iam::123456789012:policy/boundary",
    }


def make_balancer(running: Emulators, network: dict[str, Any]) -> dict[str, Any]:
    """An internal load balancer with an HTTPS listener in a network of `make_network`, as the module's variable."""
    vpc, subnets = network["vpc_id"], network["private_subnet_ids"]
    ec2, elb = running.client("ec2", on_moto=True), running.client("elbv2", on_moto=True)
    group = ec2.create_security_group(GroupName="team", Description="the team's load balancer", VpcId=vpc)["GroupId"]
    [balancer] = elb.create_load_balancer(Name="team", Subnets=subnets, SecurityGroups=[group], Scheme="internal")[
        "LoadBalancers"
    ]
    made = self_signed("images.example.com")
    acm = running.client("acm", on_moto=True)
    certificate = acm.import_certificate(Certificate=made.certificate, PrivateKey=made.private_key)["CertificateArn"]
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    [listener] = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[answer],
    )["Listeners"]
    return {
        "arn": balancer["LoadBalancerArn"],
        "listener_arn": listener["ListenerArn"],
        "security_group_id": group,
        "rule_priority": 7,
    }


def as_variables(running: Emulators) -> dict[str, Any]:
    """A network, a cluster and an internal load balancer with a listener, as variables of the module."""
    network = make_network(running)
    return {
        "existing_network": {name: network[name] for name in ("vpc_id", "private_subnet_ids")},
        "existing_cluster_name": network["cluster_name"],
        "existing_balancer": make_balancer(running, network),
        "certificate_arn": None,
        "cdn_certificate_arn": BASE["certificate_arn"],
        "source_buckets": network["source_buckets"],
        "permissions_boundary_arn": network["permissions_boundary_arn"],
        "github": {
            "repository": "example/images",
            "environment": "production",
            "provider_arn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com",
            "state_bucket": "states",
            "state_key": "pixelfleet.tfstate",
        },
    }
