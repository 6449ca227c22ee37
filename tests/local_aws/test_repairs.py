"""The repairs of moto, tested one by one through the APIs."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from litellm_aws.local_aws.server import LocalAws
from tests.local_aws.balanced import eventually

REGION = "us-west-2"

Client = Callable[[str], Any]


@pytest.fixture(scope="module")
def client(local_aws: LocalAws) -> Client:
    """Returns the function that creates clients of the local AWS."""
    return local_aws.account.client


@pytest.fixture
def name() -> str:
    """A unique name, because all tests share one account."""
    return f"test-{uuid4().hex[:12]}"


@pytest.fixture(scope="module")
def subnets(client: Client) -> list[str]:
    """IDs of two subnets in the Availability Zones a and b."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
            "SubnetId"
        ]
        for number, zone in enumerate("ab")
    ]


def refusal(call: Callable[..., Any], **parameters: Any) -> str:
    """Returns the error code of a rejected call."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


def test_repairs_are_applied_once(client: Client) -> None:
    # Imported here, because moto reads its settings at import, and `serving` sets them.
    from moto.rds.models import DBInstance

    from litellm_aws.local_aws.repairs import repair_moto

    before = DBInstance.__init__
    repair_moto()
    assert DBInstance.__init__ is before


class TestEc2:
    def test_deleting_a_nat_gateway_deletes_its_interface(self, client: Client, subnets: list[str]) -> None:
        ec2 = client("ec2")
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        gateway = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
        of_subnet = [{"Name": "subnet-id", "Values": subnets[:1]}]
        assert len(ec2.describe_network_interfaces(Filters=of_subnet)["NetworkInterfaces"]) == 1
        ec2.delete_nat_gateway(NatGatewayId=gateway)
        assert ec2.describe_network_interfaces(Filters=of_subnet)["NetworkInterfaces"] == []
        assert "AssociationId" not in ec2.describe_addresses(AllocationIds=[address])["Addresses"][0]
        assert ec2.describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"][0]["State"] == "deleted"

    def test_deleting_a_vpc_deletes_its_default_network_acl(self, client: Client) -> None:
        ec2 = client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
        assert len(ec2.describe_network_acls(Filters=of_vpc)["NetworkAcls"]) == 1
        ec2.delete_vpc(VpcId=vpc)
        assert ec2.describe_network_acls(Filters=of_vpc)["NetworkAcls"] == []


class TestElastiCache:
    @pytest.fixture
    def cache(self, client: Client, name: str, subnets: list[str]) -> Any:
        cache = client("elasticache")
        cache.create_cache_subnet_group(
            CacheSubnetGroupName=name, CacheSubnetGroupDescription="of a test", SubnetIds=subnets
        )
        return cache

    @pytest.fixture
    def create(self, cache: Any, name: str) -> Callable[..., dict[str, Any]]:
        def create(**settings: Any) -> dict[str, Any]:
            created = cache.create_replication_group(
                **{
                    "ReplicationGroupId": name,
                    "ReplicationGroupDescription": "of a test",
                    "Engine": "redis",
                    "EngineVersion": "7.1",
                    "CacheNodeType": "cache.t4g.small",
                    "CacheParameterGroupName": "default.redis7",
                    "CacheSubnetGroupName": name,
                    "SecurityGroupIds": ["sg-1"],
                    "NumCacheClusters": 2,
                    "TransitEncryptionEnabled": True,
                    **settings,
                }
            )
            return dict(created["ReplicationGroup"])

        return create

    def group(self, cache: Any, name: str) -> dict[str, Any]:
        [found] = cache.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"]
        return dict(found)

    def members(self, cache: Any, name: str) -> list[dict[str, Any]]:
        clusters = cache.describe_cache_clusters()["CacheClusters"]
        return [cluster for cluster in clusters if cluster.get("ReplicationGroupId") == name]

    def test_a_group_has_the_requested_number_of_clusters(self, cache: Any, create: Any, name: str) -> None:
        created = create(NumCacheClusters=3)
        assert created["MemberClusters"] == [f"{name}-00{number}" for number in (1, 2, 3)]
        [shard] = created["NodeGroups"]
        assert [member["CurrentRole"] for member in shard["NodeGroupMembers"]] == ["primary", "replica", "replica"]

    def test_clusters_are_in_the_zones_of_their_subnets(self, create: Any) -> None:
        [shard] = create(NumCacheClusters=3)["NodeGroups"]
        zones = [member["PreferredAvailabilityZone"] for member in shard["NodeGroupMembers"]]
        assert zones == [f"{REGION}a", f"{REGION}b", f"{REGION}a"]

    def test_a_group_reports_defaults(self, create: Any) -> None:
        created = create()
        assert created["AutoMinorVersionUpgrade"] is True
        assert created["TransitEncryptionMode"] == "required"

    def test_the_members_of_a_group_are_clusters(self, cache: Any, create: Any, name: str) -> None:
        members = create(AtRestEncryptionEnabled=True, AutoMinorVersionUpgrade=False)["MemberClusters"]
        assert [found["CacheClusterId"] for found in self.members(cache, name)] == members
        for cluster in self.members(cache, name):
            assert cluster["CacheNodeType"] == "cache.t4g.small"
            assert cluster["CacheSubnetGroupName"] == name
            assert cluster["EngineVersion"] == "7.1.0"
            assert cluster["AutoMinorVersionUpgrade"] is False
            assert cluster["AtRestEncryptionEnabled"] is True
            assert cluster["TransitEncryptionEnabled"] is True
            assert cluster["PreferredMaintenanceWindow"]

    def test_clusters_report_their_security_and_parameter_groups(self, cache: Any, create: Any, name: str) -> None:
        create()
        for cluster in self.members(cache, name):
            assert cluster["SecurityGroups"] == [{"SecurityGroupId": "sg-1", "Status": "active"}]
            assert cluster["CacheParameterGroup"]["CacheParameterGroupName"] == "default.redis7"

    def test_modifying_a_group_modifies_its_clusters(self, cache: Any, create: Any, name: str) -> None:
        create()
        cache.modify_replication_group(
            ReplicationGroupId=name,
            SecurityGroupIds=["sg-2"],
            CacheNodeType="cache.t4g.medium",
            EngineVersion="7.2",
            ApplyImmediately=True,
        )
        assert self.group(cache, name)["CacheNodeType"] == "cache.t4g.medium"
        for cluster in self.members(cache, name):
            assert cluster["SecurityGroups"] == [{"SecurityGroupId": "sg-2", "Status": "active"}]
            assert cluster["CacheNodeType"] == "cache.t4g.medium"
            assert cluster["EngineVersion"] == "7.2.0"

    def test_redis_is_upgraded_to_valkey_in_place(self, cache: Any, create: Any, name: str) -> None:
        create()
        endpoint = self.group(cache, name)["NodeGroups"][0]["PrimaryEndpoint"]
        valkey = {"Engine": "valkey", "EngineVersion": "7.2", "CacheParameterGroupName": "default.valkey7"}
        cache.modify_replication_group(ReplicationGroupId=name, ApplyImmediately=True, **valkey)
        assert self.group(cache, name)["Engine"] == "valkey"
        assert self.group(cache, name)["NodeGroups"][0]["PrimaryEndpoint"] == endpoint
        for cluster in self.members(cache, name):
            assert (cluster["Engine"], cluster["EngineVersion"]) == ("valkey", "7.2.0")
            assert cluster["CacheParameterGroup"]["CacheParameterGroupName"] == "default.valkey7"

    def test_a_new_node_type_waits_for_the_maintenance_window(self, cache: Any, create: Any, name: str) -> None:
        create()
        cache.modify_replication_group(ReplicationGroupId=name, CacheNodeType="cache.t4g.medium")
        assert self.group(cache, name)["CacheNodeType"] == "cache.t4g.small"
        for cluster in self.members(cache, name):
            assert cluster["CacheNodeType"] == "cache.t4g.small"
            assert cluster["PendingModifiedValues"] == {"CacheNodeType": "cache.t4g.medium"}
        cache.modify_replication_group(ReplicationGroupId=name, ApplyImmediately=True)
        for cluster in self.members(cache, name):
            assert cluster["CacheNodeType"] == "cache.t4g.medium"
            assert not cluster.get("PendingModifiedValues")

    def test_the_number_of_replicas_can_be_changed(self, cache: Any, create: Any, name: str) -> None:
        create(MultiAZEnabled=True, AutomaticFailoverEnabled=True)
        endpoint = self.group(cache, name)["NodeGroups"][0]["PrimaryEndpoint"]
        change: dict[str, Any] = {"ReplicationGroupId": name, "ApplyImmediately": True}
        cache.increase_replica_count(**change, NewReplicaCount=3)
        assert len(self.group(cache, name)["MemberClusters"]) == len(self.members(cache, name)) == 4
        assert refusal(cache.increase_replica_count, **change, NewReplicaCount=3) == "NoOperationFault"
        assert refusal(cache.decrease_replica_count, **change, NewReplicaCount=0) == "InvalidParameterValue"
        cache.modify_replication_group(ReplicationGroupId=name, MultiAZEnabled=False, AutomaticFailoverEnabled=False)
        cache.decrease_replica_count(**change, NewReplicaCount=0)
        assert [found["CacheClusterId"] for found in self.members(cache, name)] == [f"{name}-001"]
        assert self.group(cache, name)["NodeGroups"][0]["PrimaryEndpoint"] == endpoint

    def test_deleting_a_group_deletes_its_clusters(self, cache: Any, create: Any, name: str) -> None:
        create()
        deleted = cache.delete_replication_group(ReplicationGroupId=name)
        assert deleted["ReplicationGroup"]["Status"] == "deleting"
        assert refusal(cache.describe_replication_groups, ReplicationGroupId=name) == "ReplicationGroupNotFoundFault"
        assert self.members(cache, name) == []
        create()

    def test_a_primary_can_be_retained(self, cache: Any, create: Any, name: str) -> None:
        create()
        cache.delete_replication_group(ReplicationGroupId=name, RetainPrimaryCluster=True)
        [primary] = cache.describe_cache_clusters(CacheClusterId=f"{name}-001")["CacheClusters"]
        assert "ReplicationGroupId" not in primary
        assert refusal(cache.describe_cache_clusters, CacheClusterId=f"{name}-002") == "CacheClusterNotFound"

    def test_deleting_a_group_can_create_a_final_snapshot(self, cache: Any, create: Any, name: str) -> None:
        create()
        cache.delete_replication_group(ReplicationGroupId=name, FinalSnapshotIdentifier=name)
        [snapshot] = cache.describe_snapshots(SnapshotName=name)["Snapshots"]
        assert snapshot["ReplicationGroupId"] == name

    def test_a_subnet_group_can_be_changed(self, cache: Any, name: str, subnets: list[str]) -> None:
        cache.modify_cache_subnet_group(CacheSubnetGroupName=name, SubnetIds=subnets[:1])
        [group] = cache.describe_cache_subnet_groups(CacheSubnetGroupName=name)["CacheSubnetGroups"]
        assert [subnet["SubnetIdentifier"] for subnet in group["Subnets"]] == subnets[:1]
        assert group["CacheSubnetGroupDescription"] == "of a test"

    def test_a_subnet_group_can_be_deleted_once_it_is_empty(self, cache: Any, create: Any, name: str) -> None:
        create()
        assert refusal(cache.delete_cache_subnet_group, CacheSubnetGroupName=name) == "CacheSubnetGroupInUse"
        cache.delete_replication_group(ReplicationGroupId=name)
        cache.delete_cache_subnet_group(CacheSubnetGroupName=name)
        missing = refusal(cache.describe_cache_subnet_groups, CacheSubnetGroupName=name)
        assert missing == refusal(cache.delete_cache_subnet_group, CacheSubnetGroupName=name)
        assert missing == "CacheSubnetGroupNotFoundFault"


class TestElbv2:
    def test_an_unknown_target_can_be_deregistered(self, client: Client, name: str) -> None:
        elb, vpc = client("elbv2"), client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        [group] = elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")[
            "TargetGroups"
        ]
        arn = group["TargetGroupArn"]
        elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.1"}])
        elb.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.2"}, {"Id": "10.0.0.1"}])
        described = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        assert "healthy" not in {each["TargetHealth"]["State"] for each in described}
        elb.delete_target_group(TargetGroupArn=arn)

    def test_a_protected_load_balancer_cannot_be_deleted(self, client: Client, subnets: list[str], name: str) -> None:
        elb = client("elbv2")
        [balancer] = elb.create_load_balancer(Name=name[:32], Subnets=subnets)["LoadBalancers"]
        arn = balancer["LoadBalancerArn"]

        def protect(value: str) -> None:
            attribute = {"Key": "deletion_protection.enabled", "Value": value}
            elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[attribute])

        protect("true")
        assert refusal(elb.delete_load_balancer, LoadBalancerArn=arn) == "OperationNotPermitted"
        protect("false")
        elb.delete_load_balancer(LoadBalancerArn=arn)
        assert refusal(elb.describe_load_balancers, LoadBalancerArns=[arn]) == "LoadBalancerNotFound"


class TestRds:
    @pytest.fixture
    def rds(self, client: Client) -> Any:
        return client("rds")

    @pytest.fixture
    def create(self, rds: Any, name: str) -> Callable[[], dict[str, Any]]:
        def create() -> dict[str, Any]:
            created = rds.create_db_cluster(
                DBClusterIdentifier=name,
                Engine="aurora-postgresql",
                EngineVersion="16.4",
                MasterUsername="postgres",
                MasterUserPassword="long-enough",
                PreferredBackupWindow="00:00-07:00",
            )
            return dict(created["DBCluster"])

        return create

    @pytest.fixture
    def instance(self, rds: Any, name: str, create: Any) -> Callable[..., dict[str, Any]]:
        create()

        def instance(suffix: str, **settings: Any) -> dict[str, Any]:
            created = rds.create_db_instance(
                DBInstanceIdentifier=f"{name}-{suffix}",
                DBClusterIdentifier=name,
                DBInstanceClass="db.r6g.large",
                Engine="aurora-postgresql",
                **settings,
            )
            return dict(created["DBInstance"])

        return instance

    def snapshots(self, rds: Any, name: str) -> dict[str, str]:
        found = rds.describe_db_cluster_snapshots(DBClusterIdentifier=name)["DBClusterSnapshots"]
        return {snapshot["DBClusterSnapshotIdentifier"]: snapshot["SnapshotType"] for snapshot in found}

    def test_a_provisioned_cluster_has_no_scaling_configuration(self, create: Any) -> None:
        assert "ScalingConfigurationInfo" not in create()

    def test_a_serverless_cluster_has_a_scaling_configuration(self, rds: Any, name: str) -> None:
        created = rds.create_db_cluster(
            DBClusterIdentifier=name,
            Engine="aurora-postgresql",
            EngineMode="serverless",
            MasterUsername="postgres",
            MasterUserPassword="long-enough",
        )
        assert created["DBCluster"]["ScalingConfigurationInfo"]["MaxCapacity"] == 16

    def test_an_instance_reports_performance_insights(self, rds: Any, instance: Any, name: str) -> None:
        created = instance("with", EnablePerformanceInsights=True)
        assert created["PerformanceInsightsEnabled"] is True
        assert created["PerformanceInsightsRetentionPeriod"] == 7
        without = instance("without")
        assert without["PerformanceInsightsEnabled"] is False
        assert "PerformanceInsightsRetentionPeriod" not in without
        changed = rds.modify_db_instance(DBInstanceIdentifier=f"{name}-with", EnablePerformanceInsights=False)
        assert changed["DBInstance"]["PerformanceInsightsEnabled"] is False

    def test_the_maintenance_window_does_not_overlap_with_the_backup_window(self, rds: Any, instance: Any) -> None:
        created = instance("one")
        assert created["PreferredBackupWindow"] == "00:00-07:00"
        assert created["PreferredMaintenanceWindow"] > "sun:07:00"
        changed = rds.modify_db_instance(
            DBInstanceIdentifier=created["DBInstanceIdentifier"], DBInstanceClass="db.r6g.xlarge", ApplyImmediately=True
        )
        assert changed["DBInstance"]["DBInstanceClass"] == "db.r6g.xlarge"

    def test_each_instance_has_its_own_resource_id(self, instance: Any) -> None:
        assert instance("one")["DbiResourceId"] != instance("two")["DbiResourceId"]

    def test_an_instance_of_a_cluster_has_no_snapshots(self, rds: Any, instance: Any, name: str) -> None:
        instance("one")
        assert rds.describe_db_snapshots(DBInstanceIdentifier=f"{name}-one")["DBSnapshots"] == []
        assert list(self.snapshots(rds, name).values()) == ["automated"]

    def test_deleting_a_cluster_requires_a_final_snapshot_choice(self, rds: Any, create: Any, name: str) -> None:
        create()
        deletion = {"DBClusterIdentifier": name}
        assert refusal(rds.delete_db_cluster, **deletion) == "InvalidParameterCombination"
        both = refusal(rds.delete_db_cluster, **deletion, SkipFinalSnapshot=True, FinalDBSnapshotIdentifier="final")
        assert both == "InvalidParameterCombination"
        rds.delete_db_cluster(**deletion, SkipFinalSnapshot=True)
        assert refusal(rds.describe_db_clusters, **deletion) == "DBClusterNotFoundFault"
        assert self.snapshots(rds, name) == {}

    def test_the_name_of_a_final_snapshot_is_unique(self, rds: Any, create: Any, name: str) -> None:
        deletion = {"DBClusterIdentifier": name, "FinalDBSnapshotIdentifier": f"{name}-final"}
        create()
        rds.delete_db_cluster(**deletion)
        assert self.snapshots(rds, name) == {f"{name}-final": "manual"}
        create()
        assert refusal(rds.delete_db_cluster, **deletion) == "DBClusterSnapshotAlreadyExistsFault"
        assert rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]

    def test_protection_keeps_a_cluster_and_not_its_instances(self, rds: Any, instance: Any, name: str) -> None:
        instance("one")
        rds.modify_db_cluster(DBClusterIdentifier=name, DeletionProtection=True)
        rds.delete_db_instance(DBInstanceIdentifier=f"{name}-one", SkipFinalSnapshot=True)
        deletion = {"DBClusterIdentifier": name, "SkipFinalSnapshot": True}
        assert refusal(rds.delete_db_cluster, **deletion) == "InvalidParameterCombination"
        rds.modify_db_cluster(DBClusterIdentifier=name, DeletionProtection=False)
        rds.delete_db_cluster(**deletion)

    def test_a_restored_cluster_has_the_settings_of_the_request(self, rds: Any, create: Any, name: str) -> None:
        source = create()
        rds.modify_db_cluster(DBClusterIdentifier=name, DeletionProtection=True, EnableIAMDatabaseAuthentication=True)
        [cluster] = rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]
        assert cluster["IAMDatabaseAuthenticationEnabled"] is True
        snapshot = rds.create_db_cluster_snapshot(
            DBClusterIdentifier=name, DBClusterSnapshotIdentifier=f"{name}-snapshot"
        )["DBClusterSnapshot"]
        for number, identifier in enumerate(
            (snapshot["DBClusterSnapshotIdentifier"], snapshot["DBClusterSnapshotArn"])
        ):
            restored = rds.restore_db_cluster_from_snapshot(
                DBClusterIdentifier=f"{name}-{number}", SnapshotIdentifier=identifier, Engine="aurora-postgresql"
            )["DBCluster"]
            assert restored["MasterUsername"] == "postgres"
            assert restored["EngineVersion"] == "16.4"
            assert restored["DbClusterResourceId"] != source["DbClusterResourceId"]
            assert restored["DeletionProtection"] is False
            assert restored["IAMDatabaseAuthenticationEnabled"] is False

    def test_a_subnet_group_can_be_modified(self, rds: Any, name: str, subnets: list[str]) -> None:
        assert refusal(rds.modify_db_subnet_group, DBSubnetGroupName=name, SubnetIds=subnets) == (
            "DBSubnetGroupNotFoundFault"
        )
        rds.create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription="of a test", SubnetIds=subnets[:1])
        rds.modify_db_subnet_group(DBSubnetGroupName=name, SubnetIds=subnets)
        [group] = rds.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"]
        assert [subnet["SubnetIdentifier"] for subnet in group["Subnets"]] == subnets

    def test_parameters_are_reset(self, client: Client, name: str) -> None:
        rds = client("rds")
        rds.create_db_cluster_parameter_group(
            DBClusterParameterGroupName=name, DBParameterGroupFamily="aurora-postgresql16", Description="-"
        )
        given = [{"ParameterName": f"log_{one}", "ParameterValue": "1", "ApplyMethod": "immediate"} for one in "abc"]
        rds.modify_db_cluster_parameter_group(DBClusterParameterGroupName=name, Parameters=given)
        rds.reset_db_cluster_parameter_group(DBClusterParameterGroupName=name, Parameters=given[:2])
        left = rds.describe_db_cluster_parameters(DBClusterParameterGroupName=name, Source="user")["Parameters"]
        assert [parameter["ParameterName"] for parameter in left] == ["log_c"]
        rds.reset_db_cluster_parameter_group(DBClusterParameterGroupName=name, ResetAllParameters=True)
        assert rds.describe_db_cluster_parameters(DBClusterParameterGroupName=name)["Parameters"] == []
        reset = rds.reset_db_cluster_parameter_group
        assert refusal(reset, DBClusterParameterGroupName="none") == "DBParameterGroupNotFound"


def test_the_id_of_a_hosted_zone_begins_with_z(client: Client) -> None:
    zones = [client("route53").create_hosted_zone(Name="example.com", CallerReference=str(one)) for one in range(3)]
    assert all(zone["HostedZone"]["Id"].startswith("/hostedzone/Z") for zone in zones)


class TestS3:
    def versions(self, s3: Any, bucket: str) -> tuple[list[str], list[str]]:
        found = s3.list_object_versions(Bucket=bucket)
        versions, markers = found.get("Versions", []), found.get("DeleteMarkers", [])
        return [version["VersionId"] for version in versions], [marker["VersionId"] for marker in markers]

    def test_suspended_versioning_keeps_versions(self, client: Client, name: str) -> None:
        s3 = client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        first = s3.put_object(Bucket=name, Key="key", Body=b"1")["VersionId"]
        second = s3.put_object(Bucket=name, Key="key", Body=b"2")["VersionId"]
        marker = s3.delete_object(Bucket=name, Key="key")["VersionId"]
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
        s3.delete_object(Bucket=name, Key="key", VersionId=first)
        assert self.versions(s3, name) == ([second], [marker])
        s3.delete_object(Bucket=name, Key="key")
        s3.delete_object(Bucket=name, Key="key")
        versions, markers = self.versions(s3, name)
        assert versions == [second]
        assert sorted(markers) == sorted([marker, "null"])
        assert refusal(s3.delete_bucket, Bucket=name) == "BucketNotEmpty"
        left = [{"Key": "key", "VersionId": version} for version in (*versions, *markers)]
        assert "Errors" not in s3.delete_objects(Bucket=name, Delete={"Objects": left})
        assert self.versions(s3, name) == ([], [])
        s3.delete_bucket(Bucket=name)


@pytest.fixture
def service(client: Client, name: str) -> dict[str, Any]:
    """A service that was created with many settings."""
    ecs = client("ecs")
    ecs.create_cluster(clusterName=name)
    ecs.register_task_definition(family=name, containerDefinitions=[{"name": "one", "image": "one", "memory": 64}])
    created = ecs.create_service(
        cluster=name,
        serviceName=name,
        taskDefinition=name,
        desiredCount=1,
        availabilityZoneRebalancing="DISABLED",
        capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "base": 0, "weight": 1}],
        deploymentConfiguration={"maximumPercent": 150, "minimumHealthyPercent": 50},
        enableECSManagedTags=True,
        enableExecuteCommand=True,
        healthCheckGracePeriodSeconds=30,
    )
    return dict(created["service"])


class TestEcs:
    @pytest.fixture
    def run_task(self, client: Client, subnets: list[str], name: str) -> Callable[..., list[str]]:
        """Returns a function that runs a task, whose container has no memory and no image, and returns its ARN."""
        ecs, ec2 = client("ecs"), client("ec2")
        [subnet] = ec2.describe_subnets(SubnetIds=subnets[:1])["Subnets"]
        ec2.modify_vpc_attribute(VpcId=subnet["VpcId"], EnableDnsHostnames={"Value": True})
        group = ec2.create_security_group(GroupName=name, Description=name, VpcId=subnet["VpcId"])["GroupId"]
        ecs.create_cluster(clusterName=name)
        ecs.register_task_definition(
            family=name,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "one", "image": "one"}],
        )

        def run(**settings: Any) -> list[str]:
            placed = ecs.run_task(
                cluster=name,
                taskDefinition=name,
                launchType="FARGATE",
                networkConfiguration={"awsvpcConfiguration": {"subnets": subnets[:1], "securityGroups": [group]}},
                **settings,
            )
            return [each["taskArn"] for each in placed["tasks"]]

        return run

    def test_a_task_runs_with_a_container_without_memory(self, run_task: Callable[..., list[str]]) -> None:
        assert len(run_task()) == 1

    def test_a_service_reports_its_settings(self, service: dict[str, Any]) -> None:
        assert service["availabilityZoneRebalancing"] == "DISABLED"
        assert service["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE_SPOT", "base": 0, "weight": 1}]
        assert service["deploymentConfiguration"] == {"maximumPercent": 150, "minimumHealthyPercent": 50}
        assert service["enableECSManagedTags"] is True
        assert service["enableExecuteCommand"] is True
        assert service["healthCheckGracePeriodSeconds"] == 30

    def test_deleted_services_and_clusters_are_not_listed(
        self, client: Client, service: dict[str, Any], name: str
    ) -> None:
        ecs = client("ecs")
        assert ecs.list_services(cluster=name)["serviceArns"] == [service["serviceArn"]]
        ecs.delete_service(cluster=name, service=name, force=True)
        assert ecs.list_services(cluster=name)["serviceArns"] == []
        # DRAINING until its tasks have stopped
        ecs.get_waiter("services_inactive").wait(cluster=name, services=[name], WaiterConfig={"Delay": 1})
        assert service["clusterArn"] in ecs.list_clusters()["clusterArns"]
        ecs.delete_cluster(cluster=name)
        assert service["clusterArn"] not in ecs.list_clusters()["clusterArns"]
        assert ecs.describe_clusters(clusters=[name])["clusters"][0]["status"] == "INACTIVE"

    def test_the_name_of_a_service_is_free_once_it_is_inactive(
        self, client: Client, service: dict[str, Any], name: str
    ) -> None:
        def create() -> dict[str, Any]:
            created = client("ecs").create_service(cluster=name, serviceName=name, taskDefinition=name, desiredCount=0)
            return dict(created["service"])

        assert service["status"] == "ACTIVE"
        assert refusal(create) == "InvalidParameterException"
        client("ecs").delete_service(cluster=name, service=name, force=True)
        client("ecs").get_waiter("services_inactive").wait(cluster=name, services=[name], WaiterConfig={"Delay": 1})
        assert create()["status"] == "ACTIVE"

    def test_a_target_group_of_a_service_needs_a_listener(
        self, client: Client, service: dict[str, Any], subnets: list[str], name: str
    ) -> None:
        elb = client("elbv2")
        [subnet] = client("ec2").describe_subnets(SubnetIds=subnets[:1])["Subnets"]
        [group] = elb.create_target_group(
            Name=name[:32], Protocol="HTTP", Port=80, VpcId=subnet["VpcId"], TargetType="ip"
        )["TargetGroups"]
        balanced = {"targetGroupArn": group["TargetGroupArn"], "containerName": "one", "containerPort": 80}
        settings = {
            "cluster": name,
            "serviceName": "balanced",
            "taskDefinition": name,
            "desiredCount": 0,
            "loadBalancers": [balanced],
        }
        assert refusal(client("ecs").create_service, **settings) == "InvalidParameterException"
        [balancer] = elb.create_load_balancer(Name=name[:32], Subnets=subnets)["LoadBalancers"]
        fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        [listener] = elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=[fixed]
        )["Listeners"]
        assert refusal(client("ecs").create_service, **settings) == "InvalidParameterException"
        elb.create_rule(
            ListenerArn=listener["ListenerArn"],
            Priority=1,
            Conditions=[{"Field": "path-pattern", "Values": ["/a"]}],
            Actions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
        )
        client("ecs").create_service(**settings)

    def test_a_cluster_counts_its_tasks_and_services(self, client: Client, service: dict[str, Any], name: str) -> None:
        def counts() -> tuple[int, ...]:
            [cluster] = client("ecs").describe_clusters(clusters=[name])["clusters"]
            return tuple(cluster[f"{kind}Count"] for kind in ("runningTasks", "pendingTasks", "activeServices"))

        client("ecs").update_service(cluster=name, service=name, desiredCount=5)
        client("ecs").update_service(cluster=name, service=name, desiredCount=0)
        assert counts() == (0, 0, 1)
        client("ecs").delete_service(cluster=name, service=name, force=True)
        assert counts() == (0, 0, 0)

    def test_tasks_are_listed_by_service_and_desired_status(
        self, client: Client, run_task: Callable[..., list[str]], name: str
    ) -> None:
        def tasks(**settings: Any) -> list[str]:
            return sorted(client("ecs").list_tasks(cluster=name, **settings)["taskArns"])

        of_service, other = run_task(group="service:web"), run_task()
        eventually(lambda: tasks(desiredStatus="STOPPED") == sorted(of_service + other))
        assert tasks() == []
        assert tasks(serviceName="web", desiredStatus="STOPPED") == of_service

    def test_zones_are_rebalanced_by_default(self, client: Client, service: dict[str, Any], name: str) -> None:
        created = client("ecs").create_service(cluster=name, serviceName="other", taskDefinition=name)["service"]
        assert created["availabilityZoneRebalancing"] == "ENABLED"
        assert created["enableExecuteCommand"] is False


class TestApplicationAutoScaling:
    @pytest.fixture
    def scaling(self, client: Client) -> Any:
        return client("application-autoscaling")

    @pytest.fixture
    def target(self, scaling: Any, service: dict[str, Any], name: str) -> dict[str, str]:
        return {
            "ServiceNamespace": "ecs",
            "ResourceId": f"service/{name}/{name}",
            "ScalableDimension": "ecs:service:DesiredCount",
        }

    def put_policy(self, scaling: Any, target: dict[str, str], value: int) -> dict[str, Any]:
        tracking = {
            "TargetValue": value,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        }
        return dict(
            scaling.put_scaling_policy(
                PolicyName="cpu",
                PolicyType="TargetTrackingScaling",
                TargetTrackingScalingPolicyConfiguration=tracking,
                **target,
            )
        )

    def alarms(self, client: Client, name: str) -> set[str]:
        found = client("cloudwatch").describe_alarms(AlarmNamePrefix=f"TargetTracking-service/{name}/")
        return {alarm["AlarmName"] for alarm in found["MetricAlarms"]}

    def test_a_target_has_tags(self, scaling: Any, target: dict[str, str]) -> None:
        arn = scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2, Tags={"a": "1", "b": "2"})[
            "ScalableTargetARN"
        ]
        assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"a": "1", "b": "2"}
        scaling.tag_resource(ResourceARN=arn, Tags={"b": "3", "c": "4"})
        scaling.untag_resource(ResourceARN=arn, TagKeys=["a"])
        scaling.register_scalable_target(**target, MaxCapacity=3)
        assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"b": "3", "c": "4"}
        assert refusal(scaling.list_tags_for_resource, ResourceARN=f"{arn}-other") == "ResourceNotFoundException"

    def test_deregistering_a_target_deletes_its_policies(
        self, client: Client, scaling: Any, target: dict[str, str], name: str
    ) -> None:
        scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)
        self.put_policy(scaling, target, 50)
        scaling.put_scheduled_action(**target, ScheduledActionName="nightly", Schedule="rate(1 day)")
        scaling.deregister_scalable_target(**target)
        of_resource = {"ServiceNamespace": "ecs", "ResourceId": target["ResourceId"]}
        assert scaling.describe_scaling_policies(**of_resource)["ScalingPolicies"] == []
        assert scaling.describe_scheduled_actions(**of_resource)["ScheduledActions"] == []
        assert self.alarms(client, name) == set()

    def test_a_policy_is_updated_in_place(
        self, client: Client, scaling: Any, target: dict[str, str], name: str
    ) -> None:
        scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)
        before = self.put_policy(scaling, target, 50)
        after = self.put_policy(scaling, target, 60)
        assert after["PolicyARN"] == before["PolicyARN"]
        assert self.alarms(client, name) == {alarm["AlarmName"] for alarm in after["Alarms"]}
