# An existing network. The plan checks the subnets, because AWS refuses a wrong subnet only in the middle of an apply.
# By count, not by for_each over the ids. If the same configuration makes the subnets, a plan knows only their number.
data "aws_subnet" "private" {
  count = length(var.private_subnet_ids)

  id = var.private_subnet_ids[count.index]

  lifecycle {
    postcondition {
      condition     = self.vpc_id == var.vpc_id
      error_message = "${self.id} is a subnet of ${self.vpc_id}, and not of existing_network.vpc_id, ${var.vpc_id}: name subnets of one VPC."
    }

    postcondition {
      condition     = !contains(var.excluded_zone_ids, self.availability_zone_id)
      error_message = "${self.id} is in the zone ${self.availability_zone_id}, where a load balancer cannot be a VPC origin of CloudFront: name a subnet in another zone, or give existing_balancer."
    }
  }
}
