mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name       = "p"
  rate_limit = 10000
}

run "large_batches_pass_and_floods_do_not" {
  module {
    source = "./modules/waf"
  }

  assert {
    condition = {
      for rule in aws_wafv2_web_acl.this.rule :
      rule.name => [for override in rule.statement[0].managed_rule_group_statement[0].rule_action_override : override.name]
      if length(rule.statement[0].managed_rule_group_statement) > 0
      } == {
      AWSManagedRulesAmazonIpReputationList = []
      AWSManagedRulesKnownBadInputsRuleSet  = []
      AWSManagedRulesCommonRuleSet          = ["SizeRestrictions_BODY"]
    }
    error_message = "A form request for 500 files is longer than the 8 KB that Amazon's common rules allow."
  }

  assert {
    condition     = [for rule in aws_wafv2_web_acl.this.rule : rule.statement[0].rate_based_statement[0].limit if rule.name == "rate"] == [10000]
    error_message = "One address has a limit."
  }

  assert {
    condition     = aws_wafv2_web_acl.this.scope == "CLOUDFRONT"
    error_message = "It stands in front of CloudFront."
  }
}
