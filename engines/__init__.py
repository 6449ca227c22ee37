"""What the engines that run Terraform need, made from the tenants file: Atlantis, GitHub Actions, HCP Terraform."""
