variable "prefix" {
  description = "What every name starts with."
  type        = string
}

variable "dashboard" {
  description = "Size, number of tasks, port, health path, the target group to register with, its secret, and the id of its CloudFront key (null when results are public)."
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

variable "cluster" {
  description = "The cluster, once its capacity providers are there."
  type        = object({ name = string, arn = string })
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
  description = "What the dashboard may do, as a policy document."
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
