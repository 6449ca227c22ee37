"""The tasks that run once during an apply: the database bootstrap and the schema migration."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from cdktf import DataResource, Fn, ITerraformDependable, LocalExecProvisioner, TerraformCount, TerraformLocal
from constructs import Construct

from .cluster import Cluster
from .database import Database
from .environment import Environment
from .expressions import address, constant, one, one_if, template
from .images import Images
from .input_variables import InputVariables
from .naming import Naming
from .network import Network
from .roles import Roles
from .secrets import Secrets
from .task_definition import TaskDefinition, TaskSize

_BOOTSTRAP_SIZE = TaskSize(cpu="256", memory="512")
_MIGRATION_SIZE = TaskSize(cpu="512", memory="4096")

_BOOTSTRAP_SQL = """\
DO $bootstrap$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{user}') THEN
    CREATE USER "{user}";
  END IF;
END
$bootstrap$;
GRANT rds_iam TO "{user}";
GRANT ALL PRIVILEGES ON DATABASE "{database}" TO "{user}";
GRANT ALL ON SCHEMA public TO "{user}";
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO "{user}";
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO "{user}";
"""


class OneShotTasks(Construct):
    """The bootstrap, which makes the tasks' database user, and the migration, which makes the tables.

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
        self._inputs, self._network, self._cluster = inputs, network, cluster
        sql = TerraformLocal(
            self,
            "local.db_bootstrap_sql",
            _BOOTSTRAP_SQL.format(user=database.username, database=database.name),
        )
        self.bootstrap_sql = template(f"{address(database.created)} ? {address(sql)} : null")
        per_database = one_if(environment.has_database)
        script = Path(__file__).with_name("one_shot.sh").read_text(encoding="utf-8")
        self._script = TerraformLocal(self, "local.one_shot_script", constant(script))

        login = TerraformLocal(
            self,
            "local.bootstrap_db_environment",
            {
                "PGHOST": database.host,
                "PGPORT": database.port_text,
                "PGDATABASE": database.name,
                "PGUSER": database.master_username,
                "PGSSLMODE": "require",
                "PGCONNECT_TIMEOUT": "30",
            },
        )
        password = TerraformLocal(
            self, "local.bootstrap_db_secrets", {"PGPASSWORD": secrets.db_master_password_field_arn}
        )
        bootstrap_task = TaskDefinition(
            self,
            "bootstrap_task",
            name="bootstrap-db",
            container_name="psql",
            inputs=inputs,
            naming=naming,
            size=_BOOTSTRAP_SIZE,
            image=inputs.bootstrap_image.string_value,
            execution_role_arn=roles.task_execution_arn,
            task_role_arn=None,
            values=address(login),
            secrets=address(password),
            count=database.count,
            additions={"command": ["psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--command", sql.as_string]},
        )
        migration_task = TaskDefinition(
            self,
            "migration_task",
            name="migrations",
            inputs=inputs,
            naming=naming,
            size=_MIGRATION_SIZE,
            image=images.of("migrations"),
            execution_role_arn=roles.task_execution_arn,
            task_role_arn=roles.task_arn,
            values=environment.stores,
            count=per_database,
            additions={
                "command": images.component_command("migrations"),
                "secrets": environment.database_secrets,
            },
        )

        bootstrap = self._run(
            "bootstrap_db",
            "database bootstrap",
            bootstrap_task,
            database.count,
            replaced_with={"cluster": database.resource_id, "task_definition": bootstrap_task.arn},
            depends_on=[
                database.writer,
                secrets.db_master_password_version,
                *roles.bootstrap_permissions,
                *network.internet_access,
            ],
        )
        self.migration = self._run(
            "migration",
            "schema migration",
            migration_task,
            per_database,
            replaced_with={"task_definition": migration_task.arn, "bootstrap": one(bootstrap, "id")},
            depends_on=[
                secrets.database_url_version,
                *roles.start_permissions,
                *roles.task_permissions,
                *network.internet_access,
            ],
        )
        definition = template(f'join("", {migration_task.address}[*].arn)')
        command = TerraformLocal(
            self,
            "local.migration_run_command",
            " ".join(
                [
                    "aws ecs run-task",
                    f"--region {inputs.region.string_value}",
                    f"--cluster {cluster.name}",
                    f"--task-definition {definition}",
                    "--launch-type FARGATE",
                    f"--network-configuration 'awsvpcConfiguration={{subnets=[{self._subnets}],"
                    f"securityGroups=[{self._groups}],assignPublicIp=DISABLED}}'",
                ]
            ),
        )
        self.migration_command = template(f"{environment.has_database} ? {address(command)} : null")

    @property
    def _subnets(self) -> str:
        return Fn.join(",", self._network.private_subnet_ids)

    @property
    def _groups(self) -> str:
        return Fn.join(",", self._network.task_group_ids)

    def _run(
        self,
        name: str,
        title: str,
        task: TaskDefinition,
        count: TerraformCount,
        *,
        replaced_with: Mapping[str, str],
        depends_on: Sequence[ITerraformDependable],
    ) -> DataResource:
        return DataResource(
            self,
            f"terraform_data.{name}",
            count=count,
            triggers_replace=replaced_with,
            provisioners=[
                LocalExecProvisioner(
                    type="local-exec",
                    interpreter=["/bin/sh", "-c"],
                    # Terraform prints the command when it runs and when it fails; one line is enough.
                    command='exec /bin/sh -c "$ONE_SHOT_SCRIPT"',
                    environment={
                        "ONE_SHOT_SCRIPT": self._script.as_string,
                        "ONE_SHOT_NAME": title,
                        "ONE_SHOT_REGION": self._inputs.region.string_value,
                        "ONE_SHOT_CLUSTER": self._cluster.name,
                        "ONE_SHOT_TASK_DEFINITION": task.arn,
                        "ONE_SHOT_CONTAINER": task.container_name,
                        "ONE_SHOT_SUBNETS": self._subnets,
                        "ONE_SHOT_SECURITY_GROUPS": self._groups,
                        "ONE_SHOT_LOG_GROUP": task.log_group_name,
                        "ONE_SHOT_LOG_STREAM_PREFIX": task.log_stream_prefix,
                        "ONE_SHOT_ASSUME_ROLE_ARN": self._inputs.one_shot_assume_role_arn.string_value,
                        "ONE_SHOT_TIMEOUT_MINUTES": Fn.tostring(self._inputs.one_shot_timeout_minutes.number_value),
                    },
                )
            ],
            depends_on=depends_on,
        )
