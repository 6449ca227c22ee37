"""The module: the complete stack, without provider and backend."""

from constructs import Construct

from litellm_aws.constructs.account import Account
from litellm_aws.constructs.alarms import Alarms
from litellm_aws.constructs.autoscaling import Autoscaling
from litellm_aws.constructs.cache import Cache
from litellm_aws.constructs.checks import Checks
from litellm_aws.constructs.cluster import Cluster
from litellm_aws.constructs.dashboard import Dashboard
from litellm_aws.constructs.database import Database
from litellm_aws.constructs.environment import Environment
from litellm_aws.constructs.images import Images
from litellm_aws.constructs.input_variables import InputVariables
from litellm_aws.constructs.litellm import LITELLM
from litellm_aws.constructs.load_balancer import LoadBalancer
from litellm_aws.constructs.metrics import Metrics
from litellm_aws.constructs.naming import Naming
from litellm_aws.constructs.network import Network
from litellm_aws.constructs.one_off_tasks import OneOffTasks
from litellm_aws.constructs.outputs import Outputs
from litellm_aws.constructs.proxy_config import ProxyConfig
from litellm_aws.constructs.retention import Retention
from litellm_aws.constructs.roles import Roles
from litellm_aws.constructs.secrets import Secrets, bare
from litellm_aws.constructs.services import Services
from litellm_aws.constructs.storage import Storage
from litellm_aws.constructs.versions import PROVIDERS, TERRAFORM

from .stack import Stack


class ModuleStack(Stack):
    """LiteLLM on AWS: all resources, checks and outputs."""

    def __init__(self, scope: Construct) -> None:
        super().__init__(scope, LITELLM.name)
        self.add_override("terraform", {"required_version": TERRAFORM, "required_providers": PROVIDERS})
        self.add_override("terraform.backend", None)

        self._inputs = inputs = InputVariables(self, "inputs", module=LITELLM)
        self._naming = naming = Naming(self, "naming", inputs=inputs)
        self._proxy_config = proxy_config = ProxyConfig(self, "proxy_config", inputs=inputs)
        self._network = network = Network(
            self, "network", inputs=inputs, naming=naming, reads_load_balancer_ranges=proxy_config.exists
        )
        self._cluster = Cluster(self, "cluster", inputs=inputs, naming=naming)
        account = Account(self, "account", cluster=self._cluster)
        retention = Retention(self, "retention", inputs=inputs)
        self._database = database = Database(
            self, "database", inputs=inputs, naming=naming, account=account, network=network, retention=retention
        )
        self._cache = cache = Cache(self, "cache", inputs=inputs, naming=naming, network=network)
        self._storage = storage = Storage(
            self, "storage", inputs=inputs, naming=naming, network=network, proxy_config=proxy_config
        )
        self._secrets = secrets = Secrets(self, "secrets", inputs=inputs, naming=naming, database=database)
        self._environment = environment = Environment(
            self,
            "environment",
            inputs=inputs,
            naming=naming,
            database=database,
            cache=cache,
            storage=storage,
            secrets=secrets,
            proxy_config=proxy_config,
        )
        self._roles = Roles(
            self,
            "roles",
            inputs=inputs,
            naming=naming,
            account=account,
            database=database,
            storage=storage,
            secrets=secrets,
            environment=environment,
        )
        database.add_reader(after=self._roles.database_login)
        self._load_balancer = LoadBalancer(
            self, "load_balancer", inputs=inputs, naming=naming, network=network, retention=retention
        )
        self._one_off_tasks, services = self._declare_tasks()
        alarms, self._dashboard = self._declare_monitoring(services, account)
        has_redis = cache.exists | secrets.redis_url.exists
        Checks(self, "checks", inputs=inputs, module=LITELLM, has_redis=has_redis, alarms=alarms)
        kept = {"cluster": database.resource_id, "vpc": network.vpc.id, "load_balancer": self._load_balancer.arn}
        retention.protect(database.writer, replaced_with=kept)
        self._declare_outputs()

    def _declare_tasks(self) -> tuple[OneOffTasks, Services]:
        inputs, naming, images = self._inputs, self._naming, Images(self, "images", inputs=self._inputs)
        one_off_tasks = OneOffTasks(
            self,
            "one_off_tasks",
            inputs=inputs,
            naming=naming,
            network=self._network,
            cluster=self._cluster,
            database=self._database,
            secrets=self._secrets,
            roles=self._roles,
            environment=self._environment,
            images=images,
        )
        services = Services(
            self,
            "services",
            inputs=inputs,
            naming=naming,
            network=self._network,
            load_balancer=self._load_balancer,
            cluster=self._cluster,
            images=images,
            proxy_config=self._proxy_config,
            secrets=self._secrets,
            roles=self._roles,
            environment=self._environment,
            one_off_tasks=one_off_tasks,
        )
        Autoscaling(
            self,
            "autoscaling",
            inputs=inputs,
            naming=naming,
            cluster=self._cluster,
            services=services,
            gateway_resource_label=self._load_balancer.gateway_resource_label,
        )
        return one_off_tasks, services

    def _declare_monitoring(self, services: Services, account: Account) -> tuple[Alarms, Dashboard]:
        inputs, naming, database = self._inputs, self._naming, self._database
        metrics = Metrics(
            self,
            "metrics",
            network=self._network,
            load_balancer=self._load_balancer,
            cluster=self._cluster,
            services=services,
            database=database,
            cache=self._cache,
        )
        alarms = Alarms(self, "alarms", inputs=inputs, naming=naming, metrics=metrics, database=database)
        dashboard = Dashboard(
            self, "dashboard", inputs=inputs, naming=naming, account=account, metrics=metrics, services=services
        )
        return alarms, dashboard

    def _declare_outputs(self) -> None:
        Outputs(
            self,
            "outputs",
            module=LITELLM,
            alb_dns_name=self._load_balancer.dns_name,
            alb_url=self._load_balancer.url,
            alb_arn=self._load_balancer.arn,
            alb_zone_id=self._load_balancer.zone_id,
            ecs_cluster=self._cluster.name,
            vpc_id=self._network.vpc.id,
            task_security_group_id=self._network.tasks_group.id,
            aurora_writer_endpoint=self._database.host,
            aurora_reader_endpoint=self._database.reader_host,
            redis_endpoint=self._cache.endpoint,
            s3_bucket=self._storage.bucket_name,
            master_key_secret_arn=bare(self._secrets.master_key.arn),
            db_master_password_secret_arn=self._secrets.db_master_password_arn,
            db_bootstrap_sql=self._one_off_tasks.bootstrap_sql,
            migration_run_command=self._one_off_tasks.migration_command,
            bedrock_model_import_role_arn=self._roles.bedrock_model_import.arn,
            dashboard_url=self._dashboard.url,
        )
