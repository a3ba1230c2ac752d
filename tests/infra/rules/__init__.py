"""Rules over Terraform plans for values that AWS refuses. A module has one rule; `catalogue.RULES` lists the rules."""
