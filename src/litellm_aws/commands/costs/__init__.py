"""`litellm-aws costs`: what the resources of a Terraform plan cost in a month."""
