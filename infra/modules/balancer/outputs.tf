output "dns_name" {
  description = "The load balancer's own name, for CloudFront."
  value       = aws_lb.this.dns_name
}

output "target_group_arn" {
  description = "Where the dashboard's tasks register."
  value       = aws_lb_target_group.dashboard.arn

  # ECS refuses a target group that no listener uses yet.
  depends_on = [aws_lb_listener_rule.dashboard]
}

output "arn_suffix" {
  description = "The load balancer as CloudWatch's dimension names it."
  value       = aws_lb.this.arn_suffix
}
