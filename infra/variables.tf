# --- names and places

variable "prefix" {
  description = "What every name starts with; two stacks in one account need two."
  type        = string
  default     = "pixelfleet"

  validation {
    # Names of load balancers end at 32 characters and those of roles at 64; this leaves room for ours.
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.prefix))
    error_message = "prefix should be 2 to 20 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "region" {
  description = "AWS region of everything but CloudFront and its web ACL."
  type        = string
  default     = "us-east-1"
}

variable "bucket_suffix" {
  description = "Ends the buckets' names, which are the world's: <prefix>-uploads-<suffix>. Null for the account's id."
  type        = string
  default     = null
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

# --- network

variable "vpc_cidr" {
  description = "Addresses of the VPC, /16 to /19. A task takes one address; each private subnet has a sixteenth."
  type        = string
  default     = "10.0.0.0/16"

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

  validation {
    condition     = contains([2, 3], var.zones)
    error_message = "zones should be 2 or 3: a load balancer needs two."
  }
}

variable "nat" {
  description = "NAT gateways: one (33 USD a month; its zone's outage stops the fleet), per_zone, or none (then every AWS API goes by interface_endpoints)."
  type        = string
  default     = "one"

  validation {
    condition     = contains(["one", "per_zone", "none"], var.nat)
    error_message = "nat should be one, per_zone or none."
  }
}

variable "interface_endpoints" {
  description = "AWS services to reach by interface endpoints (about 7 USD a month each and zone). Without NAT at least: ecr.api, ecr.dkr, ecs, logs, monitoring, secretsmanager, sqs, sns; for lanes on EC2 also ecs-agent, ecs-telemetry."
  type        = set(string)
  default     = []

  validation {
    condition     = var.nat != "none" || length(setsubtract(["ecr.api", "ecr.dkr", "ecs", "logs", "monitoring", "secretsmanager", "sqs", "sns"], var.interface_endpoints)) == 0
    error_message = "Without NAT the tasks need interface endpoints for ecr.api, ecr.dkr, ecs, logs, monitoring, secretsmanager, sqs and sns."
  }
}

# --- what people reach

variable "domain_name" {
  description = "Where people find the dashboard and the results, such as images.example.com. Point it at the output cdn_domain_name."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain_name))
    error_message = "domain_name should be a host name such as images.example.com, without https://."
  }
}

variable "certificate_arn" {
  description = "ACM certificate of domain_name in this region, for the load balancer: CloudFront talks to it by HTTPS only."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:acm:[a-z0-9-]+:[0-9]{12}:certificate/", var.certificate_arn))
    error_message = "certificate_arn should be an ACM certificate's ARN."
  }
}

variable "cdn_certificate_arn" {
  description = "ACM certificate of domain_name in us-east-1, where CloudFront looks for it. Null where certificate_arn is one."
  type        = string
  default     = null

  validation {
    condition     = can(regex("^arn:[a-z-]+:acm:us-east-1:", coalesce(var.cdn_certificate_arn, var.certificate_arn)))
    error_message = "CloudFront takes certificates of us-east-1 only: request one there and name it in cdn_certificate_arn."
  }
}

variable "public_results" {
  description = "Serve results to anybody who has the address, instead of by signed URLs and cookies."
  type        = bool
  default     = false
}

variable "signing_public_key" {
  description = "PEM of the RSA-2048 public key whose private half signs URLs and cookies of results. Not needed when public_results."
  type        = string
  default     = null

  validation {
    condition     = var.public_results || can(regex("^-----BEGIN PUBLIC KEY-----", var.signing_public_key))
    error_message = "Results are private: give signing_public_key (openssl genrsa 2048, then openssl rsa -pubout), or set public_results."
  }
}

variable "dashboard_secret_arn" {
  description = "Secrets Manager secret that the dashboard reads when it starts: JSON with session_secret (openssl rand -base64 48) and, unless results are public, cloudfront_private_key (PEM of the private half of signing_public_key). Made by you, so that Terraform's state holds no secret."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:", var.dashboard_secret_arn))
    error_message = "dashboard_secret_arn should be the full ARN of a Secrets Manager secret."
  }
}

variable "price_class" {
  description = "CloudFront's edges: PriceClass_100 (Europe and North America), PriceClass_200 or PriceClass_All."
  type        = string
  default     = "PriceClass_100"
}

variable "waf" {
  description = "Put AWS WAF with Amazon's managed rules and a rate limit in front (about 9 USD a month and 0.60 per million requests)."
  type        = bool
  default     = false
}

variable "waf_rate_limit" {
  description = "Requests that one address may send in five minutes. A page of the gallery is about a hundred."
  type        = number
  default     = 10000
}

variable "upload_origins" {
  description = "Further web origins (https://...) whose pages may upload straight to the bucket."
  type        = list(string)
  default     = []
}

# --- safety

variable "force_destroy_bucket" {
  description = "Let terraform destroy delete buckets and the image repository with all that is in them."
  type        = bool
  default     = false
}

variable "deletion_protection" {
  description = "Refuse to delete tables and load balancer. Set it to false and apply before a destroy."
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = "KMS key of objects, tables, topics, logs, volumes and images; its policy must admit those services (docs/deploy.md). Null for keys that AWS owns."
  type        = string
  default     = null
}

# --- storage

variable "abort_multipart_days" {
  description = "Days until the parts of an unfinished upload are dropped: they are billed and invisible."
  type        = number
  default     = 7
}

variable "old_versions_days" {
  description = "Days that a replaced or deleted original can still be brought back."
  type        = number
  default     = 30
}

variable "tagged_originals_days" {
  description = "Days that an original tagged pixelfleet-expires=true is kept; its variants go with it."
  type        = number
  default     = 30
}

# --- notices and alarms

variable "email_subscription" {
  description = "Address that is told of failed images, completed batches and alarms; it must confirm. Null for nobody."
  type        = string
  default     = null
}

variable "notice_subscriptions" {
  description = "Further subscriptions to notices: protocol (email, sms, sqs, https, lambda), endpoint, and a filter on the attributes kind, owner, batch and recipe."
  type = map(object({
    protocol = string
    endpoint = string
    filter   = optional(map(list(string)))
    raw      = optional(bool, false)
  }))
  default = {}
}

variable "oldest_message_seconds" {
  description = "Age of the oldest message that raises an alarm. Uploads are routed in seconds; bulk should be scaled out long before an hour; a heavy job may run eleven hours."
  type        = object({ uploads = optional(number, 900), bulk = optional(number, 3600), heavy = optional(number, 43200) })
  default     = {}
}

variable "failure_percent" {
  description = "Failed images, in percent over 15 minutes, that raise an alarm. Camera rolls carry a few percent of files that are no images."
  type        = number
  default     = 20
}

variable "failure_minimum" {
  description = "Failed images in five minutes below which there is no rate to speak of."
  type        = number
  default     = 10
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 90
}

# --- producer

variable "producer" {
  description = <<-TEXT
    The Lambda that routes uploads. The zip is what `make lambda ARCH= PYTHON=` built for the same architecture and
    Python. 60 s of time-out are far more than a batch of 100 takes (about a second); the queue's visibility is six
    times that. Ten invocations at a time route some thousand uploads a second.
  TEXT
  type = object({
    package             = optional(string)
    architecture        = optional(string, "arm64")
    python              = optional(string, "3.13")
    memory              = optional(number, 512)
    timeout             = optional(number, 60)
    batch_size          = optional(number, 100)
    batch_window        = optional(number, 1)
    maximum_concurrency = optional(number, 10)
  })
  default = {}

  validation {
    condition     = contains(["arm64", "x86_64"], var.producer.architecture)
    error_message = "producer.architecture should be arm64 or x86_64."
  }

  validation {
    condition     = contains(["3.11", "3.12", "3.13", "3.14"], var.producer.python)
    error_message = "producer.python should be 3.11, 3.12, 3.13 or 3.14."
  }

  validation {
    condition     = var.producer.timeout >= 10 && var.producer.timeout <= 900
    error_message = "producer.timeout should be 10 to 900 seconds: Lambda's most is 900."
  }

  validation {
    condition     = var.producer.maximum_concurrency >= 2 && var.producer.maximum_concurrency <= 1000
    error_message = "producer.maximum_concurrency should be 2 to 1000, as Lambda has it."
  }
}

# --- fleet

variable "image_tag" {
  description = "Tag of the container image that was pushed to the output repository_url. Tags are immutable: a new build, a new tag."
  type        = string
}

variable "architecture" {
  description = "arm64 (a fifth cheaper) or x86_64; the image must be built for it."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture should be arm64 or x86_64."
  }
}

variable "settings" {
  description = "Further settings of the fleet (docs/reference/settings.md), such as { PIXELFLEET_MAX_ATTEMPTS = \"3\" }. Names, URLs and ARNs are set already."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.settings) : startswith(name, "PIXELFLEET_")])
    error_message = "settings should be PIXELFLEET_* variables."
  }
}

variable "lane_max_receives" {
  description = "Receives after which SQS itself takes a lane's message to the DLQ: the backstop behind five counted attempts, since every Spot interruption costs a receive."
  type        = number
  default     = 10

  validation {
    condition     = var.lane_max_receives > tonumber(lookup(var.settings, "PIXELFLEET_MAX_ATTEMPTS", "5"))
    error_message = "lane_max_receives must exceed PIXELFLEET_MAX_ATTEMPTS, or SQS takes a job away before its attempts are counted."
  }
}

variable "bulk" {
  description = <<-TEXT
    The lane of ordinary images.
    capacity            fargate, or ec2: instances of the lane's own
    on_demand_tasks     so many tasks are never on Spot
    spot_percent        of the others, so many percent are. A Spot worker hands its jobs back in the two minutes it has
    cpu, memory         of one task, in CPU units (1024 is a vCPU) and MiB; 2 GB a process bear 100 megapixels
    concurrency         processes of one task: one a vCPU, since codecs fill it
    scratch_gib         disk for originals and variants in work; 21 is Fargate's least
    visibility          seconds that a job stays hidden; workers extend it while they work, so it is the time to notice a dead one
    minimum, maximum    tasks. From zero a first image waits two to three minutes for a task
    acceptable_wait     seconds that an image may wait; with
    seconds_per_image   seconds that one process takes for one, it gives the backlog per task that scaling aims at
    scale_out_cooldown  seconds between steps up: about what a task takes to start
    scale_in_cooldown   seconds between steps down: long enough that a lull does not empty the fleet
    wake_tasks          tasks that the wake-up from zero starts
    scheduled_minimums  minimum at certain times, by name: { morning = { schedule = "cron(0 7 ? * MON-FRI *)", timezone = "Europe/Berlin", minimum = 2 } }
    instance_types      for ec2: all of about the task's size or a multiple of it, and of the architecture
  TEXT
  type = object({
    capacity           = optional(string, "fargate")
    on_demand_tasks    = optional(number, 0)
    spot_percent       = optional(number, 100)
    cpu                = optional(number, 2048)
    memory             = optional(number, 4096)
    concurrency        = optional(number, 2)
    scratch_gib        = optional(number, 21)
    visibility         = optional(number, 120)
    minimum            = optional(number, 0)
    maximum            = optional(number, 50)
    acceptable_wait    = optional(number, 300)
    seconds_per_image  = optional(number, 1)
    scale_out_cooldown = optional(number, 60)
    scale_in_cooldown  = optional(number, 300)
    wake_tasks         = optional(number, 1)
    instance_types     = optional(list(string), ["c7g.xlarge", "c6g.xlarge", "m7g.xlarge", "m6g.xlarge"])
    scheduled_minimums = optional(map(object({
      schedule = string
      timezone = optional(string, "UTC")
      minimum  = number
    })), {})
  })
  default = {}

  validation {
    condition     = contains(["fargate", "ec2"], var.bulk.capacity)
    error_message = "bulk.capacity should be fargate or ec2."
  }

  validation {
    condition     = var.bulk.spot_percent >= 0 && var.bulk.spot_percent <= 100
    error_message = "bulk.spot_percent should be 0 to 100."
  }

  validation {
    condition     = var.bulk.minimum <= var.bulk.maximum && var.bulk.maximum >= 1
    error_message = "bulk.maximum should be at least 1 and not below bulk.minimum."
  }

  validation {
    condition     = var.bulk.capacity == "ec2" || (var.bulk.scratch_gib >= 21 && var.bulk.scratch_gib <= 200)
    error_message = "bulk.scratch_gib should be 21 to 200 on Fargate."
  }

  validation {
    condition     = var.bulk.acceptable_wait > 0 && var.bulk.seconds_per_image > 0
    error_message = "bulk.acceptable_wait and bulk.seconds_per_image should be above 0."
  }

  validation {
    condition     = var.bulk.visibility >= 60 && var.bulk.visibility <= 43200
    error_message = "bulk.visibility should be 60 seconds (a few extensions may fail) to 43200 (SQS's most)."
  }
}

variable "heavy" {
  description = <<-TEXT
    The lane of large images; fields as in bulk. One process with much memory (2.5 gigapixels), on demand, since a job
    may take hours and Spot would throw them away; scratch for an original of 20 GB and its variants; busy tasks are
    protected from scaling in.
  TEXT
  type = object({
    capacity           = optional(string, "fargate")
    on_demand_tasks    = optional(number, 0)
    spot_percent       = optional(number, 0)
    cpu                = optional(number, 4096)
    memory             = optional(number, 16384)
    concurrency        = optional(number, 1)
    scratch_gib        = optional(number, 100)
    visibility         = optional(number, 300)
    minimum            = optional(number, 0)
    maximum            = optional(number, 10)
    acceptable_wait    = optional(number, 1800)
    seconds_per_image  = optional(number, 120)
    scale_out_cooldown = optional(number, 60)
    scale_in_cooldown  = optional(number, 900)
    wake_tasks         = optional(number, 1)
    instance_types     = optional(list(string), ["r7g.xlarge", "r6g.xlarge", "m7g.2xlarge", "m6g.2xlarge"])
    scheduled_minimums = optional(map(object({
      schedule = string
      timezone = optional(string, "UTC")
      minimum  = number
    })), {})
  })
  default = {}

  validation {
    condition     = contains(["fargate", "ec2"], var.heavy.capacity)
    error_message = "heavy.capacity should be fargate or ec2."
  }

  validation {
    condition     = var.heavy.spot_percent >= 0 && var.heavy.spot_percent <= 100
    error_message = "heavy.spot_percent should be 0 to 100."
  }

  validation {
    condition     = var.heavy.minimum <= var.heavy.maximum && var.heavy.maximum >= 1
    error_message = "heavy.maximum should be at least 1 and not below heavy.minimum."
  }

  validation {
    condition     = var.heavy.capacity == "ec2" || (var.heavy.scratch_gib >= 21 && var.heavy.scratch_gib <= 200)
    error_message = "heavy.scratch_gib should be 21 to 200 on Fargate."
  }

  validation {
    condition     = var.heavy.acceptable_wait > 0 && var.heavy.seconds_per_image > 0
    error_message = "heavy.acceptable_wait and heavy.seconds_per_image should be above 0."
  }

  validation {
    condition     = var.heavy.visibility >= 60 && var.heavy.visibility <= 43200
    error_message = "heavy.visibility should be 60 seconds (a few extensions may fail) to 43200 (SQS's most)."
  }
}

variable "dashboard" {
  description = "The dashboard's tasks: two, in two zones, so that a deployment or a zone's outage goes unseen."
  type = object({
    cpu    = optional(number, 512)
    memory = optional(number, 1024)
    tasks  = optional(number, 2)
  })
  default = {}
}

variable "reconcile" {
  description = <<-TEXT
    The task that compares the uploads bucket with the catalog and queues what no event told of, what is stuck, and
    what a queue dropped; it announces completed batches that nobody announced.
    enabled         false keeps the task and stops its schedules
    schedule        cron(...) or rate(...) of EventBridge Scheduler, in timezone; daily by default, since messages live
                    for seven days
    sweep_schedule  when it also deletes results that no record names, which asks S3 once for each image. Null: never
    rate            jobs a second, at most: new uploads do not wait behind them, but the fleet grows for them
    cpu, memory     of the task, in CPU units and MiB
  TEXT
  type = object({
    enabled        = optional(bool, true)
    schedule       = optional(string, "cron(0 3 ? * MON-SAT *)")
    sweep_schedule = optional(string, "cron(0 3 ? * SUN *)")
    timezone       = optional(string, "UTC")
    rate           = optional(number, 50)
    cpu            = optional(number, 512)
    memory         = optional(number, 1024)
  })
  default = {}

  validation {
    condition = alltrue([
      for schedule in compact([var.reconcile.schedule, var.reconcile.sweep_schedule]) :
      can(regex("^(cron|rate)\\(.+\\)$", schedule))
    ])
    error_message = "reconcile.schedule and sweep_schedule should be cron(...) or rate(...), such as cron(0 3 * * ? *) or rate(6 hours)."
  }

  validation {
    condition     = var.reconcile.rate >= 0.01
    error_message = "reconcile.rate should be 0.01 jobs a second or more; enabled = false stops it."
  }
}
