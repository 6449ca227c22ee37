"""Every path of LiteLLM reaches the component that serves it.

The listener's rules are taken from a plan, and evaluated as ELB does: by priority, the first match wins. What each
component serves is `litellm_aws/local_aws/litellm/served_paths.json`, measured on LiteLLM 1.86.0 and 1.108.7. The paths
of these two versions, as their FastAPI applications list them, are `tests/litellm/routes-<version>.json`. The payloads
of the UI's pages, as their packages contain them, are `tests/litellm/ui-payloads-<version>.list`.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from litellm_aws import local_aws
from litellm_aws.constructs import routes
from litellm_aws.local_aws.listener_rule_match import matches
from tests.plan.conftest import Evaluate
from tests.terraform import Plan

MEASURED = Path(__file__).parents[1] / "litellm"
SERVED_PATHS = Path(local_aws.__file__).with_name("litellm") / "served_paths.json"
SERVED: Mapping[str, Mapping[str, list[str]]] = json.loads(SERVED_PATHS.read_text())
VERSIONS = ("1.86.0", "1.108.7")
COMPONENTS = ("gateway", "backend")


class Listener:
    """The listener that the rules of a plan belong to."""

    def __init__(self, plan: Plan) -> None:
        rules = [plan.values(address) for address in plan.addresses if address.startswith("aws_lb_listener_rule.")]
        self.rules = sorted(rules, key=lambda rule: int(rule["priority"]))

    def target(self, path: str) -> str:
        """Returns the component that a request to a path is forwarded to."""
        for rule in self.rules:
            if any(matches(pattern, path, case_sensitive=True) for pattern in _patterns(rule)):
                return str(rule["action"][0]["target_group_arn"]).rpartition(".")[2]
        return "backend"


def _patterns(rule: Mapping[str, Any]) -> list[str]:
    return list(rule["condition"][0]["path_pattern"][0]["values"])


def serving(route: str) -> set[str]:
    """Returns which components serve a route, whose path parameters stand in braces."""
    return {
        component
        for component in COMPONENTS
        if route in SERVED[component]["exact"]
        or any(route.startswith(prefix) for prefix in SERVED[component]["prefixes"])
        or any(route == mount or route.startswith(f"{mount}/") for mount in SERVED[component]["mounts"])
    }


def samples() -> list[str]:
    """Returns paths of every prefix, bare and with more behind it, and every exact path."""
    paths = []
    for component in COMPONENTS:
        for prefix in SERVED[component]["prefixes"]:
            if "{" in prefix:
                continue  # the routes of the two versions have paths of those
            bare = prefix.rstrip("/")
            paths += [*([bare] if bare == prefix else []), f"{bare}/x", f"{bare}/x/y"]
        paths += SERVED[component]["exact"]
    return paths


@pytest.fixture(scope="module")
def listener(evaluate: Evaluate) -> Listener:
    return Listener(evaluate())


def routes_of(version: str) -> list[str]:
    return list(json.loads((MEASURED / f"routes-{version}.json").read_text()))


def wrong(listener: Listener, routes_: list[str], name: str = "x") -> list[tuple[str, str]]:
    """Returns the routes that reach a component which does not serve them. The UI has `/` for itself.

    Args:
        name: what each parameter of a path is replaced with.
    """
    return [
        (route, target)
        for route in routes_
        if route != "/" and (target := listener.target(re.sub(r"\{[^}]*\}", name, route))) not in serving(route)
    ]


def test_every_served_path_reaches_its_component(listener: Listener, capsys: pytest.CaptureFixture[str]) -> None:
    paths = samples()
    found = wrong(listener, paths)
    with capsys.disabled():
        print(f"\nserved_paths.json: {len(paths)} paths checked, {len(found)} wrong")
    assert len(paths) > 400
    assert found == []


@pytest.mark.parametrize("version", VERSIONS)
def test_every_route_of_a_version_reaches_its_component(
    listener: Listener, version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    all_routes = routes_of(version)
    served = [route for route in all_routes if serving(route)]
    found = wrong(listener, served)
    with capsys.disabled():
        print(
            f"\nLiteLLM {version}: {len(served)} routes checked, {len(found)} wrong; "
            f"{len(all_routes) - len(served)} routes that neither component serves"
        )
    assert len(served) > 400
    assert found == []


@pytest.mark.parametrize("name", ["text-embeddings-3", "gpt-4o-realtime", "rerank-1", "completions", "files", "v1"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_name_in_a_path_does_not_lead_elsewhere(listener: Listener, version: str, name: str) -> None:
    """Except for an MCP server, whose name is the first part of its paths."""
    with_names = [route for route in routes_of(version) if "{" in route and "{mcp_server_name}" not in route]
    found = wrong(listener, [route for route in with_names if serving(route)], name)
    assert found == []


@pytest.mark.parametrize("version", VERSIONS)
def test_the_payloads_of_the_pages_reach_the_ui(
    listener: Listener, version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    payloads = [f"/{line}" for line in (MEASURED / f"ui-payloads-{version}.list").read_text().split()]
    found = [path for path in payloads if listener.target(path) != "ui"]
    with capsys.disabled():
        print(f"\nUI of LiteLLM {version}: {len(payloads)} payloads checked, {len(found)} wrong")
    assert len(payloads) > 200
    assert found == []


@pytest.mark.parametrize(
    ("path", "component"),
    [
        ("/", "ui"),
        ("/ui", "ui"),
        ("/ui/", "ui"),
        ("/ui/login", "ui"),
        ("/favicon.ico", "ui"),
        ("/litellm-asset-prefix/_next/static/a.js", "ui"),
        ("/ui.txt", "ui"),
        ("/__next._tree.txt", "ui"),
        ("/robots.txt", "backend"),
        ("/.well-known/security.txt", "backend"),
        ("/v1/memory/notes.txt", "gateway"),
        ("/vertex_ai/v1/files/notes.txt", "gateway"),
        ("/v1/model/info", "backend"),
        ("/v1/models", "gateway"),
        ("/v1/mcp/server", "backend"),
        ("/fallback/gpt-4o-realtime", "backend"),
        ("/test", "gateway"),
        ("/test/connection", "backend"),
        ("/debug/memory/summary", "gateway"),
        ("/debug/memory/details", "backend"),
        ("/metrics/", "gateway"),
        ("/openrouter/v1/batches", "gateway"),
        ("/openrouter/v1/files/file-1/content", "gateway"),
        ("/github/mcp", "backend"),
        ("/v1/videos", "gateway"),
        ("/azure_speech/x", "gateway"),
        ("/transcribe", "gateway"),
        ("/anything/else", "backend"),
    ],
)
def test_a_path_reaches(listener: Listener, path: str, component: str) -> None:
    assert listener.target(path) == component


def test_a_rule_keeps_the_limits_of_elb(evaluate: Evaluate) -> None:
    """ELB quotas: 5 condition values and 5 wildcards in a rule, 100 rules besides the default one."""
    most = [f"/{number}*?*?*" for number in range(80)]
    for planned in (evaluate(), evaluate(extra_gateway_paths=most)):
        rules = Listener(planned).rules
        assert len(rules) <= 100
        assert len({rule["priority"] for rule in rules}) == len(rules)
        for patterns in map(_patterns, rules):
            assert len(patterns) <= 5
            assert sum(pattern.count("*") + pattern.count("?") for pattern in patterns) <= 5


def test_further_paths_reach_the_gateway_and_leave_the_other_rules(evaluate: Evaluate, listener: Listener) -> None:
    more = Listener(evaluate(extra_gateway_paths=["/new/*", "/newer"]))
    assert (more.target("/new/x"), more.target("/newer"), more.target("/newest")) == ("gateway", "gateway", "backend")
    before = {rule["priority"]: frozenset(_patterns(rule)) for rule in listener.rules}
    after = {rule["priority"]: frozenset(_patterns(rule)) for rule in more.rules}
    assert after.items() - before.items() == {(117, frozenset({"/new/*", "/newer"}))}
    assert before.items() <= after.items()


def test_rules_are_filled_up_to_the_limits() -> None:
    assert routes.rules(["/1", "/2", "/3", "/4", "/5", "/6"]) == [["/1", "/2", "/3", "/4", "/5"], ["/6"]]
    assert routes.rules(["/*a*", "/*b*", "/*c*", "/d*", "/e"]) == [["/*a*", "/*b*"], ["/*c*", "/d*", "/e"]]
