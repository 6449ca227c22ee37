"""The tasks that run once during an apply: the database bootstrap and the schema migration."""

from collections.abc import Mapping, Sequence

from cdktf import DataResource, ITerraformDependable
from constructs import Construct

from .aws_script import aws_script
from .blocks import count_if, each, local, one
from .cluster import Cluster
from .database import Database
from .environment import Environment
from .expressions import Expression, call, module_file, text, when
from .images import Images
from .input_variables import InputVariables
from .naming import Naming
from .network import Network
from .roles import Roles
from .secrets import Secrets
from .task_definition import TaskDefinition, TaskSize, environment_list

_BOOTSTRAP_SIZE = TaskSize(cpu="256", memory="512")
_MIGRATION_SIZE = TaskSize(cpu="512", memory="4096")


class OneOffTasks(Construct):
    """The bootstrap, which creates the tasks' database user, and the migration, which creates the tables.

    Each is a task definition, and a `terraform_data` whose provisioner runs the task and waits for it.

    Attributes:
        migration: what must have run before the gateway and the backend may start.
        bootstrap_sql: the bootstrap's statements, which may be run any number of times; null where there is none.
        migration_command: the command line that runs the migration by hand; null where there is none.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        inputs: InputVariables,
        naming: Naming,
        network: Network,
        cluster: Cluster,
        database: Database,
        secrets: Secrets,
        roles: Roles,
        environment: Environment,
        images: Images,
    ) -> None:
        super().__init__(scope, id_)
        self._inputs, self._naming, self._network, self._cluster = inputs, naming, network, cluster
        own_salt_key = inputs.litellm_salt_key_secret_arn.is_set.then("own", "none")
        salt_key = local(self, "salt_key", inputs.generate_salt_key.then(secrets.salt_key_digest, own_salt_key))
        names = {"user": database.username, "database": database.name, "salt_key": salt_key}
        sql = local(self, "db_bootstrap_sql", call("templatefile", module_file("bootstrap.sql"), names))
        self.bootstrap_sql = when(database.exists, sql)
        internet = network.vpc.internet_access
        bootstrap_task = self._bootstrap_task(sql, database, secrets, roles)
        bootstrap = self._run(
            "bootstrap_db",
            "database bootstrap",
            bootstrap_task,
            "psql",
            database.exists,
            replaced_with={"cluster": database.resource_id, "task_definition": bootstrap_task.arn},
            depends_on=[
                database.writer,
                secrets.db_master_password_version,
                *roles.bootstrap_permissions,
                *internet,
            ],
        )
        migration_task = self._migration_task(secrets, roles, environment, images)
        self.migration = self._run(
            "migration",
            "schema migration",
            migration_task,
            "migrations",
            environment.has_database,
            replaced_with={"task_definition": migration_task.arn, "bootstrap": one(bootstrap, "id")},
            depends_on=[
                secrets.database_url.version,
                *roles.migration_permissions,
                *internet,
            ],
        )
        self.migration_command = when(environment.has_database, self._run_command(migration_task))

    def _bootstrap_task(self, sql: Expression, database: Database, secrets: Secrets, roles: Roles) -> TaskDefinition:
        task = TaskDefinition(
            self,
            "bootstrap-db",
            inputs=self._inputs,
            naming=self._naming,
            size=_BOOTSTRAP_SIZE,
            execution_role_arn=roles.bootstrap_execution_arn,
            task_role_arn=None,
            exists=database.exists,
        )
        login = {
            "PGHOST": database.host,
            "PGPORT": database.port_text,
            "PGDATABASE": database.name,
            "PGUSER": database.master_username,
            "PGSSLMODE": "require",
            "PGCONNECT_TIMEOUT": "30",
        }
        task.add_container(
            {
                "name": "psql",
                "image": self._inputs.bootstrap_image,
                "command": ["psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--command", sql],
                "environment": [{"name": name, "value": value} for name, value in sorted(login.items())],
                "secrets": [{"name": "PGPASSWORD", "valueFrom": secrets.db_master_password_field_arn}],
            }
        )
        task.open_tmp_folders(self._inputs.bootstrap_image)
        return task

    def _migration_task(
        self, secrets: Secrets, roles: Roles, environment: Environment, images: Images
    ) -> TaskDefinition:
        task = TaskDefinition(
            self,
            "migrations",
            inputs=self._inputs,
            naming=self._naming,
            size=_MIGRATION_SIZE,
            execution_role_arn=roles.migration_execution_arn,
            task_role_arn=roles.migration_task_arn,
            exists=environment.has_database,
        )
        task.add_container(
            {
                "name": "migrations",
                "image": images.of("migrations"),
                "command": images.component_command("migrations"),
                "environment": environment_list(environment.stores),
                "secrets": environment.database_secrets,
                "dockerLabels": when(environment.has_database_url, secrets.versions_label),
            }
        )
        task.open_tmp_folders(images.of("migrations"))
        return task

    def _run_command(self, task: TaskDefinition) -> Expression:
        network = text(
            "awsvpcConfiguration={subnets=[",
            self._subnets,
            "],securityGroups=[",
            self._groups,
            "],assignPublicIp=DISABLED}",
        )
        words = [
            "aws ecs run-task --region",
            self._inputs.region,
            "--cluster",
            self._cluster.name,
            "--task-definition",
            call("join", "", each(task.resource, "arn")),
            "--launch-type FARGATE --network-configuration",
            text("'", local(self, "migration_network", network), "'"),
        ]
        return call("join", " ", local(self, "migration_run_command", words))

    @property
    def _subnets(self) -> Expression:
        return call("join", ",", self._network.vpc.private_subnet_ids)

    @property
    def _groups(self) -> Expression:
        return call("join", ",", self._network.task_group_ids)

    def _run(
        self,
        name: str,
        title: str,
        task: TaskDefinition,
        container: str,
        exists: Expression,
        *,
        replaced_with: Mapping[str, Expression],
        depends_on: Sequence[ITerraformDependable],
    ) -> DataResource:
        """Runs a task.

        Args:
            title: what people call the task.
            container: the one whose exit code counts.
            replaced_with: values whose change runs it again.
        """
        return DataResource(
            self,
            f"terraform_data.{name}",
            count=count_if(exists),
            triggers_replace={key: value.as_string for key, value in replaced_with.items()},
            provisioners=[
                aws_script(
                    "one_off_task.sh",
                    {
                        "ONE_SHOT_NAME": title,
                        "ONE_SHOT_REGION": self._inputs.region,
                        "ONE_SHOT_CLUSTER": self._cluster.name,
                        "ONE_SHOT_TASK_DEFINITION": task.arn,
                        "ONE_SHOT_CONTAINER": container,
                        "ONE_SHOT_SUBNETS": self._subnets,
                        "ONE_SHOT_SECURITY_GROUPS": self._groups,
                        "ONE_SHOT_LOG_GROUP": task.log_group_name,
                        "ONE_SHOT_LOG_STREAM_PREFIX": task.log_stream_prefix,
                        "ONE_SHOT_ASSUME_ROLE_ARN": self._inputs.one_shot_assume_role_arn,
                        "ONE_SHOT_TIMEOUT_MINUTES": call("tostring", self._inputs.one_shot_timeout_minutes),
                    },
                )
            ],
            depends_on=depends_on,
        )
