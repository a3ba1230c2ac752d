variable "prefix" {
  description = "What every name starts with."
  type        = string
}

variable "reconcile" {
  description = "When it runs and how; each field is described at the root's variable reconcile."
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

variable "cluster" {
  description = "The cluster, once its capacity providers are there."
  type        = object({ name = string, arn = string })
}

variable "task_arns" {
  description = "ARN pattern of the cluster's tasks."
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
  description = "Who may take on the task's role, as a policy document."
  type        = string
}

variable "scheduler_trust_policy" {
  description = "Who may take on the schedule's role, as a policy document."
  type        = string
}

variable "task_policy" {
  description = "What the task may do, as a policy document."
  type        = string
}

variable "environment" {
  description = "The fleet's settings, PIXELFLEET_*."
  type        = map(string)
}

variable "subnet_ids" {
  description = "Private subnets."
  type        = list(string)
}

variable "security_group_ids" {
  description = "Security groups of the task."
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

variable "schedule_group" {
  description = "Group of the schedules, by which CloudWatch counts their failures."
  type        = string
}
