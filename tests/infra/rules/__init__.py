"""What AWS refuses, as rules over Terraform plans. One rule a module; `catalogue.RULES` lists the rules."""
