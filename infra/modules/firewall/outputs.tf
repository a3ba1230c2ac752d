output "ids" {
  description = "Security groups of the load balancer, the dashboard and the workers."
  value = {
    balancer  = local.balancer_group_id
    dashboard = aws_security_group.dashboard.id
    workers   = aws_security_group.workers.id
  }
}
