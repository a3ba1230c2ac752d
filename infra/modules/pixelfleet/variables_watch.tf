# Mails, alarms, logs, money, and the scheduled commands.

variable "email_subscription" {
  description = "Address that receives completed batches, an hourly digest of failures, and alarms; it must confirm twice. Null for nobody."
  type        = string
  default     = null

  validation {
    condition     = var.email_subscription == null || can(regex("^[^@\\s]+@[^@\\s]+$", var.email_subscription))
    error_message = "email_subscription should be one mail address."
  }
}

variable "notice_subscriptions" {
  description = "Further subscriptions to notices: protocol (email, sms, sqs, https, lambda), endpoint, and a filter on the attributes kind, owner, batch and recipe."
  type = map(object({
    protocol = string
    endpoint = string
    filter   = optional(map(list(string)))
    raw      = optional(bool, false)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for each in values(var.notice_subscriptions) : !startswith(each.protocol, "email") || (try(length(each.filter.kind), 0) > 0 && alltrue([for kind in try(each.filter.kind, []) : !startswith(kind, "image.")]))])
    error_message = "A subscription by mail needs a filter on kind without image.*: SNS suspends an address above ten messages a second. Use batch.completed or failures.digest."
  }

  validation {
    condition     = alltrue([for each in values(var.notice_subscriptions) : contains(["application", "email", "email-json", "http", "https", "lambda", "sms", "sqs"], each.protocol)])
    error_message = "notice_subscriptions: protocol should be application, email, email-json, http, https, lambda, sms or sqs."
  }

  validation {
    condition     = alltrue([for each in values(var.notice_subscriptions) : !each.raw || contains(["http", "https", "sqs"], each.protocol)])
    error_message = "notice_subscriptions: SNS delivers raw messages to sqs, http and https only."
  }

  validation {
    condition     = alltrue([for each in values(var.notice_subscriptions) : length(coalesce(each.filter, {})) <= 5 && try(sum([for values in values(each.filter) : log(length(values), 2)]), 0) <= log(150.5, 2)])
    error_message = "notice_subscriptions: a filter has at most 5 keys, and the product of the numbers of their values is at most 150 (SNS developer guide, Filter policy constraints)."
  }
}

variable "oldest_message_seconds" {
  description = "Age of the oldest message that raises an alarm. Uploads are routed in seconds; bulk should be scaled out long before an hour; a heavy job may run eleven hours."
  type        = object({ uploads = optional(number, 900), bulk = optional(number, 3600), heavy = optional(number, 43200) })
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for seconds in values(var.oldest_message_seconds) : seconds > 0])
    error_message = "oldest_message_seconds should be above 0."
  }
}

variable "failure_percent" {
  description = "Failed images, in percent over 15 minutes, that raise an alarm. Camera rolls carry a few percent of files that are no images."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.failure_percent >= 0 && var.failure_percent <= 100
    error_message = "failure_percent should be 0 to 100."
  }
}

variable "failure_minimum" {
  description = "Failed images in five minutes below which there is no rate to speak of."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.failure_minimum >= 1
    error_message = "failure_minimum should be 1 or more."
  }
}

variable "balancer_errors" {
  description = "5xx answers of the dashboard in five minutes that raise an alarm."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.balancer_errors >= 0
    error_message = "balancer_errors should be 0 or more."
  }
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days should be one of CloudWatch Logs' own periods, such as 30, 90 or 365."
  }
}

variable "access_logs_days" {
  description = "Days that access logs of the load balancer, CloudFront and S3 and flow logs of the VPC are kept, in a bucket of their own. Null: none are written."
  type        = number
  default     = null

  validation {
    condition     = var.access_logs_days == null || try(var.access_logs_days >= 1 && floor(var.access_logs_days) == var.access_logs_days, false)
    error_message = "access_logs_days should be 1 day or more, a whole number, or null for no logs."
  }
}

variable "monthly_budget_usd" {
  description = "US dollars a month of what carries the tag Application = prefix; an alarm is sent at 80 % and when the forecast is above. Null: no budget. The tag must be activated as a cost allocation tag."
  type        = number
  default     = null

  validation {
    condition     = var.monthly_budget_usd == null || try(var.monthly_budget_usd > 0, false)
    error_message = "monthly_budget_usd should be above 0, or null for no budget."
  }
}

variable "reconcile" {
  description = <<-TEXT
    The task that compares the uploads bucket with the catalog. It queues uploads whose event never came, jobs that are
    stuck, and jobs that a queue dropped, and announces completed batches that nobody announced. The same task publishes
    the digest of failures.
    enabled         false keeps the task and stops its schedules
    schedule        cron(...) or rate(...) of EventBridge Scheduler, in timezone; daily by default, since messages live
                    for seven days
    sweep_schedule  when it also deletes results that no record names, which asks S3 once for each image. Null: never
    rate            jobs a second, at most: new uploads do not wait behind them, but the fleet grows for them
    digest_schedule when failures of the last hour are published by cause. Null: never
    cpu, memory     of the task, in CPU units and MiB
  TEXT
  type = object({
    enabled         = optional(bool, true)
    schedule        = optional(string, "cron(0 3 ? * MON-SAT *)")
    sweep_schedule  = optional(string, "cron(0 3 ? * SUN *)")
    digest_schedule = optional(string, "cron(5 * * * ? *)")
    timezone        = optional(string, "UTC")
    rate            = optional(number, 50)
    cpu             = optional(number, 512)
    memory          = optional(number, 1024)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(lookup(local.fargate_memory, tostring(var.reconcile.cpu), []), var.reconcile.memory)
    error_message = "Fargate has no task of reconcile.cpu and reconcile.memory: 256 takes 512 to 2048 MiB, 512 takes 1024 to 4096, 1024 takes 2048 to 8192."
  }

  validation {
    condition = alltrue([
      for schedule in compact([var.reconcile.schedule, var.reconcile.sweep_schedule, var.reconcile.digest_schedule]) :
      can(regex("^(cron|rate)\\(.+\\)$", schedule))
    ])
    error_message = "reconcile.schedule, sweep_schedule and digest_schedule should be cron(...) or rate(...), such as cron(0 3 * * ? *) or rate(6 hours)."
  }

  validation {
    condition     = var.reconcile.rate >= 0.01
    error_message = "reconcile.rate should be 0.01 jobs a second or more; enabled = false stops it."
  }
}
