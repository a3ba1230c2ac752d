locals {
  # A load balancer's name has 32 characters at most.
  name = substr("${var.prefix}-dashboard", 0, 32)

  arn          = try(aws_lb.this[0].arn, var.existing.arn)
  listener_arn = try(aws_lb_listener.https[0].arn, var.existing.listener_arn)
}

data "aws_lb" "existing" {
  count = var.existing == null ? 0 : 1

  arn = var.existing.arn

  lifecycle {
    postcondition {
      condition     = self.internal
      error_message = "The load balancer ${self.name} is internet-facing: any CloudFront distribution would reach it. existing_balancer must be internal."
    }
  }
}

# An internal load balancer. Only CloudFront reaches it, through a VPC origin of this account (CloudFront developer guide,
# "Restrict access to Application Load Balancers"). A Host header and CloudFront's addresses prove nothing, because every
# customer of CloudFront has both.
resource "aws_lb" "this" {
  count = var.existing == null ? 1 : 0

  name                       = local.name
  load_balancer_type         = "application"
  internal                   = true
  subnets                    = var.subnet_ids
  security_groups            = [var.security_group_id]
  drop_invalid_header_fields = true
  enable_deletion_protection = var.deletion_protection
  # The dashboard sends progress as server-sent events, at least one line in 30 s.
  idle_timeout = 120

  dynamic "access_logs" {
    for_each = var.log_bucket[*]

    content {
      bucket  = access_logs.value
      prefix  = "balancer"
      enabled = true
    }
  }
}

# AWS deletes no target group that a listener uses. So a replacement is made first, under another name.
resource "aws_lb_target_group" "dashboard" {
  name_prefix = substr(var.prefix, 0, 6)
  vpc_id      = var.vpc_id
  target_type = "ip"
  protocol    = "HTTP"
  port        = var.dashboard_port
  # Pages end in milliseconds. The load balancer cuts event streams, and browsers open them again.
  deregistration_delay = 15

  health_check {
    path                = var.health_path
    matcher             = "200"
    interval            = 15
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "https" {
  count = var.existing == null ? 1 : 0

  load_balancer_arn = aws_lb.this[0].arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      message_body = "no such site"
      status_code  = "403"
    }
  }
}

resource "aws_lb_listener_rule" "dashboard" {
  listener_arn = local.listener_arn
  priority     = try(var.existing.rule_priority, 1)

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.dashboard.arn
  }

  condition {
    host_header {
      values = [var.domain_name]
    }
  }
}

# CloudFront's way into the VPC. Only distributions of this account can use the origin.
resource "aws_cloudfront_vpc_origin" "dashboard" {
  vpc_origin_endpoint_config {
    name                   = "${var.prefix}-dashboard"
    arn                    = local.arn
    http_port              = 80
    https_port             = 443
    origin_protocol_policy = "https-only"

    origin_ssl_protocols {
      items    = ["TLSv1.2"]
      quantity = 1
    }
  }

  depends_on = [aws_lb_listener_rule.dashboard]
}
