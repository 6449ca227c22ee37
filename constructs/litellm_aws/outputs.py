"""What the module tells its caller."""

from collections.abc import Mapping

from cdktf import TerraformOutput
from constructs import Construct

DESCRIPTIONS: Mapping[str, str] = {
    "alb_dns_name": "DNS name of the load balancer, the target of a CNAME or an alias.",
    "alb_url": "URL of the stack: https with a certificate, else http.",
    "alb_arn": "ARN of the load balancer, for example for the association of a WAF.",
    "alb_zone_id": "Hosted zone of the load balancer's DNS name, for an alias record.",
    "ecs_cluster": "Name of the ECS cluster.",
    "vpc_id": "Id of the VPC.",
    "task_security_group_id": "Security group of all tasks, for rules of what they have to reach.",
    "aurora_writer_endpoint": "Host of Aurora's writer.",
    "aurora_reader_endpoint": "Host of Aurora's readers.",
    "redis_endpoint": "Redis's primary endpoint, host:port.",
    "s3_bucket": "Name of the bucket.",
    "master_key_secret_arn": "Secret that holds LiteLLM's master key, the password of the UI's user admin.",
    "db_master_password_secret_arn": "Secret that holds the database's master login, as JSON.",
    "db_bootstrap_sql": "Statements of the database bootstrap, to run by hand, any number of times.",
    "migration_run_command": "Command line that runs the schema migration by hand.",
    "bedrock_model_import_role_arn": "Role for Bedrock's import jobs of custom models; null without "
    "enable_bedrock_custom_model_import.",
}
"""The outputs and their descriptions, in the order of the reference."""


class Outputs(Construct):
    """The `output` blocks of the module."""

    def __init__(self, scope: Construct, id_: str, **values: str) -> None:
        """Declares the outputs.

        Args:
            values: one for each name in `DESCRIPTIONS`.
        """
        super().__init__(scope, id_)
        if values.keys() != DESCRIPTIONS.keys():
            raise TypeError(f"outputs without value or description: {values.keys() ^ DESCRIPTIONS.keys()}")
        for name, description in DESCRIPTIONS.items():
            TerraformOutput(self, f"output.{name}", value=values[name], description=description)
