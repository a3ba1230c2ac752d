data "aws_region" "current" {}

locals {
  dlqs     = [for queue in local.queues : queue.dead_letters.name]
  sources  = [for queue in local.queues : queue.name]
  services = [for lane in var.lanes : lane.service_name]

  # Three panels in each row of a grid of 24. A panel is a title and its metrics.
  panels = [
    {
      title   = "Backlog (messages waiting)"
      stat    = "Maximum"
      metrics = [for name in local.sources : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", name]]
    },
    {
      title   = "Age of the oldest message (s)"
      stat    = "Maximum"
      metrics = [for name in local.sources : ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", name]]
    },
    {
      title   = "In flight (messages being worked on)"
      stat    = "Maximum"
      metrics = [for name in local.sources : ["AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "QueueName", name]]
    },
    {
      title   = "Throughput (images ready)"
      stat    = "Sum"
      metrics = [for lane in keys(var.lanes) : [var.namespace, "ImagesReady", "lane", lane]]
    },
    {
      title = "Time per image (s): median, p90, p99"
      stat  = "p50"
      metrics = flatten([
        for lane in keys(var.lanes) : [
          for stat in ["p50", "p90", "p99"] :
          [[var.namespace, "ImageSeconds", "lane", lane, { stat = stat, label = "${lane} ${stat}" }]]
        ]
      ])
    },
    {
      title   = "Failures by cause"
      stat    = "Sum"
      metrics = [[{ expression = "SEARCH('{${var.namespace},cause,lane} MetricName=\"ImagesFailed\"', 'Sum')", id = "causes" }]]
    },
    {
      title   = "Dead letters"
      stat    = "Maximum"
      metrics = [for name in local.dlqs : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", name]]
    },
    {
      title = "Tasks: desired and running"
      stat  = "Average"
      metrics = flatten([
        for name in local.services : [
          for metric in ["DesiredTaskCount", "RunningTaskCount"] :
          [["ECS/ContainerInsights", metric, "ClusterName", var.cluster_name, "ServiceName", name]]
        ]
      ])
    },
    {
      title = "Producer: invocations, errors, throttles"
      stat  = "Sum"
      metrics = [
        for metric in ["Invocations", "Errors", "Throttles"] :
        ["AWS/Lambda", metric, "FunctionName", var.producer_name]
      ]
    },
    {
      title   = "Cost: CPU reserved by tasks (units)"
      stat    = "Sum"
      metrics = [for name in local.services : ["ECS/ContainerInsights", "CpuReserved", "ClusterName", var.cluster_name, "ServiceName", name]]
    },
    {
      title   = "Cost: SQS messages sent"
      stat    = "Sum"
      metrics = [for name in local.sources : ["AWS/SQS", "NumberOfMessagesSent", "QueueName", name]]
    },
    {
      title = "Cost: DynamoDB units and bytes through NAT"
      stat  = "Sum"
      metrics = concat(
        [for name in var.table_names : ["AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", name]],
        [[{ expression = "SEARCH('{AWS/NATGateway,NatGatewayId} MetricName=\"BytesOutToDestination\"', 'Sum')", id = "nat", yAxis = "right" }]],
      )
    },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.prefix

  dashboard_body = jsonencode({
    widgets = [
      for index, panel in local.panels : {
        type   = "metric"
        x      = index % 3 * 8
        y      = floor(index / 3) * 6
        width  = 8
        height = 6
        properties = {
          title   = panel.title
          view    = "timeSeries"
          region  = data.aws_region.current.id
          period  = 60
          stat    = panel.stat
          metrics = panel.metrics
        }
      }
    ]
  })
}
