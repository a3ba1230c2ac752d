variable "prefix" {
  description = "Name of the CloudWatch dashboard."
  type        = string
}

variable "namespace" {
  description = "CloudWatch namespace of the metrics that pixelfleet.telemetry writes."
  type        = string
}

variable "alarms_topic_arn" {
  description = "Where every alarm goes."
  type        = string
}

variable "uploads_queue" {
  description = "The queue of S3 events."
  type        = object({ name = string, dead_letters = object({ name = string }) })
}

variable "lanes" {
  description = "Every lane's queue and service, and how long it may stand still: periods of so many seconds."
  type = map(object({
    queue           = object({ name = string, dead_letters = object({ name = string }) })
    service_name    = string
    stalled_period  = number
    stalled_periods = number
  }))
}

variable "oldest_message_seconds" {
  description = "Age of the oldest message that raises an alarm, by queue."
  type        = object({ uploads = number, bulk = number, heavy = number })
}

variable "failure_percent" {
  description = "Failed images, in percent, that raise an alarm."
  type        = number
}

variable "failure_minimum" {
  description = "Failed images in five minutes below which there is no rate to speak of."
  type        = number
}

variable "producer_name" {
  description = "The producer's function."
  type        = string
}

variable "cluster_name" {
  description = "The ECS cluster."
  type        = string
}

variable "table_names" {
  description = "The catalog's tables."
  type        = list(string)
}

variable "hot_tables" {
  description = "The tables that every image writes to, with their indexes, by what they hold."
  type        = map(object({ name = string, indexes = list(string) }))
}

variable "schedule_group" {
  description = "Group of the schedules."
  type        = string
}

variable "balancer" {
  description = "The load balancer and the dashboard's target group as CloudWatch's dimensions name them."
  type        = object({ balancer = string, target_group = string })
}

variable "balancer_errors" {
  description = "5xx answers in five minutes that raise an alarm."
  type        = number
}

variable "monthly_budget_usd" {
  description = "US dollars a month; null for no budget."
  type        = number
}
