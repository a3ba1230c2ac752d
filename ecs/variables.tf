variable "prefix" {
  description = "Name of the cluster, and what every other name starts with."
  type        = string
}

variable "image" {
  description = "The container image, with its tag or digest."
  type        = string
}

variable "repository_arn" {
  description = "The ECR repository that holds it."
  type        = string
}

variable "architecture" {
  description = "arm64 or x86_64; the image must be built for it."
  type        = string
}

variable "lanes" {
  description = "The lanes by name; each field is described at the root's variables bulk and heavy."
  type = map(object({
    capacity           = string
    on_demand_tasks    = number
    spot_percent       = number
    cpu                = number
    memory             = number
    concurrency        = number
    scratch_gib        = number
    minimum            = number
    maximum            = number
    acceptable_wait    = number
    seconds_per_image  = number
    scale_out_cooldown = number
    scale_in_cooldown  = number
    wake_tasks         = number
    scheduled_minimums = map(object({ schedule = string, until = string, timezone = string, minimum = number }))
    instance_types     = list(string)
  }))
}

variable "dashboard" {
  description = "The dashboard's size, its port, where it registers, the path of its health check, its secret, and the id of its CloudFront key (null when results are public)."
  type = object({
    cpu              = number
    memory           = number
    tasks            = number
    port             = number
    health_path      = string
    target_group_arn = string
    secret_arn       = string
    signing_key_id   = string
  })
}

variable "reconcile" {
  description = "The scheduled reconcile; each field is described at the root's variable reconcile."
  type = object({
    enabled         = bool
    schedule        = string
    sweep_schedule  = string
    digest_schedule = string
    timezone        = string
    rate            = number
    cpu             = number
    memory          = number
  })
}

variable "network" {
  description = "Where tasks run."
  type = object({
    private_subnet_ids = list(string)
    security_group_ids = object({ dashboard = string, workers = string })
  })
}

variable "environment" {
  description = "The fleet's settings, PIXELFLEET_*, the same for every task."
  type        = map(string)
}

variable "queues" {
  description = "The queues by name: uploads, and one per lane."
  type = map(object({
    name         = string
    url          = string
    arn          = string
    dead_letters = object({ name = string, url = string, arn = string })
  }))
}

variable "buckets" {
  description = "The buckets of originals and of results."
  type        = object({ uploads = object({ arn = string }), results = object({ arn = string }) })
}

variable "tables" {
  description = "The catalog's tables by name."
  type        = map(object({ arn = string }))
}

variable "topics" {
  description = "ARN of the topic of notices."
  type        = object({ notices = string })
}

variable "distribution_arn" {
  description = "The CloudFront distribution, from which workers take what is removed."
  type        = string
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
}

variable "kms_key_arn" {
  description = "KMS key of objects, volumes and logs; null for the services' own."
  type        = string
}

variable "roles" {
  description = "Path and permissions boundary (an ARN, or null) of every role."
  type        = object({ path = string, boundary = string })
}

variable "existing_cluster" {
  description = "Name of a cluster that is there already; null to make one. It must have FARGATE, FARGATE_SPOT and Container Insights."
  type        = string
}

variable "source_bucket_arns" {
  description = "Buckets that hold originals and belong to somebody else: read only."
  type        = list(string)
}

variable "aliases" {
  description = "The bucket and the prefix of copies of results under readable keys."
  type        = object({ bucket_arn = string, prefix = string })
}

variable "ecs_exec" {
  description = "Let operators open a shell in a running task (ECS Exec)."
  type        = bool
}
