"""Aurora PostgreSQL with IAM authentication: the cluster and its instances."""

from collections.abc import Sequence

from cdktf import DataResource, ITerraformDependable, Postcondition, TerraformCount, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.data_aws_rds_cluster import DataAwsRdsCluster
from cdktf_cdktf_provider_aws.db_subnet_group import DbSubnetGroup
from cdktf_cdktf_provider_aws.rds_cluster import RdsCluster
from cdktf_cdktf_provider_aws.rds_cluster_instance import RdsClusterInstance
from cdktf_cdktf_provider_aws.rds_cluster_parameter_group import RdsClusterParameterGroup
from constructs import Construct

from .account import Account
from .blocks import add_dynamic_block, address, count_if, local, one
from .expressions import SELF, Expression, call, for_list, for_map, text, when
from .input_variables import InputVariables
from .log_group import log_group
from .naming import KEPT_DESCRIPTION, Naming
from .network import Network
from .passwords import generated_password
from .policy import assumed_by, document
from .retention import Retention
from .role import Role

_LOG = "postgresql"


class Database(Construct):
    """An Aurora PostgreSQL cluster with a writer, and a reader unless `db_reader` is off, where there is a database.

    All but `exists`, the names and the port are null where there is no cluster.

    Attributes:
        exists: whether there is a cluster.
        count: of what exists only together with the cluster.
        host, reader_host: endpoints of the writer and of the reader. Without a reader, the second leads to the writer,
            too (Aurora User Guide, "Reader endpoints").
        has_reader: whether there is a reader.
        port, port_text: a number, and the same as text.
        resource_id: AWS's ID of the cluster, which survives a change of its identifier.
        login_arns: what the tasks' user logs in to, as ARNs for IAM; none where there is no cluster.
        identifier: of the cluster.
        writer: the instance that must be up before anyone can log in.
        instance_class: of both instances.
        instances: the writer and, from `add_reader` on, the reader.
        log_group_name: of PostgreSQL's log; null where `db_log_exports` does not ask for it.
        name, username, master_username: of the database, the tasks' user, the master user.
        has_own_password: whether the master user has a password that Terraform generates.
        master_password: that password; null where RDS manages it.
        managed_password_arns: the secret with the login that RDS manages, in a list; empty where it manages none.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        inputs: InputVariables,
        naming: Naming,
        account: Account,
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
        self.has_own_password = local(
            self, "has_own_db_master_password", self.exists & ~inputs.manage_master_user_password
        )
        password = generated_password(self, "db_master_password", length=32, count=count_if(self.has_own_password))
        self.master_password = one(password, "result")
        self._is_serverless = local(self, "has_serverless_database", inputs.db_serverless_min_capacity.differs(None))
        self.instance_class = local(
            self, "db_instance_class", self._is_serverless.then("db.serverless", inputs.db_instance_class)
        )
        self._logs = self._log_group()
        self.log_group_name = one(self._logs, "name")
        self._cluster = cluster = self._aurora(network)
        self.managed_password_arns = self._managed_password_arns()
        self.identifier = one(cluster, "cluster_identifier")
        self.host = one(cluster, "endpoint")
        self.reader_host = one(cluster, "reader_endpoint")
        self.has_reader = self.exists & inputs.db_reader
        self.port = one(cluster, "port")
        self.port_text = call("tostring", self.port)
        self.resource_id = one(cluster, "cluster_resource_id")
        self.login_arns = local(self, "db_login_arns", for_list(address(cluster), self._login_arn))
        self._monitoring = self._monitoring_role(account)
        self._can_monitor = self._monitoring.attach_aws_policy(
            "rds_monitoring", account.aws_policy("service-role/AmazonRDSEnhancedMonitoringRole")
        )
        self.writer = self._instance("writer", 0, self.count)
        self.instances = [self.writer]

    def add_reader(self, *, after: ITerraformDependable) -> None:
        """Makes the reader, where there is one.

        Aurora creates both instances at the same time. The first one that is asked for becomes the writer, and the
        other one is available minutes later (aws/aws-cdk, issue 30260). So AWS gets the request for the writer first;
        that its creation has started is enough (pull request 30277). If the reader ever won, for example in an apply
        that is repeated, the bootstrap would wait those minutes longer.

        Args:
            after: what AWS creates in seconds, after the cluster.
        """
        self.instances.append(self._instance("reader", 15, count_if(self.has_reader), after=[after]))

    def _aurora(self, network: Network) -> RdsCluster:
        inputs, naming = self._inputs, self._naming
        snapshot = text(naming.stack, "-final-", call("substr", call("md5", naming.stack), 0, 8))
        cluster = RdsCluster(
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
            manage_master_user_password=when(inputs.manage_master_user_password, True).as_boolean,
            master_user_secret_kms_key_id=when(inputs.manage_master_user_password, naming.kms_key_arn).as_string,
            iam_database_authentication_enabled=True,
            storage_encrypted=True,
            kms_key_id=naming.kms_key_arn.as_string,
            db_subnet_group_name=one(self._subnets(network), "name").as_string,
            db_cluster_parameter_group_name=one(self._parameters(), "name").as_string,
            vpc_security_group_ids=[network.database_group.id.as_string],
            backup_retention_period=7,
            preferred_backup_window="07:00-09:00",
            apply_immediately=True,
            skip_final_snapshot=inputs.skip_final_snapshot.as_boolean,
            final_snapshot_identifier=inputs.skip_final_snapshot.then(None, snapshot).as_string,
            copy_tags_to_snapshot=True,
            enabled_cloudwatch_logs_exports=inputs.db_log_exports.then([_LOG], []).as_list,
            snapshot_identifier=when(inputs.snapshot_identifier.is_set, inputs.snapshot_identifier).as_string,
            deletion_protection=self._retention.is_protected.as_boolean,
            tags=naming.tags,
            depends_on=[self._logs],
            lifecycle=TerraformResourceLifecycle(
                ignore_changes=["kms_key_id"],  # AWS cannot change it: a cluster that exists keeps its own
                precondition=[inputs.precondition("skip_final_snapshot")],
                postcondition=self._restored_as_declared(),
            ),
        )
        least, largest = inputs.db_serverless_min_capacity, inputs.db_serverless_max_capacity
        add_dynamic_block(
            cluster,
            "serverlessv2_scaling_configuration",
            self._is_serverless.then([{"min_capacity": least, "max_capacity": largest}], []),
            lambda _, capacity: {name: capacity.attribute(name) for name in ("min_capacity", "max_capacity")},
        )
        return cluster

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

    def _managed_password_arns(self) -> Expression:
        manages = local(self, "has_managed_db_password", self.exists & self._inputs.manage_master_user_password)
        # When an existing cluster begins to manage the password, its plan does not yet say that there will be a secret.
        # The output of a new resource is unknown, which defers the data source to the apply.
        cluster = DataResource(
            self,
            "terraform_data.managed_db_password",
            count=count_if(manages),
            input={"cluster": one(self._cluster, "id").as_string},
            depends_on=[self._cluster],
        )
        described = DataAwsRdsCluster(
            self,
            "data.aws_rds_cluster.managed_password",
            count=count_if(manages),
            cluster_identifier=one(cluster, "output").attribute("cluster").as_string,
        )
        return call(
            "flatten", for_list(address(described), lambda db: db.attribute("master_user_secret").splat("secret_arn"))
        )

    def _log_group(self) -> CloudwatchLogGroup:
        """Makes the log group before RDS does, which would keep its logs forever."""
        exists = self.exists & self._inputs.db_log_exports
        path = f"/aws/rds/cluster/{self._naming.stack}/{_LOG}"
        return log_group(self, "database", path=path, inputs=self._inputs, naming=self._naming, count=count_if(exists))

    def _monitoring_role(self, account: Account) -> Role:
        """Makes the role with which an instance writes its metrics (RDS, "Enhanced Monitoring")."""
        trust = document(self, "rds_monitoring_trust", [assumed_by("monitoring.rds.amazonaws.com", account)])
        exists = local(self, "has_rds_monitoring", self.exists & (self._inputs.db_monitoring_interval_seconds > 0))
        return Role(self, "rds_monitoring", naming=self._naming, trust=trust, exists=exists)

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
        statements, duration = self._inputs.db_log_statement, self._inputs.db_log_min_duration_ms
        parameters = {
            "log_statement": when(statements.differs("none"), statements),
            "log_min_duration_statement": when(duration >= 0, call("tostring", duration)),
        }
        logged = for_map(
            local(self, "db_log_parameters", parameters),
            lambda name, value: (name, value),
            where=lambda _, value: value.differs(None),
        )
        major_version = call("element", call("split", ".", self._inputs.db_engine_version), 0)
        group = RdsClusterParameterGroup(
            self,
            "aws_rds_cluster_parameter_group.this",
            count=self.count,
            name=self._naming.of("cluster-pg"),
            family=f"aurora-postgresql{major_version}",
            tags=self._naming.tags,
            lifecycle=TerraformResourceLifecycle(ignore_changes=KEPT_DESCRIPTION),
        )
        add_dynamic_block(
            group,
            "parameter",
            logged,
            lambda name, value: {"name": name, "value": value},
        )
        return group

    def _login_arn(self, db: Expression) -> Expression:
        # `arn:<partition>:rds:<region>:<account>:cluster:<id>` has partition and account, without asking STS.
        head = call("replace", call("regex", "^(?:.*?:){5}", db.attribute("arn")), ":rds:", ":rds-db:")
        return text(head, "dbuser:", db.attribute("cluster_resource_id"), "/", self.username)

    def _instance(
        self, role: str, promotion_tier: int, count: TerraformCount, *, after: Sequence[ITerraformDependable] = ()
    ) -> RdsClusterInstance:
        return RdsClusterInstance(
            self,
            f"aws_rds_cluster_instance.{role}",
            count=count,
            identifier=self._naming.of(role),
            cluster_identifier=one(self._cluster, "id").as_string,
            engine=one(self._cluster, "engine").as_string,
            engine_version=one(self._cluster, "engine_version").as_string,
            instance_class=self.instance_class.as_string,
            promotion_tier=promotion_tier,
            publicly_accessible=False,
            performance_insights_enabled=True,
            performance_insights_kms_key_id=self._naming.kms_key_arn.as_string,
            monitoring_interval=self._inputs.db_monitoring_interval_seconds.as_number,
            monitoring_role_arn=self._monitoring.arn.as_string,
            # Where the version is an input as a whole, an upgrade by AWS would make every later plan a downgrade.
            auto_minor_version_upgrade=(~call("strcontains", self._inputs.db_engine_version, ".")).as_boolean,
            apply_immediately=True,
            tags=self._naming.tags,
            lifecycle=TerraformResourceLifecycle(ignore_changes=["performance_insights_kms_key_id"]),
            depends_on=[self._can_monitor, *after],
        )
