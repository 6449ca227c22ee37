"""Aurora PostgreSQL with IAM authentication: the cluster and its two instances."""

from cdktf import Fn, TerraformLocal, TerraformResourceLifecycle, Token
from cdktf_cdktf_provider_aws.db_subnet_group import DbSubnetGroup
from cdktf_cdktf_provider_aws.rds_cluster import RdsCluster
from cdktf_cdktf_provider_aws.rds_cluster_instance import RdsClusterInstance
from cdktf_cdktf_provider_aws.rds_cluster_parameter_group import RdsClusterParameterGroup
from constructs import Construct

from .expressions import one, one_if, template
from .input_variables import InputVariables
from .naming import KEPT_DESCRIPTION, Naming
from .network import Network
from .passwords import generated_password
from .retention import data_loss_precondition


class Database(Construct):
    """An Aurora PostgreSQL cluster with a writer and a reader, unless the database is brought along or left out.

    All but `created`, the names and the port are null where there is no cluster.

    Attributes:
        created: a local, whether there is a cluster.
        count: of what exists beside the cluster only.
        host, reader_host: endpoints of the writer and of the readers.
        port, port_text: a number, and the same as text.
        resource_id: AWS's id of the cluster, which survives a change of its identifier.
        login_arns: what the tasks' user logs in to, in the words of IAM; none where there is no cluster.
        writer: the instance that must be up before anyone can log in.
        name, username, master_username, master_password: of the database, the tasks' user, the master user.
    """

    def __init__(self, scope: Construct, id_: str, *, inputs: InputVariables, naming: Naming, network: Network) -> None:
        super().__init__(scope, id_)
        self.created = TerraformLocal(self, "local.creates_database", inputs.create_database.value)
        self.count = one_if(self.created)
        self.master_password = one(
            generated_password(self, "db_master_password", length=32, count=self.count), "result"
        )
        major_version = Fn.element(Fn.split(".", inputs.db_engine_version.string_value), 0)
        subnets = DbSubnetGroup(
            self,
            "aws_db_subnet_group.this",
            count=self.count,
            name=naming.of("db"),
            subnet_ids=network.private_subnet_ids,
            tags=naming.tags,
        )
        parameters = RdsClusterParameterGroup(
            self,
            "aws_rds_cluster_parameter_group.this",
            count=self.count,
            name=naming.of("cluster-pg"),
            family=f"aurora-postgresql{Token.as_string(major_version)}",
            tags=naming.tags,
            lifecycle=TerraformResourceLifecycle(ignore_changes=KEPT_DESCRIPTION),
        )
        snapshot = '"${local.name}-final-${substr(md5(local.name), 0, 8)}"'
        cluster = RdsCluster(
            self,
            "aws_rds_cluster.this",
            count=self.count,
            cluster_identifier=naming.stack,
            engine="aurora-postgresql",
            engine_mode="provisioned",
            engine_version=inputs.db_engine_version.string_value,
            database_name=inputs.db_name.string_value,
            master_username=inputs.db_master_username.string_value,
            master_password=self.master_password,
            iam_database_authentication_enabled=True,
            storage_encrypted=True,
            db_subnet_group_name=one(subnets, "name"),
            db_cluster_parameter_group_name=one(parameters, "name"),
            vpc_security_group_ids=[network.database_group_id],
            backup_retention_period=7,
            preferred_backup_window="07:00-09:00",
            apply_immediately=True,
            skip_final_snapshot=inputs.skip_final_snapshot.boolean_value,
            final_snapshot_identifier=template(f"var.skip_final_snapshot ? null : {snapshot}"),
            tags=naming.tags,
            lifecycle=TerraformResourceLifecycle(
                precondition=[data_loss_precondition(inputs.skip_final_snapshot, "its database without a snapshot")]
            ),
        )
        self.host = one(cluster, "endpoint")
        self.reader_host = one(cluster, "reader_endpoint")
        self.port = one(cluster, "port")
        self.port_text = template(f"tostring(one({cluster.node.id}[*].port))")
        self.resource_id = one(cluster, "cluster_resource_id")
        self.name = inputs.db_name.string_value
        self.username = inputs.db_username.string_value
        # `arn:<partition>:rds:<region>:<account>:cluster:<id>` knows partition and account without asking STS.
        head = 'join(":", slice(split(":", replace(cluster.arn, ":rds:", ":rds-db:")), 0, 5))'
        user = "dbuser:${cluster.cluster_resource_id}/${var.db_username}"
        self.login_arns = TerraformLocal(
            self,
            "local.db_login_arns",
            template(f'[for cluster in {cluster.node.id} : "${{{head}}}:{user}"]'),
        ).as_list
        self.master_username = inputs.db_master_username.string_value

        self.writer = self._instance("writer", 0, cluster, inputs, naming)
        # The first instance of a cluster becomes its writer, so the reader waits for it.
        self._instance("reader", 15, cluster, inputs, naming, after=[self.writer])

    def _instance(
        self,
        role: str,
        promotion_tier: int,
        cluster: RdsCluster,
        inputs: InputVariables,
        naming: Naming,
        *,
        after: list[RdsClusterInstance] | None = None,
    ) -> RdsClusterInstance:
        return RdsClusterInstance(
            self,
            f"aws_rds_cluster_instance.{role}",
            count=self.count,
            identifier=naming.of(role),
            cluster_identifier=one(cluster, "id"),
            engine=one(cluster, "engine"),
            engine_version=one(cluster, "engine_version"),
            instance_class=inputs.db_instance_class.string_value,
            promotion_tier=promotion_tier,
            publicly_accessible=False,
            performance_insights_enabled=True,
            # The version is an input: an upgrade behind Terraform's back would make every later plan a downgrade.
            auto_minor_version_upgrade=False,
            apply_immediately=True,
            tags=naming.tags,
            depends_on=after,
        )
