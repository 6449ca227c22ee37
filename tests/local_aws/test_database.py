"""The databases behind the Aurora endpoints: authentication and the lifecycle of clusters."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Any
from uuid import uuid4

import boto3
import psycopg
import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from litellm_aws.local_aws import tokens
from litellm_aws.local_aws.account import REGION, RoleSession
from litellm_aws.local_aws.server import LocalAws
from tests.local_aws.test_fargate import TRUST, allowing

MASTER_PASSWORD = "pa'$$ w\\\u00f6rd"
USER = "app"


class Database:
    """A cluster for a test, with a user `app` in rds_iam, and a role that can connect as this user."""

    def __init__(self, local_aws: LocalAws) -> None:
        self.aws, self.name = local_aws, f"test-{uuid4().hex[:12]}"
        self.rds = local_aws.account.client("rds")
        created = self.rds.create_db_cluster(
            DBClusterIdentifier=self.name,
            Engine="aurora-postgresql",
            EngineVersion="16.4",
            MasterUsername="postgres",
            MasterUserPassword=MASTER_PASSWORD,
            DatabaseName="litellm",
            EnableIAMDatabaseAuthentication=True,
        )["DBCluster"]
        self.resource_id = created["DbClusterResourceId"]
        self.execute(f'CREATE USER "{USER}"; GRANT rds_iam TO "{USER}"; CREATE USER outsider PASSWORD \'outside\'')
        self.role = self.new_role(USER)

    @property
    def described(self) -> dict[str, Any]:
        [found] = self.rds.describe_db_clusters(DBClusterIdentifier=self.name)["DBClusters"]
        return dict(found)

    @property
    def address(self) -> tuple[str, int]:
        return str(self.described["Endpoint"]), int(self.described["Port"])

    def execute(self, sql: str) -> str:
        """Runs SQL as the superuser."""
        server = self.aws.databases.server(self.name)
        assert server is not None
        return server.execute(sql, "litellm")

    def new_role(self, user: str | None) -> str:
        """Creates a role with or without permission to connect as a user, and returns its ARN."""
        iam, name = self.aws.account.client("iam"), f"{self.name}-{uuid4().hex[:6]}"
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        if user:
            may = f"arn:aws:rds-db:{REGION}:123456789012:dbuser:{self.resource_id}/{user}"
            iam.put_role_policy(RoleName=name, PolicyName="connect", PolicyDocument=allowing("rds-db:connect", may))
        return str(arn)

    def token(self, *, user: str = USER, role: str = "", port: int = 0) -> str:
        """Returns a token of the AWS SDK, signed with the credentials of a role session."""
        return token_of(
            self.aws.account.assume(role or self.role, "test"), self.address[0], port or self.address[1], user
        )

    @contextmanager
    def login(self, user: str, password: str, database: str = "litellm") -> Iterator[psycopg.Connection]:
        host, port = self.address
        with psycopg.connect(
            host=host, port=port, user=user, password=password, dbname=database, connect_timeout=10
        ) as connection:
            yield connection

    def who(self, user: str, password: str) -> str:
        """Logs in, and returns the current user of the database."""
        with self.login(user, password) as connection:
            [[found]] = connection.execute("SELECT current_user").fetchall()
        return str(found)

    def refusal(self, user: str, password: str) -> str:
        """Returns the error message of a rejected login."""
        with pytest.raises(psycopg.OperationalError) as caught, self.login(user, password):
            pass
        return str(caught.value)


def token_of(session: RoleSession, host: str, port: int, user: str) -> str:
    client = boto3.client(
        "rds",
        region_name=REGION,
        aws_access_key_id=session.access_key_id,
        aws_secret_access_key=session.secret_access_key,
        aws_session_token=session.session_token,
    )
    return str(client.generate_db_auth_token(DBHostname=host, Port=port, DBUsername=user))


def expect_refused(refusal: str, why: str) -> None:
    """RDS reports only that PAM authentication failed. The local AWS adds the reason."""
    assert f'PAM authentication failed for user "{USER}"' in refusal
    assert why in refusal


@pytest.fixture(scope="module")
def database(local_aws: LocalAws) -> Iterator[Database]:
    database = Database(local_aws)
    yield database
    database.rds.delete_db_cluster(DBClusterIdentifier=database.name, SkipFinalSnapshot=True)


class TestPasswords:
    def test_the_master_user_logs_in_with_a_password(self, database: Database) -> None:
        assert database.who("postgres", MASTER_PASSWORD) == "postgres"

    def test_a_wrong_password_is_rejected(self, database: Database) -> None:
        for password in ("wrong", MASTER_PASSWORD.upper()):
            assert 'password authentication failed for user "postgres"' in database.refusal("postgres", password)

    def test_an_unknown_user_is_rejected(self, database: Database) -> None:
        assert 'password authentication failed for user "nobody"' in database.refusal("nobody", MASTER_PASSWORD)

    def test_rdsadmin_is_rejected(self, database: Database) -> None:
        for password in ("", MASTER_PASSWORD):
            assert 'pg_hba.conf rejects connection for user "rdsadmin"' in database.refusal("rdsadmin", password)

    def test_the_master_user_owns_the_database_and_is_not_a_superuser(self, database: Database) -> None:
        with database.login("postgres", MASTER_PASSWORD) as connection:
            rows = connection.execute(
                "SELECT pg_get_userbyid(datdba), rolsuper, rolcreaterole FROM pg_database, pg_roles"
                " WHERE datname = current_database() AND rolname = current_user"
            ).fetchall()
        assert rows == [("postgres", False, True)]

    def test_a_user_outside_rds_iam_logs_in_with_a_password(self, database: Database) -> None:
        assert database.who("outsider", "outside") == "outsider"

    def test_a_token_of_a_user_outside_rds_iam_is_rejected(self, database: Database) -> None:
        role = database.new_role("outsider")
        refusal = database.refusal("outsider", database.token(user="outsider", role=role))
        assert 'password authentication failed for user "outsider"' in refusal

    def test_a_missing_database_is_rejected(self, database: Database) -> None:
        with (
            pytest.raises(psycopg.OperationalError, match='database "nowhere" does not exist'),
            database.login("postgres", MASTER_PASSWORD, "nowhere"),
        ):
            pass


class TestTokens:
    def test_a_user_logs_in_with_a_token(self, database: Database) -> None:
        assert database.who(USER, database.token()) == USER

    def test_a_token_can_be_reused(self, database: Database) -> None:
        token = database.token()
        assert [database.who(USER, token) for _ in range(2)] == [USER, USER]

    def test_a_connection_with_a_token_works(self, database: Database) -> None:
        with database.login(USER, database.token()) as connection:
            [[text]] = connection.execute("SELECT repeat('x', 1000000)").fetchall()
            assert len(text) == 1000000
            with pytest.raises(psycopg.errors.UndefinedTable):
                connection.execute("SELECT * FROM nowhere")

    def test_another_users_token_is_rejected(self, database: Database) -> None:
        role = database.new_role("*")
        expect_refused(database.refusal(USER, database.token(user="other", role=role)), "the token is for user other")

    def test_a_token_for_another_port_is_rejected(self, database: Database) -> None:
        refusal = database.refusal(USER, database.token(port=database.address[1] + 1))
        expect_refused(refusal, "not a token for this endpoint")

    def test_a_token_for_another_host_is_rejected(self, database: Database) -> None:
        session = database.aws.account.assume(database.role, "test")
        refusal = database.refusal(USER, token_of(session, "db.example.com", database.address[1], USER))
        expect_refused(refusal, "not a token for this endpoint")

    def test_the_master_password_is_not_a_token(self, database: Database) -> None:
        expect_refused(database.refusal(USER, MASTER_PASSWORD), "the password is not a token")

    def test_a_role_without_the_permission_is_rejected(self, database: Database) -> None:
        role = database.new_role(None)
        expect_refused(
            database.refusal(USER, database.token(role=role)), f"{role} is not authorized to perform rds-db:connect"
        )

    def test_permission_for_another_user_is_not_enough(self, database: Database) -> None:
        role = database.new_role("other")
        expect_refused(database.refusal(USER, database.token(role=role)), "is not authorized to perform rds-db:connect")

    def test_a_deleted_role_is_rejected(self, database: Database) -> None:
        role = database.new_role(None)
        token = database.token(role=role)
        database.aws.account.client("iam").delete_role(RoleName=role.rpartition("/")[2])
        expect_refused(database.refusal(USER, token), f"{role} is not authorized to perform rds-db:connect")

    def test_deny_overrides_allow(self, database: Database) -> None:
        role = database.new_role(USER)
        denial = json.loads(allowing("rds-db:connect", "*"))
        denial["Statement"][0]["Effect"] = "Deny"
        database.aws.account.client("iam").put_role_policy(
            RoleName=role.rpartition("/")[2], PolicyName="deny", PolicyDocument=json.dumps(denial)
        )
        expect_refused(database.refusal(USER, database.token(role=role)), "is not authorized to perform rds-db:connect")

    def test_credentials_without_a_role_are_rejected(self, database: Database) -> None:
        stranger = RoleSession(database.role, "AKIASTRANGER", "secret", "session", "2030-01-01T00:00:00Z")
        refusal = database.refusal(USER, token_of(stranger, *database.address, USER))
        expect_refused(refusal, "not signed by a role of this account")

    def test_another_secret_key_is_rejected(self, database: Database) -> None:
        session = database.aws.account.assume(database.role, "test")
        forged = replace(session, secret_access_key="guessed")
        refusal = database.refusal(USER, token_of(forged, *database.address, USER))
        expect_refused(refusal, "the signature of the token is invalid")

    def test_a_tampered_signature_is_rejected(self, database: Database) -> None:
        token = database.token()
        tampered = token[:-1] + ("0" if token[-1] != "0" else "1")
        expect_refused(database.refusal(USER, tampered), "the signature of the token is invalid")

    def test_a_token_without_a_signature_is_rejected(self, database: Database) -> None:
        unsigned = database.token().partition("&X-Amz-Signature")[0]
        expect_refused(database.refusal(USER, unsigned), "the token is not signed")

    def test_a_signed_token_cannot_be_changed(self, database: Database) -> None:
        role = database.new_role("*")
        changed = database.token(user="other", role=role).replace("DBUser=other", f"DBUser={USER}")
        expect_refused(database.refusal(USER, changed), "the signature of the token is invalid")

    @pytest.mark.parametrize(("minutes", "good"), [(-4, True), (-6, False), (14, True), (16, False)])
    def test_a_token_is_valid_for_15_minutes(
        self, database: Database, monkeypatch: pytest.MonkeyPatch, minutes: int, good: bool
    ) -> None:
        class Then(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> "Then":
                return super().now(tz) + timedelta(minutes=minutes)

        token = database.token()
        monkeypatch.setattr(tokens, "datetime", Then)
        if good:
            assert database.who(USER, token) == USER
        else:
            expect_refused(database.refusal(USER, token), "the token has expired or is not valid yet")

    @pytest.mark.parametrize(("service", "region"), [("s3", REGION), ("rds-db", "eu-west-1")])
    def test_a_signature_for_another_service_or_region_is_rejected(
        self, database: Database, service: str, region: str
    ) -> None:
        host, port = database.address
        session = database.aws.account.assume(database.role, "test")
        keys = Credentials(session.access_key_id, session.secret_access_key, session.session_token)
        request = AWSRequest("GET", f"https://{host}:{port}/?Action=connect&DBUser={USER}")
        SigV4QueryAuth(keys, service, region, expires=900).add_auth(request)
        refusal = database.refusal(USER, str(request.url).removeprefix("https://"))
        expect_refused(refusal, f"the token is signed for {service} in {region}")

    def test_membership_in_rds_iam_selects_the_authentication_method(self, database: Database) -> None:
        database.execute("CREATE USER late PASSWORD 'late'")
        role = database.new_role("late")
        assert database.who("late", "late") == "late"
        database.execute("GRANT rds_iam TO late")
        assert "PAM authentication failed" in database.refusal("late", "late")
        assert database.who("late", database.token(user="late", role=role)) == "late"
        database.execute("REVOKE rds_iam FROM late")
        assert database.who("late", "late") == "late"


class TestInvalidMessages:
    @pytest.mark.parametrize(
        "sent", [b"", b"\0\0\0\0", b"\0\0\0\x04", b"\0\0\0\x09\0\0\0\0x", b"GET / HTTP/1.1\r\n\r\n"]
    )
    def test_other_protocols_are_rejected(self, database: Database, sent: bytes) -> None:
        with socket.create_connection(database.address, timeout=10) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1000):
                pass
        assert database.who("postgres", MASTER_PASSWORD) == "postgres"

    def test_a_client_without_a_token_is_rejected(self, database: Database) -> None:
        startup = b"\0\x03\0\0user\0app\0database\0litellm\0\0"
        with socket.create_connection(database.address, timeout=10) as connection:
            connection.sendall((len(startup) + 4).to_bytes(4, "big") + startup)
            # AuthenticationCleartextPassword
            assert connection.recv(100) == b"R\0\0\0\x08\0\0\0\x03"
            # A query instead of the password counts as a wrong password.
            query = b"SELECT 1\0"
            connection.sendall(b"Q" + (len(query) + 4).to_bytes(4, "big") + query)
            assert b"PAM authentication failed" in connection.recv(1000)
            assert connection.recv(1000) == b""


class TestClusters:
    @pytest.fixture
    def other(self, local_aws: LocalAws) -> Iterator[Database]:
        other = Database(local_aws)
        yield other
        if local_aws.databases.server(other.name):
            other.rds.delete_db_cluster(DBClusterIdentifier=other.name, SkipFinalSnapshot=True)

    def test_the_reader_endpoint_is_reachable(self, database: Database) -> None:
        assert database.described["ReaderEndpoint"] == database.described["Endpoint"]

    def test_clusters_are_separate(self, database: Database, other: Database) -> None:
        assert database.address != other.address
        other.execute("CREATE TABLE of_other (id int); CREATE USER only_here PASSWORD 'x'")
        assert other.who("only_here", "x") == "only_here"
        assert "password authentication failed" in database.refusal("only_here", "x")
        assert database.execute("SELECT to_regclass('of_other') IS NULL") == "t"

    def test_a_token_is_valid_for_one_cluster(self, database: Database, other: Database) -> None:
        session = other.aws.account.assume(database.role, "test")
        expect_refused(
            other.refusal(USER, token_of(session, *other.address, USER)), "is not authorized to perform rds-db:connect"
        )
        expect_refused(other.refusal(USER, database.token()), "not a token for this endpoint")

    def test_the_master_password_can_be_changed(self, other: Database) -> None:
        other.rds.modify_db_cluster(DBClusterIdentifier=other.name, MasterUserPassword="an'other")
        assert "password authentication failed" in other.refusal("postgres", MASTER_PASSWORD)
        assert other.who("postgres", "an'other") == "postgres"

    def test_a_stopped_cluster_rejects_logins_and_keeps_its_data(self, other: Database) -> None:
        other.execute("CREATE TABLE kept AS SELECT 1 AS id")
        address = other.address
        other.rds.stop_db_cluster(DBClusterIdentifier=other.name)
        assert "connection" in other.refusal("postgres", MASTER_PASSWORD)
        other.rds.start_db_cluster(DBClusterIdentifier=other.name)
        assert other.address == address
        assert other.who("postgres", MASTER_PASSWORD) == "postgres"
        assert other.execute("SELECT * FROM kept") == "1"

    def test_deleting_a_cluster_stops_its_server(self, other: Database) -> None:
        address = other.address
        with other.login("postgres", MASTER_PASSWORD) as connection:
            other.rds.delete_db_cluster(DBClusterIdentifier=other.name, SkipFinalSnapshot=True)
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
        assert other.aws.databases.server(other.name) is None
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=5)

    def test_a_cluster_name_can_be_reused(self, local_aws: LocalAws, other: Database) -> None:
        other.execute("CREATE TABLE gone (id int)")
        other.rds.delete_db_cluster(DBClusterIdentifier=other.name, SkipFinalSnapshot=True)
        other.rds.create_db_cluster(
            DBClusterIdentifier=other.name,
            Engine="aurora-postgresql",
            MasterUsername="chief",
            MasterUserPassword="new password",
            DatabaseName="litellm",
        )
        assert other.who("chief", "new password") == "chief"
        assert other.execute("SELECT to_regclass('gone') IS NULL") == "t"

    def test_another_engine_has_no_server(self, local_aws: LocalAws) -> None:
        rds, name = local_aws.account.client("rds"), f"test-{uuid4().hex[:12]}"
        created = rds.create_db_cluster(
            DBClusterIdentifier=name, Engine="aurora-mysql", MasterUsername="chief", MasterUserPassword="new password"
        )["DBCluster"]
        assert local_aws.databases.server(name) is None
        assert created["Endpoint"] != "127.0.0.1"
        rds.delete_db_cluster(DBClusterIdentifier=name, SkipFinalSnapshot=True)


class TestSnapshots:
    @pytest.fixture
    def source(self, local_aws: LocalAws) -> Iterator[Database]:
        source = Database(local_aws)
        source.execute("CREATE TABLE kept AS SELECT 1 AS id")
        yield source
        source.rds.delete_db_cluster(DBClusterIdentifier=source.name, SkipFinalSnapshot=True)

    def test_a_snapshot_restores_the_data_of_its_time(self, source: Database) -> None:
        snapshot = f"{source.name}-snapshot"
        source.rds.create_db_cluster_snapshot(DBClusterIdentifier=source.name, DBClusterSnapshotIdentifier=snapshot)
        source.rds.copy_db_cluster_snapshot(
            SourceDBClusterSnapshotIdentifier=snapshot, TargetDBClusterSnapshotIdentifier=f"{snapshot}-copy"
        )
        source.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=snapshot)
        source.execute("DROP TABLE kept")
        restored = f"{source.name}-restored"
        source.rds.restore_db_cluster_from_snapshot(
            DBClusterIdentifier=restored, SnapshotIdentifier=f"{snapshot}-copy", Engine="aurora-postgresql"
        )
        server = source.aws.databases.server(restored)
        assert server is not None
        assert server.execute("SELECT * FROM kept", "litellm") == "1"
        assert source.execute("SELECT to_regclass('kept') IS NULL") == "t"
        source.rds.delete_db_cluster(DBClusterIdentifier=restored, SkipFinalSnapshot=True)

    def test_a_user_logs_in_with_a_token_once_iam_authentication_is_enabled(self, source: Database) -> None:
        source.rds.modify_db_cluster(DBClusterIdentifier=source.name, EnableIAMDatabaseAuthentication=False)
        expect_refused(source.refusal(USER, source.token()), "IAM database authentication is not enabled")
        source.rds.modify_db_cluster(DBClusterIdentifier=source.name, EnableIAMDatabaseAuthentication=True)
        assert source.described["IAMDatabaseAuthenticationEnabled"] is True
        assert source.who(USER, source.token()) == USER
