# The producer, the image and the lanes.

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
  default  = {}
  nullable = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.producer.architecture)
    error_message = "producer.architecture should be arm64 or x86_64."
  }

  validation {
    condition     = contains(["3.11", "3.12", "3.13"], var.producer.python)
    error_message = "producer.python should be 3.11, 3.12 or 3.13: the AWS provider 5.100 refuses newer runtimes."
  }

  validation {
    condition     = var.producer.timeout >= 10 && var.producer.timeout <= 900
    error_message = "producer.timeout should be 10 to 900 seconds: Lambda's most is 900."
  }

  validation {
    condition     = var.producer.maximum_concurrency >= 2 && var.producer.maximum_concurrency <= 1000
    error_message = "producer.maximum_concurrency should be 2 to 1000, as Lambda has it."
  }

  validation {
    condition     = var.producer.memory >= 128 && var.producer.memory <= 10240
    error_message = "producer.memory should be 128 to 10240 MiB, as Lambda has it."
  }

  validation {
    condition     = var.producer.batch_size >= 1 && var.producer.batch_size <= 10000 && var.producer.batch_window >= 0 && var.producer.batch_window <= 300
    error_message = "producer.batch_size should be 1 to 10000, and producer.batch_window 0 to 300 seconds, as Lambda has them."
  }

  validation {
    condition     = var.producer.batch_size <= 10 || var.producer.batch_window >= 1
    error_message = "A producer.batch_size of more than 10 needs a producer.batch_window of at least 1 second."
  }
}

variable "image_digest" {
  description = "Digest of the container image in the output repository_url, sha256:...: what was tested is what runs."
  type        = string

  validation {
    condition     = can(regex("^sha256:[0-9a-f]{64}$", var.image_digest))
    error_message = "image_digest should be sha256: and 64 hexadecimal digits; aws ecr describe-images shows the digest of a tag."
  }
}

variable "architecture" {
  description = "arm64 (a fifth cheaper) or x86_64; the image must be built for it."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture should be arm64 or x86_64."
  }
}

variable "settings" {
  description = "Further settings of the fleet (docs/reference/settings.md), such as { PIXELFLEET_MAX_ATTEMPTS = \"3\" }. Names, URLs and ARNs are set already."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.settings) : startswith(name, "PIXELFLEET_")])
    error_message = "settings should be PIXELFLEET_* variables."
  }

  validation {
    condition     = length(setintersection(keys(var.settings), ["PIXELFLEET_SESSION_SECRET", "PIXELFLEET_CLOUDFRONT_PRIVATE_KEY"])) == 0
    error_message = "settings are no place for secrets: PIXELFLEET_SESSION_SECRET and PIXELFLEET_CLOUDFRONT_PRIVATE_KEY come from dashboard_secret_arn, and Terraform's state would keep them."
  }
}

variable "ecs_exec" {
  description = "Let operators open a shell in a running task (ECS Exec). Their root file system is then writable. Off in normal operation."
  type        = bool
  default     = false
  nullable    = false
}

variable "lane_max_receives" {
  description = "Receives after which SQS itself takes a lane's message to the DLQ: the backstop behind five counted attempts, since every Spot interruption costs a receive."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.lane_max_receives > tonumber(lookup(var.settings, "PIXELFLEET_MAX_ATTEMPTS", "5"))
    error_message = "lane_max_receives must exceed PIXELFLEET_MAX_ATTEMPTS, or SQS takes a job away before its attempts are counted."
  }
}

variable "bulk" {
  description = <<-TEXT
    The lane of ordinary images.
    capacity            fargate, or ec2: instances of the lane's own
    on_demand_tasks     this many tasks, the first to start, are never on Spot
    spot_percent        of the others, this many percent are on Spot. A Spot worker hands its jobs back in its last two
                        minutes. When Spot is gone, ECS keeps asking for Spot tasks and starts the on-demand part only
    only_spot           must be true for spot_percent = 100: no task runs while Spot is gone
    cpu, memory         of one task, in CPU units (1024 is a vCPU) and MiB; 2 GB a process are enough for 100
                        megapixels. Memory by default: 4096 on Fargate; 3700 on EC2, so that two tasks fill a c7g.xlarge
    concurrency         processes of one task: one a vCPU, since codecs fill it
    scratch_gib         disk of one task for originals and variants in work; 21 is the least of Fargate
    visibility          seconds that a job stays hidden; workers extend it while they work, so it is the time to notice a dead one
    minimum, maximum    tasks. From zero a first image waits five to seven minutes for a task
    acceptable_wait     seconds that an image may wait; with
    seconds_per_image   seconds that one process takes for one, it gives the backlog per task that scaling aims at
    scale_out_cooldown  seconds between steps up: about what a task takes to start
    scale_in_cooldown   seconds between steps down: long enough that a short pause does not end all tasks
    wake_tasks          tasks that the wake-up from zero starts
    scheduled_minimums  minimum at certain times, by name, and when it ends: { morning = { schedule = "cron(0 7 ? * MON-FRI *)", until = "cron(0 19 ? * MON-FRI *)", timezone = "Europe/Berlin", minimum = 2 } }
    instance_types      for ec2, of the architecture; a plan refuses types that the tasks leave a quarter idle
  TEXT
  type = object({
    capacity           = optional(string, "fargate")
    on_demand_tasks    = optional(number, 1)
    only_spot          = optional(bool, false)
    spot_percent       = optional(number, 80)
    cpu                = optional(number, 2048)
    memory             = optional(number)
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
      until    = string
      timezone = optional(string, "UTC")
      minimum  = number
    })), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["fargate", "ec2"], var.bulk.capacity)
    error_message = "bulk.capacity should be fargate or ec2."
  }

  validation {
    condition     = var.bulk.capacity == "ec2" || contains(lookup(local.fargate_memory, tostring(var.bulk.cpu), []), coalesce(var.bulk.memory, local.default_memory.bulk.fargate))
    error_message = "Fargate has no task of bulk.cpu and bulk.memory. Memory in MiB by CPU units: 2048 takes 4096 to 16384, 4096 takes 8192 to 30720, 8192 takes 16384 to 61440 (ECS developer guide, Task CPU and memory)."
  }

  validation {
    condition     = var.bulk.spot_percent < 100 || (var.bulk.only_spot && var.bulk.on_demand_tasks == 0) || (var.bulk.capacity == "ec2" && var.bulk.on_demand_tasks > 0)
    error_message = "With bulk.spot_percent = 100 no task runs while Spot capacity is gone, and on Fargate on_demand_tasks has no effect. Lower spot_percent, or set only_spot = true and on_demand_tasks = 0."
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

  validation {
    condition     = alltrue([for number in [var.bulk.minimum, var.bulk.maximum, var.bulk.on_demand_tasks, var.bulk.spot_percent, var.bulk.concurrency, var.bulk.wake_tasks] : number >= 0 && floor(number) == number])
    error_message = "bulk.minimum, maximum, on_demand_tasks, spot_percent, concurrency and wake_tasks should be whole numbers, 0 or more."
  }

  validation {
    condition     = var.bulk.concurrency >= 1 && var.bulk.wake_tasks >= 1
    error_message = "bulk.concurrency and bulk.wake_tasks should be 1 or more."
  }

  validation {
    condition     = var.bulk.scale_out_cooldown >= 0 && var.bulk.scale_in_cooldown >= 0
    error_message = "bulk.scale_out_cooldown and bulk.scale_in_cooldown should be 0 seconds or more."
  }

  validation {
    condition     = var.bulk.capacity == "fargate" || (length(var.bulk.instance_types) > 0 && var.bulk.scratch_gib >= 1)
    error_message = "On EC2, bulk.instance_types should name a type or more, and bulk.scratch_gib should be 1 or more."
  }

  validation {
    condition     = alltrue([for raise in values(var.bulk.scheduled_minimums) : raise.minimum > var.bulk.minimum && raise.minimum <= var.bulk.maximum])
    error_message = "A minimum in bulk.scheduled_minimums should be above bulk.minimum and not above bulk.maximum."
  }

  validation {
    condition     = alltrue([for raise in values(var.bulk.scheduled_minimums) : can(regex("^(cron|rate|at)\\(.+\\)$", raise.schedule)) && can(regex("^(cron|rate|at)\\(.+\\)$", raise.until))])
    error_message = "schedule and until in bulk.scheduled_minimums should be cron(...), rate(...) or at(...)."
  }
}

variable "heavy" {
  description = <<-TEXT
    The lane of large images; fields as in bulk. One process with much memory (2.5 gigapixels), on demand, since a job
    may take hours, which an interruption by Spot would lose; scratch for an original of 20 GB and its variants. Busy
    tasks are protected from scaling in. Memory by default: 16384 on Fargate; 15000 on EC2.
  TEXT
  type = object({
    capacity           = optional(string, "fargate")
    on_demand_tasks    = optional(number, 0)
    only_spot          = optional(bool, false)
    spot_percent       = optional(number, 0)
    cpu                = optional(number, 4096)
    memory             = optional(number)
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
      until    = string
      timezone = optional(string, "UTC")
      minimum  = number
    })), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["fargate", "ec2"], var.heavy.capacity)
    error_message = "heavy.capacity should be fargate or ec2."
  }

  validation {
    condition     = var.heavy.capacity == "ec2" || contains(lookup(local.fargate_memory, tostring(var.heavy.cpu), []), coalesce(var.heavy.memory, local.default_memory.heavy.fargate))
    error_message = "Fargate has no task of heavy.cpu and heavy.memory. Memory in MiB by CPU units: 2048 takes 4096 to 16384, 4096 takes 8192 to 30720, 8192 takes 16384 to 61440 (ECS developer guide, Task CPU and memory)."
  }

  validation {
    condition     = var.heavy.spot_percent < 100 || (var.heavy.only_spot && var.heavy.on_demand_tasks == 0) || (var.heavy.capacity == "ec2" && var.heavy.on_demand_tasks > 0)
    error_message = "With heavy.spot_percent = 100 no task runs while Spot capacity is gone, and on Fargate on_demand_tasks has no effect. Lower spot_percent, or set only_spot = true and on_demand_tasks = 0."
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

  validation {
    condition     = alltrue([for number in [var.heavy.minimum, var.heavy.maximum, var.heavy.on_demand_tasks, var.heavy.spot_percent, var.heavy.concurrency, var.heavy.wake_tasks] : number >= 0 && floor(number) == number])
    error_message = "heavy.minimum, maximum, on_demand_tasks, spot_percent, concurrency and wake_tasks should be whole numbers, 0 or more."
  }

  validation {
    condition     = var.heavy.concurrency >= 1 && var.heavy.wake_tasks >= 1
    error_message = "heavy.concurrency and heavy.wake_tasks should be 1 or more."
  }

  validation {
    condition     = var.heavy.scale_out_cooldown >= 0 && var.heavy.scale_in_cooldown >= 0
    error_message = "heavy.scale_out_cooldown and heavy.scale_in_cooldown should be 0 seconds or more."
  }

  validation {
    condition     = var.heavy.capacity == "fargate" || (length(var.heavy.instance_types) > 0 && var.heavy.scratch_gib >= 1)
    error_message = "On EC2, heavy.instance_types should name a type or more, and heavy.scratch_gib should be 1 or more."
  }

  validation {
    condition     = alltrue([for raise in values(var.heavy.scheduled_minimums) : raise.minimum > var.heavy.minimum && raise.minimum <= var.heavy.maximum])
    error_message = "A minimum in heavy.scheduled_minimums should be above heavy.minimum and not above heavy.maximum."
  }

  validation {
    condition     = alltrue([for raise in values(var.heavy.scheduled_minimums) : can(regex("^(cron|rate|at)\\(.+\\)$", raise.schedule)) && can(regex("^(cron|rate|at)\\(.+\\)$", raise.until))])
    error_message = "schedule and until in heavy.scheduled_minimums should be cron(...), rate(...) or at(...)."
  }
}
