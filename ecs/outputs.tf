output "cluster_name" {
  description = "The cluster."
  value       = aws_ecs_cluster.this.name
}

output "lanes" {
  description = "Service, task definition, role and log group of every lane."
  value       = module.lane
}

output "dashboard" {
  description = "Service, task definition, role and log group of the dashboard."
  value       = module.dashboard
}

output "reconcile" {
  description = "Schedule, task definition, roles and log group of the scheduled reconcile."
  value       = module.reconcile
}

output "roles" {
  description = "Names of the roles that tasks run as."
  value = merge(
    { for name, lane in module.lane : name => lane.role_name },
    { dashboard = module.dashboard.role_name, reconcile = module.reconcile.role_name },
  )
}
