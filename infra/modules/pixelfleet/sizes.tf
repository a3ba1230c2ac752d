# Sizes and lists that validations and modules share.

locals {
  # A load balancer in one of these zones cannot be a VPC origin (CloudFront developer guide, "Restrict access with VPC
  # origins", Supported AWS Regions). The names of zones differ from account to account, their ids do not.
  zones_without_vpc_origins = ["apne1-az3", "apne2-az1", "cac1-az3", "use1-az3", "usw1-az2"]

  # ECS developer guide, "Task CPU and memory": MiB by CPU units.
  fargate_memory = {
    "256"   = [512, 1024, 2048]
    "512"   = [for gib in range(1, 5) : gib * 1024]
    "1024"  = [for gib in range(2, 9) : gib * 1024]
    "2048"  = [for gib in range(4, 17) : gib * 1024]
    "4096"  = [for gib in range(8, 31) : gib * 1024]
    "8192"  = [for gib in range(16, 61, 4) : gib * 1024]
    "16384" = [for gib in range(32, 121, 8) : gib * 1024]
  }

  # On EC2, a task takes less than its share of an instance's RAM, because the system needs a part.
  default_memory = {
    bulk  = { fargate = 4096, ec2 = 3700 }
    heavy = { fargate = 16384, ec2 = 15000 }
  }

  lanes = {
    for name, lane in { bulk = var.bulk, heavy = var.heavy } :
    name => merge(lane, { memory = coalesce(lane.memory, local.default_memory[name][lane.capacity]) })
  }
}
