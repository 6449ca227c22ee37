"""The page at the end of the demo: what was created."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from litellm_aws.constructs.litellm import LITELLM
from litellm_aws.local_aws.account import Account

_LONG = ("db_bootstrap_sql", "migration_run_command")
"""Outputs that are too long for a table."""


def page(endpoint: str, outputs: Mapping[str, Any]) -> str:
    """Returns outputs, database, what the one-off tasks printed, and the services.

    Args:
        endpoint: of the local AWS.
        outputs: of the applied root.
    """
    account = Account(endpoint)
    shown = {name: value for name, value in outputs.items() if name not in _LONG}
    parts = [
        ("Outputs", _columns([(name, str(value)) for name, value in shown.items()])),
        ("Database", _database(account, outputs)),
        ("What the database bootstrap printed", _log(account, outputs["ecs_cluster"], "bootstrap-db")),
        ("What the schema migration printed", _log(account, outputs["ecs_cluster"], "migrations")),
        ("Services", _services(account, outputs["ecs_cluster"])),
    ]
    return "\n".join(f"{title}\n{text}\n" for title, text in parts)


def _database(account: Account, outputs: Mapping[str, Any]) -> str:
    secret = account.client("secretsmanager").get_secret_value(SecretId=outputs["db_master_password_secret_arn"])
    login = json.loads(secret["SecretString"])
    user = LITELLM.inputs["db_username"].default
    with psycopg.connect(
        host=login["host"],
        port=login["port"],
        user=login["username"],
        password=login["password"],
        dbname=login["dbname"],
    ) as database:
        [[member]] = database.execute("SELECT pg_has_role(%s, 'rds_iam', 'member')", [user]).fetchall()
        [[tables]] = database.execute("SELECT count(*) FROM pg_tables WHERE tableowner = %s", [user]).fetchall()
    return _columns(
        [
            (f"user {user}", "is a member of rds_iam" if member else "is not a member of rds_iam"),
            ("tables created by the migration", str(tables)),
        ]
    )


def _log(account: Account, cluster: str, task: str) -> str:
    logs = account.client("logs")
    group = f"/ecs/{cluster}/{task}"
    streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
    events = [
        event["message"]
        for stream in streams
        for event in logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    ]
    return "\n".join(f"  {message}" for message in events)


def _services(account: Account, cluster: str) -> str:
    ecs = account.client("ecs")
    arns = ecs.list_services(cluster=cluster)["serviceArns"]
    services = ecs.describe_services(cluster=cluster, services=arns)["services"]
    return _columns(
        [
            (
                service["serviceName"],
                f"{service['runningCount']} of {service['desiredCount']} running, "
                f"{service['taskDefinition'].rpartition('/')[2]}",
            )
            for service in services
        ]
    )


def _columns(rows: Sequence[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"  {name.ljust(width)}  {value}" for name, value in rows)
