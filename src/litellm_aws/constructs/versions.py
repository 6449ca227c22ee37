"""The versions of Terraform and of the providers that the module works with."""

TERRAFORM = ">= 1.9"
"""From 1.9 on, a validation may look at other variables."""

PROVIDERS: dict[str, dict[str, str]] = {
    "aws": {"source": "hashicorp/aws", "version": ">= 5.100, < 7"},
    "random": {"source": "hashicorp/random", "version": "~> 3.6"},
}
