# The source addresses of CloudFront. The load balancer's group admits no others.
data "aws_ec2_managed_prefix_list" "cloudfront" {
  name = "com.amazonaws.global.cloudfront.origin-facing"
}

locals {
  balancer_group_id = try(aws_security_group.balancer[0].id, var.existing_balancer.security_group_id)
}

# The admitted connections: CloudFront -> load balancer -> dashboard; dashboard and workers -> AWS APIs; none to workers.

resource "aws_security_group" "balancer" {
  count = var.existing_balancer == null ? 1 : 0

  name        = "${var.prefix}-balancer"
  description = "Load balancer: HTTPS from CloudFront only"
  vpc_id      = var.vpc_id
}

resource "aws_security_group" "dashboard" {
  name        = "${var.prefix}-dashboard"
  description = "Dashboard tasks: from the load balancer only"
  vpc_id      = var.vpc_id
}

resource "aws_security_group" "workers" {
  name        = "${var.prefix}-workers"
  description = "Worker tasks: nothing comes in"
  vpc_id      = var.vpc_id
}

# CloudFront reaches the internal load balancer by network interfaces in the VPC, and by its own addresses until a
# distribution uses the VPC origin (CloudFront developer guide, "Restrict access with VPC origins").
resource "aws_vpc_security_group_ingress_rule" "balancer_from_cloudfront" {
  count = var.existing_balancer == null ? 1 : 0

  security_group_id = local.balancer_group_id
  description       = "HTTPS from CloudFront"
  prefix_list_id    = data.aws_ec2_managed_prefix_list.cloudfront.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "balancer_to_dashboard" {
  security_group_id            = local.balancer_group_id
  description                  = "to the dashboard's port"
  referenced_security_group_id = aws_security_group.dashboard.id
  ip_protocol                  = "tcp"
  from_port                    = var.dashboard_port
  to_port                      = var.dashboard_port
}

resource "aws_vpc_security_group_ingress_rule" "dashboard_from_balancer" {
  security_group_id            = aws_security_group.dashboard.id
  description                  = "from the load balancer"
  referenced_security_group_id = local.balancer_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.dashboard_port
  to_port                      = var.dashboard_port
}

resource "aws_vpc_security_group_egress_rule" "apis" {
  for_each = { dashboard = aws_security_group.dashboard.id, workers = aws_security_group.workers.id }

  security_group_id = each.value
  description       = "HTTPS to AWS APIs"
  cidr_ipv4         = var.api_cidr
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "workers_to_gateways" {
  for_each = var.gateway_prefix_list_ids

  security_group_id = aws_security_group.workers.id
  description       = "HTTPS to ${each.key} by its gateway endpoint"
  prefix_list_id    = each.value
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "dashboard_to_gateways" {
  for_each = var.gateway_prefix_list_ids

  security_group_id = aws_security_group.dashboard.id
  description       = "HTTPS to ${each.key} by its gateway endpoint"
  prefix_list_id    = each.value
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
