# The addresses for people: domain, certificates, CloudFront, the dashboard.

variable "domain_name" {
  description = "Where people find the dashboard and the results, such as images.example.com. Point it at the output cdn_domain_name, unless route53_zone_id is given."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain_name))
    error_message = "domain_name should be a host name such as images.example.com, without https://."
  }
}

variable "route53_zone_id" {
  description = "Public hosted zone of domain_name. Given, the module makes the certificates, their validation records and the aliases to CloudFront. The id of a zone that is there already: a plan counts by it. Null: you give certificate_arn and point the domain."
  type        = string
  default     = null

  validation {
    condition     = var.route53_zone_id == null || can(regex("^Z[A-Z0-9]+$", var.route53_zone_id))
    error_message = "route53_zone_id should be the id of a hosted zone, such as Z0123456789ABC, without /hostedzone/."
  }
}

variable "certificate_arn" {
  description = "ACM certificate of domain_name in this region, for the load balancer: CloudFront talks to it by HTTPS only. Null with route53_zone_id or existing_balancer."
  type        = string
  default     = null

  validation {
    condition     = var.route53_zone_id != null || var.existing_balancer != null || can(regex("^arn:[a-z-]+:acm:[a-z0-9-]+:[0-9]{12}:certificate/", var.certificate_arn))
    error_message = "Give certificate_arn, the ARN of an ACM certificate in this region, or route53_zone_id, which lets the module make the certificates."
  }
}

variable "cdn_certificate_arn" {
  description = "ACM certificate of domain_name in us-east-1, where CloudFront looks for it. Null where certificate_arn is one."
  type        = string
  default     = null

  validation {
    condition     = var.route53_zone_id != null || can(regex("^arn:[a-z-]+:acm:us-east-1:", coalesce(var.cdn_certificate_arn, var.certificate_arn, "none")))
    error_message = "CloudFront takes certificates of us-east-1 only: request one there and name it in cdn_certificate_arn."
  }
}

variable "public_results" {
  description = "Serve results to anybody who has the address, instead of by signed URLs and cookies."
  type        = bool
  default     = false
  nullable    = false
}

variable "signing_public_keys" {
  description = "PEM of the RSA-2048 public keys whose private halves sign URLs and cookies of results, by a name of yours (pixelfleet secrets create prints one). Two at once during a rotation. Not needed when public_results."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for pem in values(var.signing_public_keys) : can(regex("^\\s*-----BEGIN PUBLIC KEY-----\\s[\\s\\S]+-----END PUBLIC KEY-----\\s*$", pem))])
    error_message = "signing_public_keys should hold PEM texts: -----BEGIN PUBLIC KEY----- ..."
  }

  validation {
    condition     = var.public_results || length(var.signing_public_keys) > 0
    error_message = "Results are private: give signing_public_keys (pixelfleet secrets create makes a pair), or set public_results."
  }

  validation {
    condition     = alltrue([for name in keys(var.signing_public_keys) : can(regex("^[A-Za-z0-9_-]{1,64}$", name))])
    error_message = "The names in signing_public_keys should be letters, digits, _ and -, 64 at most: CloudFront keys are named after them."
  }
}

variable "signing_key" {
  description = "Name in signing_public_keys whose private half the dashboard signs with: the one in the secret. Null where there is one key."
  type        = string
  default     = null

  validation {
    condition     = var.public_results || length(var.signing_public_keys) == 1 || contains(keys(var.signing_public_keys), coalesce(var.signing_key, " "))
    error_message = "signing_key should name one of signing_public_keys: the key whose private half the secret holds."
  }
}

variable "dashboard_secret_arn" {
  description = "Secrets Manager secret that the dashboard reads when it starts: JSON with session_secret and, unless results are public, cloudfront_private_key. pixelfleet secrets create makes the secret, so that Terraform's state holds none."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:", var.dashboard_secret_arn))
    error_message = "dashboard_secret_arn should be the full ARN of a Secrets Manager secret."
  }
}

variable "edge_ttl_seconds" {
  description = "Seconds that CloudFront's edges keep a result. A removed image may be served this long where no invalidation reached the edges."
  type        = number
  default     = 86400
  nullable    = false

  validation {
    condition     = var.edge_ttl_seconds >= 1 && var.edge_ttl_seconds <= 31536000
    error_message = "edge_ttl_seconds should be 1 to 31536000 (a year)."
  }
}

variable "stable_ttl_seconds" {
  description = "Seconds that CloudFront's edges and browsers keep what a stable address (/v/...) led to. A new revision is seen, and a removed image is gone, after this long at each of them."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.stable_ttl_seconds >= 1 && var.stable_ttl_seconds <= 86400 && floor(var.stable_ttl_seconds) == var.stable_ttl_seconds
    error_message = "stable_ttl_seconds should be 1 to 86400 (a day)."
  }
}

variable "price_class" {
  description = "CloudFront's edges: PriceClass_100 (Europe and North America), PriceClass_200 or PriceClass_All."
  type        = string
  default     = "PriceClass_100"
  nullable    = false

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "price_class should be PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}

variable "waf" {
  description = "Put AWS WAF with Amazon's managed rules and a rate limit in front (about 9 USD a month and 0.60 per million requests)."
  type        = bool
  default     = false
  nullable    = false
}

variable "waf_rate_limit" {
  description = "Requests that one address may send in five minutes. A page of the gallery is about a hundred."
  type        = number
  default     = 10000
  nullable    = false

  validation {
    condition     = var.waf_rate_limit >= 10 && var.waf_rate_limit <= 2000000000
    error_message = "waf_rate_limit should be 10 to 2000000000, as WAF has it."
  }
}

variable "upload_origins" {
  description = "Further web origins (https://...) whose pages may upload straight to the bucket."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for origin in var.upload_origins : can(regex("^https://[^/*\\s]+$", origin))])
    error_message = "upload_origins should be origins such as https://shop.example.com, without a path, a slash at the end or a *."
  }
}

variable "dashboard" {
  description = "The dashboard's tasks: two, in two zones, so that nobody notices a deployment or the outage of a zone. Lazy variants are decoded in a child beside the dashboard, which gets the memory but for 400 MB; an original that needs more goes to the bulk lane."
  type = object({
    cpu    = optional(number, 512)
    memory = optional(number, 1024)
    tasks  = optional(number, 2)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(lookup(local.fargate_memory, tostring(var.dashboard.cpu), []), var.dashboard.memory)
    error_message = "Fargate has no task of dashboard.cpu and dashboard.memory: 256 takes 512 to 2048 MiB, 512 takes 1024 to 4096, 1024 takes 2048 to 8192."
  }

  validation {
    condition     = var.dashboard.tasks >= 1 && floor(var.dashboard.tasks) == var.dashboard.tasks
    error_message = "dashboard.tasks should be 1 or more, a whole number."
  }
}

variable "lazy_variants" {
  description = <<-EOT
    Bounds of the lazy variants that one task of the dashboard makes. Fields that are not given have the defaults of
    docs/reference/settings.md.

    renders           variants that are made at once, 1 to 16, each in a child with its part of dashboard.memory
    renders_per_hour  variants of one owner in an hour; requests for more are answered with 429
  EOT
  type = object({
    renders          = optional(number)
    renders_per_hour = optional(number)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.lazy_variants.renders == null || contains(range(1, 17), coalesce(var.lazy_variants.renders, 1))
    error_message = "lazy_variants.renders should be 1 to 16, a whole number."
  }

  # A child gets 300 MB at least, and 400 MB are left to the dashboard itself (dashboard/lazy_engine.py).
  validation {
    condition     = coalesce(var.lazy_variants.renders, 1) == 1 || 400 + 300 * coalesce(var.lazy_variants.renders, 1) <= 1.048576 * var.dashboard.memory
    error_message = "lazy_variants.renders is too large for dashboard.memory: each render at once needs 300 MB, and the dashboard itself 400 MB."
  }

  validation {
    condition     = var.lazy_variants.renders_per_hour == null || try(var.lazy_variants.renders_per_hour >= 1 && floor(var.lazy_variants.renders_per_hour) == var.lazy_variants.renders_per_hour, false)
    error_message = "lazy_variants.renders_per_hour should be 1 or more, a whole number."
  }
}
