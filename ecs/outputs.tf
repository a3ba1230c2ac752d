output "cluster_name" {
  description = "The cluster."
  value       = local.cluster_name
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

output "schedule_group" {
  description = "Group of all schedules."
  value       = aws_scheduler_schedule_group.this.name
}

output "role_arns" {
  description = "Roles that a deployment passes to ECS and EventBridge Scheduler."
  value       = concat([aws_iam_role.execution.arn, module.dashboard.role_arn, module.reconcile.role_arn, module.reconcile.schedule_role_arn], values(module.lane)[*].role_arn)
}

output "service_arns" {
  description = "The services' ARNs."
  value       = concat([module.dashboard.service_arn], values(module.lane)[*].service_arn)
}
