# The root passes every variable to modules/pixelfleet, which has the default, the form and the validation. Null means the
# default. Terraform silently drops a field that an object type does not have, so the root refuses a misspelt field.

variable "region" {
  description = "AWS region of everything but CloudFront and its web ACL."
  type        = string
  default     = "us-east-1"
}

variable "tags" {
  description = "Tags of every resource, beside Application."
  type        = map(string)
  default     = {}
}

variable "max_retries" {
  description = "How often the provider repeats a call that AWS throttled or failed."
  type        = number
  default     = 25
}

variable "prefix" {
  description = "What every name starts with; two stacks in one account need two."
  type        = string
  default     = "pixelfleet"
}

variable "bucket_suffix" {
  description = "Ends the buckets' names, which are the world's."
  type        = string
  default     = null
}

variable "vpc_cidr" {
  description = "Addresses of the VPC, /16 to /19. A task takes one address; each private subnet has a sixteenth."
  type        = string
  default     = null
}

variable "zones" {
  description = "Availability zones, 2 or 3. More zones, more pools of Spot capacity."
  type        = number
  default     = null
}

variable "nat" {
  description = "NAT gateways."
  type        = string
  default     = null
}

variable "interface_endpoints" {
  description = "AWS services to reach by interface endpoints (about 7 USD a month each and zone)."
  type        = set(string)
  default     = null
}

variable "existing_network" {
  description = "A VPC that is there already, with an internet gateway (CloudFront's VPC origins need one) and two or more private subnets with a way to AWS's APIs."
  type        = any
  default     = null

  validation {
    condition     = try(length(setsubtract(keys(var.existing_network), ["vpc_id", "private_subnet_ids"])) == 0, var.existing_network == null)
    error_message = "existing_network has the fields vpc_id, private_subnet_ids, and no others: is one misspelt?"
  }
}

variable "existing_cluster_name" {
  description = "An ECS cluster that is there already, with FARGATE, FARGATE_SPOT and Container Insights."
  type        = string
  default     = null
}

variable "existing_balancer" {
  description = "An internal Application Load Balancer that is there already."
  type        = any
  default     = null

  validation {
    condition     = try(length(setsubtract(keys(var.existing_balancer), ["arn", "listener_arn", "security_group_id", "rule_priority"])) == 0, var.existing_balancer == null)
    error_message = "existing_balancer has the fields arn, listener_arn, security_group_id, rule_priority, and no others: is one misspelt?"
  }
}

variable "source_buckets" {
  description = "Names of buckets that hold originals already (pixelfleet adopt)."
  type        = set(string)
  default     = null
}

variable "aliases" {
  description = "Copies of results under readable keys: template, and optionally bucket and prefix."
  type        = any
  default     = null

  validation {
    condition     = try(length(setsubtract(keys(var.aliases), ["template", "bucket", "prefix"])) == 0, var.aliases == null)
    error_message = "aliases has the fields template, bucket, prefix, and no others: is one misspelt?"
  }
}

variable "role_path" {
  description = "Path of every role, such as /teams/images/."
  type        = string
  default     = null
}

variable "permissions_boundary_arn" {
  description = "Policy that bounds every role; null for none."
  type        = string
  default     = null
}

variable "force_destroy_bucket" {
  description = "Let terraform destroy delete buckets and the image repository with all that is in them."
  type        = bool
  default     = null
}

variable "deletion_protection" {
  description = "Refuse to delete tables and load balancer."
  type        = bool
  default     = null
}

variable "kms_key_arn" {
  description = "KMS key of objects, tables, topics, logs, volumes and images; its policy must admit those services (docs/deploy.md)."
  type        = string
  default     = null
}

variable "abort_multipart_days" {
  description = "Days until the parts of an unfinished upload are dropped."
  type        = number
  default     = null
}

variable "old_versions_days" {
  description = "Days that a replaced or deleted original can still be brought back."
  type        = number
  default     = null
}

variable "tagged_originals_days" {
  description = "Days that an original tagged pixelfleet-expires=true is kept; its variants go with it."
  type        = number
  default     = null
}

variable "github" {
  description = "The GitHub repository whose workflows may deploy."
  type        = any
  default     = null

  validation {
    condition     = try(length(setsubtract(keys(var.github), ["repository", "environment", "provider_arn", "state_bucket", "state_key", "state_kms_key_arn"])) == 0, var.github == null)
    error_message = "github has the fields repository, environment, provider_arn, state_bucket, state_key, state_kms_key_arn, and no others: is one misspelt?"
  }
}

variable "domain_name" {
  description = "Where people find the dashboard and the results, such as images.example.com."
  type        = string
}

variable "route53_zone_id" {
  description = "Public hosted zone of domain_name."
  type        = string
  default     = null
}

variable "certificate_arn" {
  description = "ACM certificate of domain_name in this region, for the load balancer."
  type        = string
  default     = null
}

variable "cdn_certificate_arn" {
  description = "ACM certificate of domain_name in us-east-1, where CloudFront looks for it."
  type        = string
  default     = null
}

variable "public_results" {
  description = "Serve results to anybody who has the address, instead of by signed URLs and cookies."
  type        = bool
  default     = null
}

variable "signing_public_keys" {
  description = "PEM of the RSA-2048 public keys whose private halves sign URLs and cookies of results, by a name of yours (pixelfleet secrets create prints one)."
  type        = map(string)
  default     = null
}

variable "signing_key" {
  description = "Name in signing_public_keys whose private half the dashboard signs with."
  type        = string
  default     = null
}

variable "dashboard_secret_arn" {
  description = "Secrets Manager secret that the dashboard reads when it starts."
  type        = string
}

variable "edge_ttl_seconds" {
  description = "Seconds that CloudFront's edges keep a result."
  type        = number
  default     = null
}

variable "stable_ttl_seconds" {
  description = "Seconds that CloudFront's edges and browsers keep what a stable address (/v/...) led to."
  type        = number
  default     = null
}

variable "price_class" {
  description = "CloudFront's edges."
  type        = string
  default     = null
}

variable "waf" {
  description = "Put AWS WAF with Amazon's managed rules and a rate limit in front (about 9 USD a month and 0.60 per million requests)."
  type        = bool
  default     = null
}

variable "waf_rate_limit" {
  description = "Requests that one address may send in five minutes."
  type        = number
  default     = null
}

variable "upload_origins" {
  description = "Further web origins (https://...) whose pages may upload straight to the bucket."
  type        = list(string)
  default     = null
}

variable "dashboard" {
  description = "The dashboard's tasks."
  type        = any
  default     = null

  validation {
    condition     = try(length(setsubtract(keys(var.dashboard), ["cpu", "memory", "tasks"])) == 0, var.dashboard == null)
    error_message = "dashboard has the fields cpu, memory, tasks, and no others: is one misspelt?"
  }
}

variable "lazy_variants" {
  description = "Bounds of the lazy variants that one task of the dashboard makes."
  type        = any
  default     = null

  validation {
    condition     = try(length(setsubtract(keys(var.lazy_variants), ["renders", "renders_per_hour"])) == 0, var.lazy_variants == null)
    error_message = "lazy_variants has the fields renders, renders_per_hour, and no others: is one misspelt?"
  }
}

variable "email_subscription" {
  description = "Address that receives completed batches, an hourly digest of failures, and alarms; it must confirm twice."
  type        = string
  default     = null
}

variable "notice_subscriptions" {
  description = "Further subscriptions to notices."
  type        = any
  default     = null

  validation {
    condition     = try(length(setsubtract(flatten([for each in values(var.notice_subscriptions) : keys(each)]), ["protocol", "endpoint", "filter", "raw"])) == 0, var.notice_subscriptions == null)
    error_message = "notice_subscriptions has the fields protocol, endpoint, filter, raw, and no others: is one misspelt?"
  }
}

variable "oldest_message_seconds" {
  description = "Age of the oldest message that raises an alarm."
  type        = any
  default     = null

  validation {
    condition     = try(length(setsubtract(keys(var.oldest_message_seconds), ["uploads", "bulk", "heavy"])) == 0, var.oldest_message_seconds == null)
    error_message = "oldest_message_seconds has the fields uploads, bulk, heavy, and no others: is one misspelt?"
  }
}

variable "failure_percent" {
  description = "Failed images, in percent over 15 minutes, that raise an alarm."
  type        = number
  default     = null
}

variable "failure_minimum" {
  description = "Failed images in five minutes below which there is no rate to speak of."
  type        = number
  default     = null
}

variable "balancer_errors" {
  description = "5xx answers of the dashboard in five minutes that raise an alarm."
  type        = number
  default     = null
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = null
}

variable "access_logs_days" {
  description = "Days that access logs of the load balancer, CloudFront and S3 and flow logs of the VPC are kept, in a bucket of their own."
  type        = number
  default     = null
}

variable "monthly_budget_usd" {
  description = "US dollars a month of what carries the tag Application = prefix; an alarm is sent at 80 % and when the forecast is above."
  type        = number
  default     = null
}

variable "reconcile" {
  description = "The scheduled comparison of bucket and catalog, and the digest of failures."
  type        = any
  default     = null

  validation {
    condition     = try(length(setsubtract(keys(var.reconcile), ["enabled", "schedule", "sweep_schedule", "digest_schedule", "timezone", "rate", "cpu", "memory"])) == 0, var.reconcile == null)
    error_message = "reconcile has the fields enabled, schedule, sweep_schedule, digest_schedule, timezone, rate, cpu, memory, and no others: is one misspelt?"
  }
}

variable "producer" {
  description = "The Lambda that routes uploads."
  type        = any
  default     = null

  validation {
    condition     = try(length(setsubtract(keys(var.producer), ["package", "architecture", "python", "memory", "timeout", "batch_size", "batch_window", "maximum_concurrency"])) == 0, var.producer == null)
    error_message = "producer has the fields package, architecture, python, memory, timeout, batch_size, batch_window, maximum_concurrency, and no others: is one misspelt?"
  }
}

variable "image_digest" {
  description = "Digest of the container image in the output repository_url, sha256:..."
  type        = string
}

variable "architecture" {
  description = "arm64 (a fifth cheaper) or x86_64; the image must be built for it."
  type        = string
  default     = null
}

variable "settings" {
  description = "Further settings of the fleet (docs/reference/settings.md), such as { PIXELFLEET_MAX_ATTEMPTS = \"3\" }."
  type        = map(string)
  default     = null
}

variable "ecs_exec" {
  description = "Let operators open a shell in a running task (ECS Exec)."
  type        = bool
  default     = null
}

variable "lane_max_receives" {
  description = "Receives after which SQS itself takes a lane's message to the DLQ: the backstop behind five counted attempts, since every Spot interruption costs a receive."
  type        = number
  default     = null
}

variable "bulk" {
  description = "The lane of ordinary images."
  type        = any
  default     = null

  validation {
    condition     = try(length(setsubtract(keys(var.bulk), ["capacity", "on_demand_tasks", "only_spot", "spot_percent", "cpu", "memory", "concurrency", "scratch_gib", "visibility", "minimum", "maximum", "acceptable_wait", "seconds_per_image", "scale_out_cooldown", "scale_in_cooldown", "wake_tasks", "instance_types", "scheduled_minimums"])) == 0, var.bulk == null)
    error_message = "bulk has the fields capacity, on_demand_tasks, only_spot, spot_percent, cpu, memory, concurrency, scratch_gib, visibility, minimum, maximum, acceptable_wait, seconds_per_image, scale_out_cooldown, scale_in_cooldown, wake_tasks, instance_types, scheduled_minimums, and no others: is one misspelt?"
  }
}

variable "heavy" {
  description = "The lane of large images; fields as in bulk."
  type        = any
  default     = null

  validation {
    condition     = try(length(setsubtract(keys(var.heavy), ["capacity", "on_demand_tasks", "only_spot", "spot_percent", "cpu", "memory", "concurrency", "scratch_gib", "visibility", "minimum", "maximum", "acceptable_wait", "seconds_per_image", "scale_out_cooldown", "scale_in_cooldown", "wake_tasks", "instance_types", "scheduled_minimums"])) == 0, var.heavy == null)
    error_message = "heavy has the fields capacity, on_demand_tasks, only_spot, spot_percent, cpu, memory, concurrency, scratch_gib, visibility, minimum, maximum, acceptable_wait, seconds_per_image, scale_out_cooldown, scale_in_cooldown, wake_tasks, instance_types, scheduled_minimums, and no others: is one misspelt?"
  }
}
