variable "prefix" {
  description = "What every name starts with."
  type        = string
}

variable "github" {
  description = "The repository and environment that may deploy, the OIDC provider (null to make one), and where the state is."
  type = object({
    repository        = string
    environment       = string
    provider_arn      = string
    state_bucket      = string
    state_key         = string
    state_kms_key_arn = string
  })
}

variable "repository_arn" {
  description = "The ECR repository of the image."
  type        = string
}

variable "service_arns" {
  description = "The services that a deployment updates."
  type        = list(string)
}

variable "cluster_arn" {
  description = "The cluster."
  type        = string
}

variable "looks_up" {
  description = "Whether cluster, load balancer and network were there before the stack, so that every plan looks them up."
  type        = object({ cluster = bool, balancer = bool, network = bool })
}

variable "task_arn_pattern" {
  description = "ARN pattern of the cluster's tasks."
  type        = string
}

variable "families" {
  description = "ARN patterns of the task definitions, of every revision."
  type        = list(string)
}

variable "passed_role_arns" {
  description = "Roles that a deployment passes to ECS and EventBridge Scheduler."
  type        = list(string)
}

variable "function_arn" {
  description = "The producer's function."
  type        = string
}

variable "schedule_arn_pattern" {
  description = "ARN pattern of the schedules that name a task definition."
  type        = string
}

variable "roles" {
  description = "Path and permissions boundary of the role."
  type        = object({ path = string, boundary = string })
}
