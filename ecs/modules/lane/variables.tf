variable "name" {
  description = "The lane: bulk or heavy."
  type        = string
}

variable "prefix" {
  description = "What every name starts with."
  type        = string
}

variable "lane" {
  description = "The lane's numbers; each field is described at the root's variables bulk and heavy."
  type = object({
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
  })
}

variable "cluster" {
  description = "The cluster, once its capacity providers are there."
  type        = object({ name = string, arn = string })
}

variable "ec2_provider" {
  description = "The lane's own EC2 capacity provider; null on Fargate."
  type        = string
}

variable "image" {
  description = "The container image, with its tag or digest."
  type        = string
}

variable "architecture" {
  description = "arm64 or x86_64."
  type        = string
}

variable "execution_role_arn" {
  description = "Role of the ECS agent."
  type        = string
}

variable "trust_policy" {
  description = "Who may take on the role, as a policy document."
  type        = string
}

variable "task_policy" {
  description = "What the worker may do, as a policy document."
  type        = string
}

variable "environment" {
  description = "The fleet's settings, PIXELFLEET_*."
  type        = map(string)
}

variable "queue_name" {
  description = "The lane's queue, as CloudWatch's dimension names it."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets."
  type        = list(string)
}

variable "security_group_ids" {
  description = "Security groups of the tasks."
  type        = list(string)
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
}

variable "kms_key_arn" {
  description = "KMS key of the log group; null for CloudWatch's own."
  type        = string
}

variable "roles" {
  description = "Path and permissions boundary (an ARN, or null) of every role."
  type        = object({ path = string, boundary = string })
}

variable "ecs_exec" {
  description = "Let operators open a shell in a running task (ECS Exec). Off in normal operation."
  type        = bool
}
