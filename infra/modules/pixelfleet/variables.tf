# Names, network, what is there already, and storage.

variable "prefix" {
  description = "What every name starts with; two stacks in one account need two."
  type        = string
  default     = "pixelfleet"
  nullable    = false

  validation {
    # Names of load balancers end at 32 characters and those of roles at 64; this leaves room for ours.
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.prefix))
    error_message = "prefix should be 2 to 20 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "bucket_suffix" {
  description = "Ends the buckets' names, which are the world's: <prefix>-uploads-<suffix>. Null for the account's id."
  type        = string
  default     = null
}

variable "vpc_cidr" {
  description = "Addresses of the VPC, /16 to /19. A task takes one address; each private subnet has a sixteenth."
  type        = string
  default     = "10.0.0.0/16"
  nullable    = false

  validation {
    condition = try(tonumber(split("/", var.vpc_cidr)[1]) >= 16 && tonumber(split("/", var.vpc_cidr)[1]) <= 19 && can(cidrhost(var.vpc_cidr, 0)), false)
    # A load balancer takes no subnet below /27, and the public ones are 256ths.
    error_message = "vpc_cidr should be an IPv4 network from /16 to /19, such as 10.0.0.0/16."
  }
}

variable "zones" {
  description = "Availability zones, 2 or 3. More zones, more pools of Spot capacity."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = contains([2, 3], var.zones)
    error_message = "zones should be 2 or 3: a load balancer needs two."
  }
}

variable "nat" {
  description = "NAT gateways: one (33 USD a month; its zone's outage stops the fleet), per_zone, or none (then every AWS API goes by interface_endpoints)."
  type        = string
  default     = "one"
  nullable    = false

  validation {
    condition     = contains(["one", "per_zone", "none"], var.nat)
    error_message = "nat should be one, per_zone or none."
  }
}

variable "interface_endpoints" {
  description = "AWS services to reach by interface endpoints (about 7 USD a month each and zone). Without NAT at least: ecr.api, ecr.dkr, ecs, logs, monitoring, secretsmanager, sqs, sns; for lanes on EC2 also ecs-agent, ecs-telemetry."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = var.nat != "none" || length(setsubtract(["ecr.api", "ecr.dkr", "ecs", "logs", "monitoring", "secretsmanager", "sqs", "sns"], var.interface_endpoints)) == 0
    error_message = "Without NAT the tasks need interface endpoints for ecr.api, ecr.dkr, ecs, logs, monitoring, secretsmanager, sqs and sns."
  }
}

variable "existing_network" {
  description = "A VPC that is there already, with an internet gateway (CloudFront's VPC origins need one) and two or more private subnets with a way to AWS's APIs. Null: the module makes a VPC."
  type = object({
    vpc_id             = string
    private_subnet_ids = list(string)
  })
  default = null

  validation {
    condition     = try(length(var.existing_network.private_subnet_ids) >= 2, var.existing_network == null)
    error_message = "existing_network.private_subnet_ids should name subnets of two zones or more: a load balancer needs two."
  }
}

variable "existing_cluster_name" {
  description = "An ECS cluster that is there already, with FARGATE, FARGATE_SPOT and Container Insights. Null: the module makes a cluster."
  type        = string
  default     = null

  validation {
    condition     = var.existing_cluster_name == null || (var.bulk.capacity == "fargate" && var.heavy.capacity == "fargate")
    error_message = "Lanes on EC2 add capacity providers to the cluster, which replaces those of existing_cluster_name: use fargate, or let the module make the cluster."
  }
}

variable "existing_balancer" {
  description = "An internal Application Load Balancer that is there already: its ARN, its HTTPS listener, whose certificate is that of domain_name, its security group, and the priority of the rule that is added. Null: the module makes a load balancer."
  type = object({
    arn               = string
    listener_arn      = string
    security_group_id = string
    rule_priority     = optional(number, 100)
  })
  default = null
}

variable "source_buckets" {
  description = "Names of buckets that hold originals already (pixelfleet adopt). The parts may read the buckets; the buckets may notify the uploads queue."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "role_path" {
  description = "Path of every role, such as /teams/images/."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([!-~]+/)?$", var.role_path))
    error_message = "role_path should begin and end with a slash."
  }
}

variable "permissions_boundary_arn" {
  description = "Policy that bounds every role; null for none."
  type        = string
  default     = null
}

variable "force_destroy_bucket" {
  description = "Let terraform destroy delete buckets and the image repository with all that is in them."
  type        = bool
  default     = false
  nullable    = false
}

variable "deletion_protection" {
  description = "Refuse to delete tables and load balancer. Set it to false and apply before a destroy."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key_arn" {
  description = "KMS key of objects, tables, topics, logs, volumes and images; its policy must admit those services (docs/deploy.md). Null for keys that AWS owns."
  type        = string
  default     = null
}

variable "abort_multipart_days" {
  description = "Days until the parts of an unfinished upload are dropped: they are billed and invisible."
  type        = number
  default     = 7
  nullable    = false
}

variable "old_versions_days" {
  description = "Days that a replaced or deleted original can still be brought back."
  type        = number
  default     = 30
  nullable    = false
}

variable "tagged_originals_days" {
  description = "Days that an original tagged pixelfleet-expires=true is kept; its variants go with it."
  type        = number
  default     = 30
  nullable    = false
}

variable "github" {
  description = <<-TEXT
    The GitHub repository whose workflows may deploy, by OpenID Connect and without stored keys. Null: no such role.
    repository      owner/name
    environment     the GitHub environment that a job must run in; its protection rules are then the gate
    provider_arn    the account's OIDC provider of token.actions.githubusercontent.com; null to make one
    state_bucket    bucket of Terraform's state
    state_key       key of the state in the bucket
  TEXT
  type = object({
    repository   = string
    environment  = string
    provider_arn = optional(string)
    state_bucket = string
    state_key    = string
  })
  default = null

  validation {
    condition     = var.github == null || can(regex("^[\\w.-]+/[\\w.-]+$", var.github.repository))
    error_message = "github.repository should be owner/name."
  }
}
