"""Replication groups whose primary endpoint is a running Redis server."""

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest

from litellm_aws.local_aws.server import LocalAws


@pytest.fixture
def create(local_aws: LocalAws) -> Iterator[Callable[..., dict[str, Any]]]:
    """Returns a function that creates a replication group and returns its description."""
    if not local_aws.caches.available:
        pytest.skip("redis-server is not installed")
    client, created = local_aws.account.client("elasticache"), []

    def create(**settings: Any) -> dict[str, Any]:
        name = f"t-{uuid4().hex[:12]}"
        client.create_replication_group(
            ReplicationGroupId=name, ReplicationGroupDescription="test", Engine="redis", Port=6379, **settings
        )
        created.append(name)
        [group] = client.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"]
        return dict(group)

    yield create
    for name in created:
        with suppress(client.exceptions.ReplicationGroupNotFoundFault):
            client.delete_replication_group(ReplicationGroupId=name)


def endpoint(group: dict[str, Any]) -> tuple[str, int]:
    """Returns address and port of the primary."""
    [node_group] = group["NodeGroups"]
    return node_group["PrimaryEndpoint"]["Address"], node_group["PrimaryEndpoint"]["Port"]


def redis(group: dict[str, Any], *commands: str) -> list[str]:
    """Sends commands to the primary, and returns the last line of each answer."""
    with socket.create_connection(endpoint(group), timeout=5) as connection, connection.makefile("r") as lines:
        answers = []
        for command in commands:
            connection.sendall(f"{command}\r\n".encode())
            answer = lines.readline()
            answers.append((lines.readline() if answer.startswith("$") else answer).strip())
        return answers


def test_each_group_has_its_own_server(create: Callable[..., dict[str, Any]]) -> None:
    first, second = create(), create()
    assert redis(first, "SET key value", "GET key") == ["+OK", "value"]
    assert redis(second, "EXISTS key") == [":0"]
    assert endpoint(first)[1] == endpoint(second)[1] == 6379


def test_a_group_can_have_a_token(create: Callable[..., dict[str, Any]]) -> None:
    token = 'a-token-with-16-#"characters'
    group = create(AuthToken=token, TransitEncryptionEnabled=True)
    quoted = token.replace('"', '\\"')
    assert redis(group, "PING", f'AUTH "{quoted}"', "PING") == [
        "-NOAUTH Authentication required.",
        "+OK",
        "+PONG",
    ]


def test_the_number_of_replicas_can_change(local_aws: LocalAws, create: Callable[..., dict[str, Any]]) -> None:
    group = create(NumCacheClusters=1)
    client = local_aws.account.client("elasticache")
    changed = client.increase_replica_count(
        ReplicationGroupId=group["ReplicationGroupId"], NewReplicaCount=1, ApplyImmediately=True
    )["ReplicationGroup"]
    assert endpoint(changed) == endpoint(group)
    [node_group] = changed["NodeGroups"]
    assert all(".cache.amazonaws.com" in each["ReadEndpoint"]["Address"] for each in node_group["NodeGroupMembers"])
    assert redis(changed, "PING") == ["+PONG"]


def test_a_deleted_group_has_no_server(local_aws: LocalAws, create: Callable[..., dict[str, Any]]) -> None:
    group = create()
    local_aws.account.client("elasticache").delete_replication_group(ReplicationGroupId=group["ReplicationGroupId"])
    with pytest.raises(ConnectionRefusedError):
        redis(group, "PING")
