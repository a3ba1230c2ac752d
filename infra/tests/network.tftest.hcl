mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  prefix              = "p"
  cidr                = "10.0.0.0/16"
  zones               = 3
  nat                 = "one"
  interface_endpoints = []
  excluded_zone_ids   = ["use1-az3"]
}

run "tasks_are_private" {
  module {
    source = "./modules/network"
  }

  assert {
    condition     = alltrue([for subnet in concat(values(aws_subnet.public), values(aws_subnet.private)) : subnet.map_public_ip_on_launch != true])
    error_message = "No subnet hands out public addresses."
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route.nat) == 3
    error_message = "One NAT gateway serves all zones."
  }

  assert {
    condition     = toset(keys(aws_vpc_endpoint.gateway)) == toset(["s3", "dynamodb"])
    error_message = "Image bytes cost no NAT charges."
  }
}

run "without_nat_only_the_vpc_answers" {
  variables {
    nat                 = "none"
    interface_endpoints = ["sqs", "sns"]
  }

  module {
    source = "./modules/network"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 0 && length(aws_route.nat) == 0 && length(aws_vpc_endpoint.interface) == 2
    error_message = "Without NAT, the endpoints are the only way out."
  }
}

run "nothing_comes_in_but_through_cloudfront" {
  variables {
    vpc_id                  = "vpc-1"
    existing_balancer       = null
    gateway_prefix_list_ids = { s3 = "pl-s3", dynamodb = "pl-dynamodb" }
    api_cidr                = "10.0.0.0/16"
    dashboard_port          = 8080
  }

  module {
    source = "./modules/firewall"
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.balancer_from_cloudfront[0].prefix_list_id == "pl-cloudfront"
    error_message = "The load balancer answers CloudFront alone."
  }

  assert {
    condition = alltrue([
      for rule in [
        aws_vpc_security_group_ingress_rule.balancer_from_cloudfront[0],
        aws_vpc_security_group_ingress_rule.dashboard_from_balancer,
      ] : rule.cidr_ipv4 != "0.0.0.0/0" && rule.security_group_id != aws_security_group.workers.id
    ])
    error_message = "No rule lets the world in, and none lets anybody in to the workers."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_egress_rule.apis : rule.cidr_ipv4 == "10.0.0.0/16"])
    error_message = "Without NAT, tasks cannot even try the internet."
  }
}

run "subnets_of_two_zones_are_taken" {
  variables {
    vpc_id             = "vpc-1"
    private_subnet_ids = ["subnet-1", "subnet-2"]
  }

  module {
    source = "./modules/existing_network"
  }

  override_data {
    target = data.aws_subnet.private[0]
    values = { id = "subnet-1", vpc_id = "vpc-1", availability_zone = "us-east-1a", availability_zone_id = "use1-az1" }
  }

  override_data {
    target = data.aws_subnet.private[1]
    values = { id = "subnet-2", vpc_id = "vpc-1", availability_zone = "us-east-1b", availability_zone_id = "use1-az2" }
  }

  assert {
    condition     = output.private_subnet_ids == ["subnet-1", "subnet-2"]
    error_message = "Good subnets are handed on."
  }
}

run "a_zone_that_cloudfront_does_not_reach_is_refused" {
  command = plan

  variables {
    vpc_id             = "vpc-1"
    private_subnet_ids = ["subnet-1"]
  }

  module {
    source = "./modules/existing_network"
  }

  override_data {
    target = data.aws_subnet.private
    values = { id = "subnet-1", vpc_id = "vpc-1", availability_zone = "us-east-1e", availability_zone_id = "use1-az3" }
  }

  expect_failures = [data.aws_subnet.private]
}

run "a_subnet_of_another_vpc_is_refused" {
  command = plan

  variables {
    vpc_id             = "vpc-1"
    private_subnet_ids = ["subnet-1"]
  }

  module {
    source = "./modules/existing_network"
  }

  override_data {
    target = data.aws_subnet.private
    values = { id = "subnet-1", vpc_id = "vpc-2", availability_zone = "us-east-1a", availability_zone_id = "use1-az1" }
  }

  expect_failures = [data.aws_subnet.private]
}

run "subnets_of_one_zone_are_refused" {
  command = plan

  variables {
    vpc_id             = "vpc-1"
    private_subnet_ids = ["subnet-1", "subnet-2"]
  }

  module {
    source = "./modules/existing_network"
  }

  override_data {
    target = data.aws_subnet.private
    values = { id = "subnet-1", vpc_id = "vpc-1", availability_zone = "us-east-1a", availability_zone_id = "use1-az1" }
  }

  expect_failures = [output.private_subnet_ids]
}
