output "dashboard_url" {
  description = "Where people go, once domain_name leads to cdn_domain_name."
  value       = module.pixelfleet.dashboard_url
}

output "cdn_domain_name" {
  description = "What domain_name's CNAME or alias record should point to."
  value       = module.pixelfleet.cdn_domain_name
}

output "cdn_distribution_id" {
  description = "The CloudFront distribution."
  value       = module.pixelfleet.cdn_distribution_id
}

output "cdn_signing_key_id" {
  description = "Key-Pair-Id of signed URLs and cookies; null when results are public."
  value       = module.pixelfleet.cdn_signing_key_id
}

output "repository_url" {
  description = "Where to push the container image."
  value       = module.pixelfleet.repository_url
}

output "uploads_bucket" {
  description = "Put originals here: uploads/<owner>/<batch>/<path>."
  value       = module.pixelfleet.uploads_bucket
}

output "results_bucket" {
  description = "Variants lie here: <owner>/<image_id>/<revision>/<variant>.<ext>."
  value       = module.pixelfleet.results_bucket
}

output "queue_urls" {
  description = "URLs of the queues by name."
  value       = module.pixelfleet.queue_urls
}

output "dlq_urls" {
  description = "URLs of the dead-letter queues by the name of their source."
  value       = module.pixelfleet.dlq_urls
}

output "table_names" {
  description = "The catalog's tables."
  value       = module.pixelfleet.table_names
}

output "notices_topic_arn" {
  description = "Subscribe here to receive the outcome of images and batches."
  value       = module.pixelfleet.notices_topic_arn
}

output "alarms_topic_arn" {
  description = "Subscribe here to receive alarms."
  value       = module.pixelfleet.alarms_topic_arn
}

output "producer_function_name" {
  description = "The Lambda that routes uploads."
  value       = module.pixelfleet.producer_function_name
}

output "cluster_name" {
  description = "The ECS cluster."
  value       = module.pixelfleet.cluster_name
}

output "service_names" {
  description = "The ECS services by name."
  value       = module.pixelfleet.service_names
}

output "task_definition_arns" {
  description = "The task definitions by name."
  value       = module.pixelfleet.task_definition_arns
}

output "role_names" {
  description = "The roles by the part that runs as it."
  value       = module.pixelfleet.role_names
}

output "log_group_names" {
  description = "Where each part logs."
  value       = module.pixelfleet.log_group_names
}

output "reconcile_schedules" {
  description = "The schedules that hold bucket and catalog against each other, by what they start."
  value       = module.pixelfleet.reconcile_schedules
}

output "cloudwatch_dashboard" {
  description = "The operators' dashboard in CloudWatch."
  value       = module.pixelfleet.cloudwatch_dashboard
}

output "environment" {
  description = "The settings of this deployment, for the CLI on your own machine."
  value       = module.pixelfleet.environment
}

output "lanes" {
  description = "Size and bounds of each lane's tasks, as pixelfleet preflight --stack reads them."
  value       = module.pixelfleet.lanes
}

output "image_digest" {
  description = "Digest of the container image that tasks run."
  value       = module.pixelfleet.image_digest
}

output "private_subnet_ids" {
  description = "Subnets of every task."
  value       = module.pixelfleet.private_subnet_ids
}

output "workers_security_group_id" {
  description = "Security group of the workers."
  value       = module.pixelfleet.workers_security_group_id
}

output "deploy_role_arn" {
  description = "Role for GitHub's workflows; null without github."
  value       = module.pixelfleet.deploy_role_arn
}
