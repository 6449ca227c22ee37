"""Converts a state of our module to a state of the public module.

Addresses and most values are the same. The differences come from the public module's files (network.tf, rds.tf,
redis.tf, secrets.tf, alb.tf, ecs.tf and bootstrap.tf under terraform/litellm/aws in BerriAI/litellm): descriptions,
listener rules, grace periods, commands, and the triggers of the one-off tasks.
"""

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

State = dict[str, Any]

_DESCRIPTIONS = {
    ("aws_security_group", "alb"): "Inbound HTTP/HTTPS to the LiteLLM ALB.",
    ("aws_security_group", "tasks"): "ECS tasks (gateway/backend/ui).",
    ("aws_security_group", "rds"): "RDS Postgres - tasks only.",
    ("aws_security_group", "redis"): "ElastiCache Redis - tasks only.",
    ("aws_rds_cluster_parameter_group", "this"): "LiteLLM Aurora Postgres cluster parameters.",
    ("aws_elasticache_replication_group", "this"): "LiteLLM ElastiCache Redis",
    ("aws_secretsmanager_secret", "master_key"): "LITELLM_MASTER_KEY for gateway + backend.",
    ("aws_secretsmanager_secret", "db_master_password"): "Aurora master-user password - bootstrap only.",
}
_PATTERNS = (Path(__file__).parents[1] / "litellm" / "documented_patterns.txt").read_text().split()
"""The path patterns of the gateway in the documented release of the public module. Each rule has five."""
_STORES = ("aws_rds_", "aws_db_", "aws_elasticache_")
_OF_THE_STORES = {
    *(("aws_security_group", name) for name in ("rds", "redis")),
    *((f"aws_secretsmanager_{what}", "db_master_password") for what in ("secret", "secret_version")),
    *((kind, "bootstrap_db") for kind in ("aws_ecs_task_definition", "aws_cloudwatch_log_group", "terraform_data")),
    *(("aws_iam_policy", name) for name in ("bootstrap_secrets", "rds_iam_connect")),
    *(
        ("aws_iam_role_policy_attachment", name)
        for name in ("task_execution_bootstrap_secrets", "task_rds_iam_connect")
    ),
    ("random_password", "db_master_password"),
}
"""Resources that the public module creates only for a managed database and cache."""


def state_of_the_public_module(ours: State, *, indexed: bool, urls: Mapping[str, str]) -> State:
    """Returns the public module's state of a stack.

    Args:
        ours: a state of our module, applied with the same inputs.
        indexed: whether single resources have an index, as in the current release, or not, as in older ones.
        urls: URLs of an existing database and cache, by input. Empty if both are managed.
    """
    state = copy.deepcopy(ours)
    resources: list[dict[str, Any]] = state["resources"]
    for resource in resources:
        for instance in resource["instances"]:
            _change(resource["type"], resource["name"], instance["attributes"])
    _replace_the_rules(resources)
    resources[:] = [each for each in resources if each["name"] not in ("database_identity", "deletion_protection")]
    if urls:
        _name_the_stores_by_url(resources, urls)
    for resource in resources if not indexed else ():
        if [instance.get("index_key") for instance in resource["instances"]] == [0]:
            resource.pop("each", None)
            del resource["instances"][0]["index_key"]
    return state


def _change(kind: str, name: str, attributes: dict[str, Any]) -> None:
    if description := _DESCRIPTIONS.get((kind, name)):
        attributes["description"] = description
    changes: dict[str, Callable[[dict[str, Any]], None]] = {
        "aws_security_group": _describe_the_ports,
        "aws_ecs_service": lambda service: service.update(health_check_grace_period_seconds=0),
        "aws_ecs_task_definition": _run_the_public_command,
        "aws_s3_object": lambda item: item.update(content="model_list: []\n", etag="0", tags={}, tags_all={}),
        "terraform_data": lambda once: once.update(triggers_replace=_REVISION),
    }
    if change := changes.get(kind):
        change(attributes)


_REVISION = {"value": {"task_def_revision": 1}, "type": ["object", {"task_def_revision": "number"}]}


def _describe_the_ports(group: dict[str, Any]) -> None:
    for rule in (*group["ingress"], *group["egress"]):
        rule["description"] = "All egress"


def _run_the_public_command(definition: dict[str, Any]) -> None:
    containers = json.loads(definition["container_definitions"])
    for container in containers:
        if container["name"] in ("gateway", "backend"):
            container["command"] = [f'case "$USE_DDTRACE" in *) exec uvicorn {container["name"]}.main:app;; esac']
    definition["container_definitions"] = json.dumps(containers)


def _replace_the_rules(resources: list[dict[str, Any]]) -> None:
    found = [each for each in resources if each["type"] == "aws_lb_listener_rule"]
    [rules] = [each for each in found if each["name"] == "gateway"]
    resources[:] = [
        each for each in resources if each not in found or each["name"] in ("gateway", "ui_exact", "ui_prefix")
    ]
    pattern, rules["instances"] = rules["instances"][0], []
    for index in range(-(-len(_PATTERNS) // 5)):
        instance = copy.deepcopy(pattern)
        attributes = instance["attributes"]
        instance["index_key"] = str(index)
        attributes["arn"] = attributes["id"] = f"{attributes['arn']}{index}"
        attributes["priority"] = 100 + index
        attributes["condition"][0]["path_pattern"][0]["values"] = _PATTERNS[5 * index : 5 * index + 5]
        rules["instances"].append(instance)


def _name_the_stores_by_url(resources: list[dict[str, Any]], urls: Mapping[str, str]) -> None:
    found = {(each["type"], each["name"]): each for each in resources}
    resources[:] = [
        each for key, each in found.items() if key not in _OF_THE_STORES and not each["type"].startswith(_STORES)
    ]
    for store, url in urls.items():
        for what in ("secret", "secret_version"):
            kind = f"aws_secretsmanager_{what}"
            secret = copy.deepcopy(found[kind, "master_key"])
            [instance] = secret["instances"]
            instance["index_key"] = 0
            instance = json.loads(json.dumps(instance).replace("master-key", store.replace("_", "-")))
            if what == "secret_version":
                instance["attributes"]["secret_string"] = url
            secret |= {"name": store, "instances": [instance], "each": "list"}
            resources.append(secret)
