"""The module: the whole documented stack, without provider and backend."""

import jsii
from cdktf import TerraformElement, TerraformStack
from constructs import Construct, Node

from litellm_aws.autoscaling import Autoscaling
from litellm_aws.cache import Cache
from litellm_aws.checks import Checks
from litellm_aws.cluster import Cluster
from litellm_aws.database import Database
from litellm_aws.environment import Environment
from litellm_aws.images import Images
from litellm_aws.input_variables import InputVariables
from litellm_aws.litellm import LITELLM
from litellm_aws.load_balancer import LoadBalancer
from litellm_aws.naming import Naming
from litellm_aws.network import Network
from litellm_aws.one_shot_tasks import OneShotTasks
from litellm_aws.outputs import Outputs
from litellm_aws.proxy_config import ProxyConfig
from litellm_aws.roles import Roles
from litellm_aws.secrets import Secrets
from litellm_aws.services import Services
from litellm_aws.storage import Storage
from litellm_aws.versions import PROVIDERS, TERRAFORM


class ModuleStack(TerraformStack):
    """LiteLLM on AWS, from the network to the outputs."""

    def __init__(self, scope: Construct) -> None:
        super().__init__(scope, LITELLM.name)
        self.add_override("terraform", {"required_version": TERRAFORM, "required_providers": PROVIDERS})
        self.add_override("terraform.backend", None)

        inputs = InputVariables(self, "inputs", module=LITELLM)
        naming = Naming(self, "naming", inputs=inputs)
        images = Images(self, "images")
        proxy_config = ProxyConfig(self, "proxy_config", inputs=inputs)
        network = Network(self, "network", inputs=inputs, naming=naming, reads_load_balancer_ranges=proxy_config.exists)
        load_balancer = LoadBalancer(self, "load_balancer", inputs=inputs, naming=naming, network=network)
        database = Database(self, "database", inputs=inputs, naming=naming, network=network)
        cache = Cache(self, "cache", inputs=inputs, naming=naming, network=network)
        storage = Storage(self, "storage", inputs=inputs, naming=naming, network=network, proxy_config=proxy_config)
        secrets = Secrets(self, "secrets", inputs=inputs, naming=naming, database=database)
        environment = Environment(
            self,
            "environment",
            inputs=inputs,
            database=database,
            cache=cache,
            storage=storage,
            secrets=secrets,
            proxy_config=proxy_config,
        )
        roles = Roles(
            self,
            "roles",
            inputs=inputs,
            naming=naming,
            database=database,
            storage=storage,
            secrets=secrets,
            environment=environment,
        )
        cluster = Cluster(self, "cluster", naming=naming)
        one_shot_tasks = OneShotTasks(
            self,
            "one_shot_tasks",
            inputs=inputs,
            naming=naming,
            network=network,
            cluster=cluster,
            database=database,
            secrets=secrets,
            roles=roles,
            environment=environment,
            images=images,
        )
        services = Services(
            self,
            "services",
            inputs=inputs,
            naming=naming,
            network=network,
            load_balancer=load_balancer,
            cluster=cluster,
            images=images,
            proxy_config=proxy_config,
            secrets=secrets,
            roles=roles,
            environment=environment,
            one_shot_tasks=one_shot_tasks,
        )
        Autoscaling(
            self,
            "autoscaling",
            naming=naming,
            cluster=cluster,
            services=services,
            gateway_resource_label=load_balancer.gateway_resource_label,
        )
        Checks(self, "checks", module=LITELLM)
        Outputs(
            self,
            "outputs",
            module=LITELLM,
            alb_dns_name=load_balancer.dns_name,
            alb_url=load_balancer.url,
            alb_arn=load_balancer.arn,
            alb_zone_id=load_balancer.zone_id,
            ecs_cluster=cluster.name,
            vpc_id=network.vpc_id,
            task_security_group_id=network.tasks_group_id,
            aurora_writer_endpoint=database.host,
            aurora_reader_endpoint=database.reader_host,
            redis_endpoint=cache.endpoint,
            s3_bucket=storage.bucket_name,
            master_key_secret_arn=secrets.master_key_arn,
            db_master_password_secret_arn=secrets.db_master_password_arn,
            db_bootstrap_sql=one_shot_tasks.bootstrap_sql,
            migration_run_command=one_shot_tasks.migration_command,
            bedrock_model_import_role_arn=roles.bedrock_model_import_arn,
        )

    @jsii.member(jsii_name="allocateLogicalId")
    def _allocate_logical_id(self, tf_element: TerraformElement | Node) -> str:
        """Takes a block's label from its construct's id, which is the block's address."""
        node = tf_element.node if isinstance(tf_element, TerraformElement) else tf_element
        return node.id.rpartition(".")[2]
