output "ids" {
  description = "Security groups of the load balancer, the dashboard and the workers."
  value = {
    balancer  = local.balancer_group_id
    dashboard = aws_security_group.dashboard.id
    workers   = aws_security_group.workers.id
  }

  # A task that starts before its group has rules can open no connection.
  depends_on = [
    aws_vpc_security_group_ingress_rule.balancer_from_cloudfront, aws_vpc_security_group_egress_rule.balancer_to_dashboard,
    aws_vpc_security_group_ingress_rule.dashboard_from_balancer, aws_vpc_security_group_egress_rule.apis,
    aws_vpc_security_group_egress_rule.workers_to_gateways, aws_vpc_security_group_egress_rule.dashboard_to_gateways,
  ]
}
