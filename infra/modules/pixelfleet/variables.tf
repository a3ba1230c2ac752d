# Names, network, existing resources, and storage.

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

  validation {
    condition     = !can(regex("^(aws|ecs|fargate|internal(-|$)|xn--|sthree-|amzn-s3-demo-)", var.prefix))
    error_message = "prefix must not begin with aws, ecs, fargate (names of ECS capacity providers), internal- (load balancers), xn--, sthree- or amzn-s3-demo- (buckets): AWS reserves these names."
  }
}

variable "bucket_suffix" {
  description = "Ends the buckets' names, which are the world's: <prefix>-uploads-<suffix>. Null for the account's id."
  type        = string
  default     = null

  validation {
    condition     = var.bucket_suffix == null || (can(regex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", var.bucket_suffix)) && length("${var.prefix}-uploads-${coalesce(var.bucket_suffix, "x")}") <= 63)
    error_message = "bucket_suffix should be lower-case letters, digits and hyphens, and <prefix>-uploads-<suffix> should have 63 characters at most, as S3 has it."
  }
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
  description = "NAT gateways: one (33 USD a month; its zone's outage stops the fleet), per_zone, or none (then every AWS API goes by interface_endpoints). With existing_network no gateway is made; none then says that its subnets have no way to the internet."
  type        = string
  default     = "one"
  nullable    = false

  validation {
    condition     = contains(["one", "per_zone", "none"], var.nat)
    error_message = "nat should be one, per_zone or none."
  }
}

variable "interface_endpoints" {
  description = "AWS services to reach by interface endpoints (about 7 USD a month each and zone). Without NAT at least: ecr.api, ecr.dkr, ecs, logs, monitoring, secretsmanager, sqs, sns; for lanes on EC2 also ecs-agent, ecs-telemetry; for ecs_exec also ssmmessages. Not used with existing_network."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = var.nat != "none" || var.existing_network != null || length(setsubtract(["ecr.api", "ecr.dkr", "ecs", "logs", "monitoring", "secretsmanager", "sqs", "sns"], var.interface_endpoints)) == 0
    error_message = "Without NAT the tasks need interface endpoints for ecr.api, ecr.dkr, ecs, logs, monitoring, secretsmanager, sqs and sns."
  }

  validation {
    condition     = var.nat != "none" || var.existing_network != null || !contains([var.bulk.capacity, var.heavy.capacity], "ec2") || length(setsubtract(["ecs-agent", "ecs-telemetry"], var.interface_endpoints)) == 0
    error_message = "Without NAT, lanes on EC2 also need interface endpoints for ecs-agent and ecs-telemetry."
  }

  validation {
    condition     = var.nat != "none" || var.existing_network != null || !var.ecs_exec || contains(var.interface_endpoints, "ssmmessages")
    error_message = "Without NAT, ecs_exec also needs an interface endpoint for ssmmessages."
  }
}

variable "existing_network" {
  description = "A VPC that is there already, with an internet gateway (CloudFront's VPC origins need one) and two or more private subnets with a way to AWS's APIs. None of the subnets may lie in a zone that CloudFront's VPC origins exclude: use1-az3, usw1-az2, apne1-az3, apne2-az1, cac1-az3. Null: the module makes a VPC."
  type = object({
    vpc_id             = string
    private_subnet_ids = list(string)
  })
  default = null

  validation {
    condition     = try(length(distinct(var.existing_network.private_subnet_ids)) >= 2, var.existing_network == null)
    error_message = "existing_network.private_subnet_ids should name subnets of two zones or more: a load balancer needs two."
  }

  validation {
    condition     = var.existing_network == null || (can(regex("^vpc-", var.existing_network.vpc_id)) && alltrue([for id in try(var.existing_network.private_subnet_ids, []) : can(regex("^subnet-", id))]))
    error_message = "existing_network should hold ids: vpc_id = \"vpc-...\", private_subnet_ids = [\"subnet-...\", \"subnet-...\"]."
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
  description = "An internal Application Load Balancer that is there already: its ARN, its HTTPS listener on port 443, whose certificate is that of domain_name, its security group, which must admit CloudFront's prefix list on port 443, and the priority of the rule that is added. Null: the module makes a load balancer."
  type = object({
    arn               = string
    listener_arn      = string
    security_group_id = string
    rule_priority     = optional(number, 100)
  })
  default = null

  validation {
    condition     = var.existing_balancer == null || (can(regex(":loadbalancer/app/", var.existing_balancer.arn)) && can(regex(":listener/app/", var.existing_balancer.listener_arn)) && can(regex("^sg-", var.existing_balancer.security_group_id)))
    error_message = "existing_balancer should name an Application Load Balancer: arn (...:loadbalancer/app/...), listener_arn (...:listener/app/...) and security_group_id (sg-...)."
  }

  validation {
    condition     = try(var.existing_balancer.rule_priority >= 1 && var.existing_balancer.rule_priority <= 50000, var.existing_balancer == null)
    error_message = "existing_balancer.rule_priority should be 1 to 50000."
  }
}

variable "source_buckets" {
  description = "Names of buckets that hold originals already (pixelfleet adopt). The parts may read the buckets; the buckets may notify the uploads queue, themselves or by EventBridge."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.source_buckets : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", name))])
    error_message = "source_buckets should be names of buckets, without s3:// and arn:."
  }

  validation {
    condition     = length(var.source_buckets) <= 30
    error_message = "source_buckets should be 30 buckets at most: IAM allows a role 10,240 characters of inline policies. A second stack with another prefix takes the others."
  }
}

variable "aliases" {
  description = <<-EOT
    Copies of results under readable keys, for people who serve straight from S3. Null: only recipes with a template of
    their own make copies, in the bucket of results.

    template  such as {path}/{stem}_{variant}.{ext}
    bucket    a bucket that is there already; by default the bucket of results
    prefix    prefix of the keys, with a slash; in the bucket of results _alias/ by default, else none
  EOT
  type = object({
    template = string
    bucket   = optional(string)
    prefix   = optional(string)
  })
  default = null

  validation {
    condition     = var.aliases == null || can(regex("\\{variant\\}", var.aliases.template)) && can(regex("\\{ext\\}", var.aliases.template))
    error_message = "aliases.template should have {variant} and {ext}: two files of one image would have the same key."
  }

  validation {
    condition     = try(var.aliases.bucket == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.aliases.bucket)), true)
    error_message = "aliases.bucket should be the name of a bucket, without s3:// and arn:."
  }

  validation {
    condition     = try(!contains(var.source_buckets, var.aliases.bucket), true)
    error_message = "aliases.bucket is one of source_buckets: nothing is processed from a bucket that pixelfleet writes to. Give aliases a bucket of their own."
  }

  validation {
    condition     = try(var.aliases.prefix == null || can(regex("^_.*/$", var.aliases.prefix)) || var.aliases.bucket != null && can(regex("/$", var.aliases.prefix)), true)
    error_message = "aliases.prefix should end with a slash, and begin with _ in the bucket of results, as in _alias/."
  }
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

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn should be the ARN of an IAM policy."
  }
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

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.kms_key_arn))
    error_message = "kms_key_arn should be the ARN of a key (arn:aws:kms:...:key/...). An alias does not do: IAM policies grant rights on keys."
  }
}

variable "abort_multipart_days" {
  description = "Days until the parts of an unfinished upload are dropped: they are billed and invisible."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.abort_multipart_days >= 1 && floor(var.abort_multipart_days) == var.abort_multipart_days
    error_message = "abort_multipart_days should be 1 day or more, a whole number."
  }
}

variable "old_versions_days" {
  description = "Days that a replaced or deleted original can still be brought back."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.old_versions_days >= 1 && floor(var.old_versions_days) == var.old_versions_days
    error_message = "old_versions_days should be 1 day or more, a whole number."
  }
}

variable "tagged_originals_days" {
  description = "Days that an original tagged pixelfleet-expires=true is kept; its variants go with it."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.tagged_originals_days >= 1 && floor(var.tagged_originals_days) == var.tagged_originals_days
    error_message = "tagged_originals_days should be 1 day or more, a whole number."
  }
}

variable "github" {
  description = <<-TEXT
    The GitHub repository whose workflows may deploy, by OpenID Connect and without stored keys. Null: no such role.
    repository         owner/name
    environment        the GitHub environment that a job must run in; its protection rules are then the gate
    provider_arn       the account's OIDC provider of token.actions.githubusercontent.com; null to make one
    state_bucket       bucket of Terraform's state
    state_key          key of the state in the bucket
    state_kms_key_arn  KMS key of yours that encrypts the state; null for S3's own and for aws/s3
  TEXT
  type = object({
    repository        = string
    environment       = string
    provider_arn      = optional(string)
    state_bucket      = string
    state_key         = string
    state_kms_key_arn = optional(string)
  })
  default = null

  validation {
    condition     = var.github == null || can(regex("^[\\w.-]+/[\\w.-]+$", var.github.repository))
    error_message = "github.repository should be owner/name."
  }

  validation {
    condition     = var.github == null || can(regex("^[^:*]+$", var.github.environment))
    error_message = "github.environment should be the name of a GitHub environment, without : and *."
  }

  validation {
    condition     = try(var.github.provider_arn == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:oidc-provider/token.actions.githubusercontent.com$", var.github.provider_arn)), var.github == null)
    error_message = "github.provider_arn should be the ARN of the OIDC provider token.actions.githubusercontent.com of this account, or null to make one."
  }

  validation {
    condition     = var.github == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.github.state_bucket))
    error_message = "github.state_bucket should be the name of the bucket of Terraform's state, without s3://."
  }

  validation {
    condition     = try(var.github.state_kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.github.state_kms_key_arn)), var.github == null)
    error_message = "github.state_kms_key_arn should be the ARN of the key that encrypts the state (arn:aws:kms:...:key/...), or null."
  }
}
