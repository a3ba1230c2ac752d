output "dns_name" {
  description = "The load balancer's own name, for CloudFront."
  value       = try(aws_lb.this[0].dns_name, data.aws_lb.existing[0].dns_name)
}

output "vpc_origin_id" {
  description = "CloudFront's way to the load balancer."
  value       = aws_cloudfront_vpc_origin.dashboard.id
}

output "target_group_arn" {
  description = "Where the dashboard's tasks register."
  value       = aws_lb_target_group.dashboard.arn

  # ECS refuses a target group that no listener uses yet.
  depends_on = [aws_lb_listener_rule.dashboard]
}

output "arn_suffixes" {
  description = "The load balancer and the target group as CloudWatch's dimensions name them."
  value = {
    balancer     = try(aws_lb.this[0].arn_suffix, data.aws_lb.existing[0].arn_suffix)
    target_group = aws_lb_target_group.dashboard.arn_suffix
  }
}
