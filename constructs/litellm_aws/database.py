"""Aurora PostgreSQL with IAM authentication: the cluster and its two instances."""

from collections.abc import Sequence

from cdktf import ITerraformDependable, Postcondition, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.db_subnet_group import DbSubnetGroup
from cdktf_cdktf_provider_aws.rds_cluster import RdsCluster
from cdktf_cdktf_provider_aws.rds_cluster_instance import RdsClusterInstance
from cdktf_cdktf_provider_aws.rds_cluster_parameter_group import RdsClusterParameterGroup
from constructs import Construct

from .blocks import address, count_if, local, one
from .expressions import SELF, Expression, call, for_list, text, when
from .input_variables import InputVariables
from .naming import KEPT_DESCRIPTION, Naming
from .network import Network
from .passwords import generated_password
from .retention import Retention


class Database(Construct):
    """An Aurora PostgreSQL cluster with a writer and a reader, where `create_database` asks for it.

    All but `exists`, the names and the port are null where there is no cluster.

    Attributes:
        exists: whether there is a cluster.
        count: of what exists only together with the cluster.
        host, reader_host: endpoints of the writer and of the readers.
        port, port_text: a number, and the same as text.
        resource_id: AWS's ID of the cluster, which survives a change of its identifier.
        login_arns: what the tasks' user logs in to, as ARNs for IAM; none where there is no cluster.
        writer: the instance that must be up before anyone can log in.
        name, username, master_username, master_password: of the database, the tasks' user, the master user.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        inputs: InputVariables,
        naming: Naming,
        network: Network,
        retention: Retention,
    ) -> None:
        super().__init__(scope, id_)
        self._inputs, self._naming, self._retention = inputs, naming, retention
        self.exists = inputs.create_database
        self.count = count_if(self.exists)
        self.name = inputs.db_name
        self.username = inputs.db_username
        self.master_username = inputs.db_master_username
        password = generated_password(self, "db_master_password", length=32, count=self.count)
        self.master_password = one(password, "result")
        self._cluster = cluster = self._aurora(network)
        self.host = one(cluster, "endpoint")
        self.reader_host = one(cluster, "reader_endpoint")
        self.port = one(cluster, "port")
        self.port_text = call("tostring", self.port)
        self.resource_id = one(cluster, "cluster_resource_id")
        self.login_arns = local(self, "db_login_arns", for_list(address(cluster), self._login_arn))
        self.writer = self._instance("writer", 0)
        # The first instance of a cluster becomes its writer, so the reader waits for it.
        self._instance("reader", 15, after=[self.writer])

    def _aurora(self, network: Network) -> RdsCluster:
        inputs, naming = self._inputs, self._naming
        snapshot = text(naming.stack, "-final-", call("substr", call("md5", naming.stack), 0, 8))
        return RdsCluster(
            self,
            "aws_rds_cluster.this",
            count=self.count,
            cluster_identifier=naming.stack.as_string,
            engine="aurora-postgresql",
            engine_mode="provisioned",
            engine_version=inputs.db_engine_version.as_string,
            database_name=self.name.as_string,
            master_username=self.master_username.as_string,
            master_password=self.master_password.as_string,
            iam_database_authentication_enabled=True,
            storage_encrypted=True,
            db_subnet_group_name=one(self._subnets(network), "name").as_string,
            db_cluster_parameter_group_name=one(self._parameters(), "name").as_string,
            vpc_security_group_ids=[network.database_group.id.as_string],
            backup_retention_period=7,
            preferred_backup_window="07:00-09:00",
            apply_immediately=True,
            skip_final_snapshot=inputs.skip_final_snapshot.as_boolean,
            final_snapshot_identifier=inputs.skip_final_snapshot.then(None, snapshot).as_string,
            snapshot_identifier=when(inputs.snapshot_identifier.is_set, inputs.snapshot_identifier).as_string,
            deletion_protection=self._retention.is_protected.as_boolean,
            tags=naming.tags,
            lifecycle=TerraformResourceLifecycle(
                precondition=[
                    self._retention.data_loss_precondition(
                        "skip_final_snapshot", "the database without a final snapshot"
                    )
                ],
                postcondition=self._restored_as_declared(),
            ),
        )

    def _restored_as_declared(self) -> list[Postcondition]:
        """Returns what a plan takes for granted of a new cluster, and a restored one may lack."""
        name, user = SELF.attribute("database_name"), SELF.attribute("master_username")
        return [
            Postcondition(
                condition=(name.equals(self.name) & user.equals(self.master_username)).as_string,
                error_message=text(
                    "The snapshot has the database ",
                    name,
                    " and the master user ",
                    user,
                    ": set db_name and db_master_username to them, and apply again.",
                ).as_string,
            ),
            # The provider's restore leaves it out (hashicorp/terraform-provider-aws, issue 35189).
            Postcondition(
                condition=SELF.attribute("iam_database_authentication_enabled").as_string,
                error_message="AWS has restored the cluster without IAM authentication: apply again, which enables it.",
            ),
        ]

    def _subnets(self, network: Network) -> DbSubnetGroup:
        return DbSubnetGroup(
            self,
            "aws_db_subnet_group.this",
            count=self.count,
            name=self._naming.of("db"),
            subnet_ids=network.vpc.private_subnet_ids.as_list,
            tags=self._naming.tags,
        )

    def _parameters(self) -> RdsClusterParameterGroup:
        major_version = call("element", call("split", ".", self._inputs.db_engine_version), 0)
        return RdsClusterParameterGroup(
            self,
            "aws_rds_cluster_parameter_group.this",
            count=self.count,
            name=self._naming.of("cluster-pg"),
            family=f"aurora-postgresql{major_version}",
            tags=self._naming.tags,
            lifecycle=TerraformResourceLifecycle(ignore_changes=KEPT_DESCRIPTION),
        )

    def _login_arn(self, db: Expression) -> Expression:
        # `arn:<partition>:rds:<region>:<account>:cluster:<id>` has partition and account, without asking STS.
        head = call("replace", call("regex", "^(?:.*?:){5}", db.attribute("arn")), ":rds:", ":rds-db:")
        return text(head, "dbuser:", db.attribute("cluster_resource_id"), "/", self.username)

    def _instance(
        self, role: str, promotion_tier: int, *, after: Sequence[ITerraformDependable] | None = None
    ) -> RdsClusterInstance:
        return RdsClusterInstance(
            self,
            f"aws_rds_cluster_instance.{role}",
            count=self.count,
            identifier=self._naming.of(role),
            cluster_identifier=one(self._cluster, "id").as_string,
            engine=one(self._cluster, "engine").as_string,
            engine_version=one(self._cluster, "engine_version").as_string,
            instance_class=self._inputs.db_instance_class.as_string,
            promotion_tier=promotion_tier,
            publicly_accessible=False,
            performance_insights_enabled=True,
            # The version is an input: an upgrade outside Terraform would make every later plan a downgrade.
            auto_minor_version_upgrade=False,
            apply_immediately=True,
            tags=self._naming.tags,
            depends_on=after,
        )
