output "dashboard_url" {
  description = "Where people go, once domain_name leads to cdn_domain_name."
  value       = local.dashboard_url
}

output "cdn_domain_name" {
  description = "What domain_name's CNAME or alias record should point to."
  value       = module.cdn.domain_name
}

output "cdn_distribution_id" {
  description = "The CloudFront distribution."
  value       = module.cdn.distribution_id
}

output "cdn_signing_key_id" {
  description = "Key-Pair-Id of signed URLs and cookies; null when results are public."
  value       = module.cdn.signing_key_id
}

output "repository_url" {
  description = "Where to push the container image."
  value       = module.registry.url
}

output "uploads_bucket" {
  description = "Put originals here: uploads/<owner>/<batch>/<path>."
  value       = module.storage.buckets.uploads.name
}

output "results_bucket" {
  description = "Variants lie here: <owner>/<image_id>/<revision>/<variant>.<ext>."
  value       = module.storage.buckets.results.name
}

output "queue_urls" {
  description = "URLs of the queues by name."
  value       = { for name, queue in module.queue : name => queue.url }
}

output "dlq_urls" {
  description = "URLs of the dead-letter queues by the name of their source."
  value       = { for name, queue in module.queue : name => queue.dead_letters.url }
}

output "table_names" {
  description = "The catalog's tables."
  value       = { for name, table in module.catalog.tables : name => table.name }
}

output "notices_topic_arn" {
  description = "Subscribe here to receive the outcome of images and batches."
  value       = module.topics.notices_arn
}

output "alarms_topic_arn" {
  description = "Subscribe here to receive alarms."
  value       = module.topics.alarms_arn
}

output "producer_function_name" {
  description = "The Lambda that routes uploads."
  value       = module.producer.function_name
}

output "cluster_name" {
  description = "The ECS cluster."
  value       = module.ecs.cluster_name
}

output "service_names" {
  description = "The ECS services by name."
  value       = merge({ for name, lane in module.ecs.lanes : name => lane.service_name }, { dashboard = module.ecs.dashboard.service_name })
}

output "task_definition_arns" {
  description = "The task definitions by name."
  value = merge(
    { for name, lane in module.ecs.lanes : name => lane.task_definition_arn },
    { dashboard = module.ecs.dashboard.task_definition_arn, reconcile = module.ecs.reconcile.task_definition_arn },
  )
}

output "role_names" {
  description = "The roles by the part that runs as it."
  value       = merge(module.ecs.roles, { producer = module.producer.role_name })
}

output "log_group_names" {
  description = "Where each part logs."
  value = merge(
    { for name, lane in module.ecs.lanes : name => lane.log_group_name },
    {
      dashboard = module.ecs.dashboard.log_group_name
      producer  = module.producer.log_group_name
      reconcile = module.ecs.reconcile.log_group_name
    },
  )
}

output "reconcile_schedules" {
  description = "The schedules that hold bucket and catalog against each other, by what they start."
  value       = module.ecs.reconcile.schedule_names
}

output "cloudwatch_dashboard" {
  description = "The operators' dashboard in CloudWatch."
  value       = module.observability.dashboard_name
}

output "environment" {
  description = "The settings of this deployment, for the CLI on your own machine."
  value       = merge(local.environment, { AWS_REGION = data.aws_region.current.id })
}

output "lanes" {
  description = "Size and bounds of each lane's tasks, as pixelfleet preflight --stack reads them."
  value = {
    for name, lane in local.lanes : name => {
      capacity     = lane.capacity
      cpu          = lane.cpu
      memory       = lane.memory
      scratch_gib  = lane.scratch_gib
      maximum      = lane.maximum
      spot_percent = lane.spot_percent
    }
  }
}

output "image_digest" {
  description = "Digest of the container image that tasks run."
  value       = var.image_digest
}

output "private_subnet_ids" {
  description = "Subnets of every task."
  value       = local.network.private_subnet_ids
}

output "workers_security_group_id" {
  description = "Security group of the workers."
  value       = module.firewall.ids.workers
}

output "deploy_role_arn" {
  description = "Role for GitHub's workflows; null without github."
  value       = one(module.delivery[*].role_arn)
}
