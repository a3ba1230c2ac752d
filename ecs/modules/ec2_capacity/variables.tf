variable "name" {
  description = "Name of the capacity provider, its Auto Scaling group and its role."
  type        = string
}

variable "cluster_name" {
  description = "The cluster that instances join."
  type        = string
}

variable "cluster_arn" {
  description = "ARN of the cluster."
  type        = string
}

variable "lane" {
  description = "What the instances are for."
  type = object({
    maximum         = number
    on_demand_tasks = number
    spot_percent    = number
    cpu             = number
    memory          = number
    scratch_gib     = number
    instance_types  = list(string)
  })
}

variable "architecture" {
  description = "arm64 or x86_64; the instance types must be of it."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets."
  type        = list(string)
}

variable "security_group_ids" {
  description = "Security groups of the instances."
  type        = list(string)
}

variable "kms_key_arn" {
  description = "KMS key of the volumes; null for alias/aws/ebs."
  type        = string
}

variable "roles" {
  description = "Path and permissions boundary (an ARN, or null) of every role."
  type        = object({ path = string, boundary = string })
}
