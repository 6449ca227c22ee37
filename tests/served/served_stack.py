"""The demo's stack, whose gateway, backend and UI are the real LiteLLM, and its users."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
import yaml

from litellm_aws.commands.demo.fleet import APPLIED, synthesize
from litellm_aws.commands.demo.local_server import LocalServer
from litellm_aws.local_aws.account import ACCOUNT_ID, Account
from litellm_aws.local_aws.litellm.installation import INSTALLATIONS, UnavailableError, install
from tests.conftest import PROJECT

PROGRAM = Path(sys.executable).with_name("litellm-aws")
UP_SECONDS = 900
ROLLOUT_SECONDS = 400
"""Two gateways that start on two busy cores, and the drain of the old ones."""
_UVICORN_KEEP_ALIVE_SECONDS = 5
QUESTION = {"role": "user", "content": "How are you?"}


def example(name: str) -> dict[str, Any]:
    """Returns the inputs of the only tenant of an example, in this stack's account."""
    text = (PROJECT / "examples" / name / "tenants.yaml").read_text().replace("111122223333", ACCOUNT_ID)
    [tenant] = yaml.safe_load(text)["tenants"]
    return dict(tenant)


class Answer(NamedTuple):
    """An HTTP response, whatever its status is."""

    status: int
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def content(self) -> str:
        """The text of a chat completion that was not streamed."""
        return str(self.json["choices"][0]["message"]["content"])


def becomes(expected: Any, value: Callable[[], Any], seconds: float = 600) -> None:
    """Waits until a value is the expected one. A busy machine takes minutes to start LiteLLM."""
    deadline = time.monotonic() + seconds
    while (found := value()) != expected:
        assert time.monotonic() < deadline, found
        time.sleep(0.5)


def answers(url: str) -> bool:
    """Returns whether a server answers."""
    try:
        urlopen(url, timeout=10).close()
    except OSError:
        return False
    return True


class ServedStack:
    """The stack of the demo's tenant.

    Attributes:
        folder: of the demo.
        url: of the load balancer.
        key: LiteLLM's master key.
        model: a model of the proxy_config.
        account: the local AWS's.
        models: base URL of the model provider.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        access = json.loads((folder / "access.json").read_text())
        self.url, self.key, self.model = access["url"], access["master_key"], access["model"]
        server = LocalServer(folder)
        self.account, self.models = Account(server.endpoint), server.models
        self._tenants = folder / "tenants.yaml"
        self.proxy_config = folder / "config" / "globex.yaml"

    def ask(self, path: str, body: Any = None, key: str = "", origin: str = "") -> Answer:
        """Sends a request with a key, by default the master key, and by default to the load balancer."""
        headers = {"Authorization": f"Bearer {key or self.key}", "Content-Type": "application/json"}
        request = Request(
            (origin or self.url) + path, data=None if body is None else json.dumps(body).encode(), headers=headers
        )
        try:
            with urlopen(request, timeout=60) as response:
                return Answer(response.status, response.read().decode())
        except HTTPError as error:
            return Answer(error.code, error.read().decode())

    def chat(self, key: str = "", model: str = "", **body: Any) -> Answer:
        """Asks for a chat completion."""
        return self.ask("/v1/chat/completions", {"model": model or self.model, "messages": [QUESTION], **body}, key)

    def new_key(self, **settings: Any) -> str:
        """Makes a virtual key."""
        made = self.ask("/key/generate", {"models": [self.model], **settings})
        assert made.status == 200, made.text
        return str(made.json["key"])

    def spend(self, key: str) -> float:
        """Returns the recorded spend of a key in US dollars."""
        return float(self.ask(f"/key/info?key={key}").json["info"]["spend"])

    def add_model(self, name: str, base: str, key: str) -> None:
        """Adds a model as the UI does, by the backend."""
        parameters = {"model": f"openai/{name}", "api_base": base, "api_key": key}
        added = self.ask("/model/new", {"model_name": name, "litellm_params": parameters})
        assert added.status == 200, added.text

    def recorded_requests(self, key: str) -> int:
        """Returns the number of successful requests with a key in the spend logs."""
        day = "%Y-%m-%d %H:%M:%S"
        now = datetime.now(UTC)
        dates = {"start_date": f"{now - timedelta(days=1):{day}}", "end_date": f"{now + timedelta(days=1):{day}}"}
        query = urlencode(
            {
                "api_key": sha256(key.encode()).hexdigest(),
                "status_filter": "success",
                "page": 1,
                "page_size": 1,
                **dates,
            }
        )
        return int(self.ask(f"/spend/logs/v2?{query}").json["total"])

    def secret(self, name: str, value: str) -> str:
        """Makes a secret, and returns its ARN."""
        return str(self.account.client("secretsmanager").create_secret(Name=name, SecretString=value)["ARN"])

    def service(self, name: str) -> dict[str, Any]:
        """Returns the description of a service."""
        tenant, _, env = APPLIED.rpartition("-")
        cluster = f"{tenant}-litellm-{env}"
        found = self.account.client("ecs").describe_services(cluster=cluster, services=[f"{cluster}-{name}"])
        return dict(found["services"][0])

    def has_failed_tasks(self, name: str) -> bool:
        """Returns whether tasks of the newest deployment of a service have failed."""
        return bool(self.service(name)["deployments"][0]["failedTasks"])

    @contextmanager
    def task(self, definition: str) -> Iterator[str]:
        """A task of its own, of a revision of the gateway's task definition; yields its address."""
        ecs, service = self.account.client("ecs"), self.service("gateway")
        started = {"cluster": service["clusterArn"], "taskDefinition": definition, "launchType": "FARGATE"}
        [task] = ecs.run_task(**started, networkConfiguration=service["networkConfiguration"])["tasks"]
        details = {each["name"]: each["value"] for each in task["attachments"][0]["details"]}
        try:
            yield details["privateIPv4Address"]
        finally:
            ecs.stop_task(cluster=service["clusterArn"], task=task["taskArn"])

    def addresses(self, name: str) -> list[str]:
        """Returns the addresses of a service's healthy targets."""
        [group] = self.service(name)["loadBalancers"]
        found = self.account.client("elbv2").describe_target_health(TargetGroupArn=group["targetGroupArn"])
        targets = found["TargetHealthDescriptions"]
        return sorted(each["Target"]["Id"] for each in targets if each["TargetHealth"]["State"] == "healthy")

    def wait_until_steady(self, *names: str) -> None:
        """Waits until the newest deployments of services are complete, and no older ones are left."""
        for name in names:
            becomes(("COMPLETED", 1), lambda name=name: self._rollout(name), ROLLOUT_SECONDS)  # type: ignore[misc]

    def _rollout(self, name: str) -> tuple[str, int]:
        deployments = self.service(name)["deployments"]
        return deployments[0]["rolloutState"], len(deployments)

    def apply(self, **inputs: Any) -> None:
        """Applies the tenants file as an operator does, after a change of the tenant's inputs or files."""
        document = yaml.safe_load(self._tenants.read_text())
        [tenant] = [each for each in document["tenants"] if f"{each['tenant']}-{each['env']}" == APPLIED]
        tenant.update(inputs)
        self._tenants.write_text(yaml.safe_dump(document, sort_keys=False))
        synthesize(self._tenants, self.folder / "cdktf.out")
        self.terraform("apply", "-auto-approve", "-no-color")

    def failed_apply(self, **inputs: Any) -> str:
        """Applies as `apply` does, expects it to fail, and returns what Terraform says, in one line."""
        with pytest.raises(subprocess.CalledProcessError) as caught:
            self.apply(**inputs)
        return " ".join(caught.value.stderr.split())  # Terraform wraps its lines

    def terraform(self, *arguments: str) -> str:
        """Runs Terraform in the tenant's root, and returns its output.

        Raises:
            CalledProcessError: it failed.
        """
        root = self.folder / "cdktf.out" / "stacks" / APPLIED
        command = f'. "{self.folder}/environment" && exec terraform -chdir="{root}" "$@"'
        ended = subprocess.run(
            ["/bin/sh", "-c", command, "terraform", *arguments], check=True, capture_output=True, text=True
        )
        return ended.stdout

    def edit_proxy_config(self, edit: Callable[[dict[str, Any]], None], **inputs: Any) -> None:
        """Changes the proxy_config's file, and applies it together with changed inputs."""
        document = yaml.safe_load(self.proxy_config.read_text())
        edit(document)
        self.proxy_config.write_text(yaml.safe_dump(document, sort_keys=False))
        self.apply(**inputs)


def keeps_idle_connections(stack: ServedStack, name: str) -> bool:
    """Returns whether a service keeps a connection that is idle for longer than uvicorn keeps it by default."""
    [group] = stack.service(name)["loadBalancers"]
    with closing(HTTPConnection(stack.addresses(name)[0], group["containerPort"], timeout=60)) as connection:
        connection.request("GET", "/health/liveliness")
        connection.getresponse().read()
        time.sleep(_UVICORN_KEEP_ALIVE_SECONDS + 1)
        # The end of a connection can be read, and an idle one has nothing to read.
        readable, _, _ = select.select([connection.sock], [], [], 0)
        return not readable


@contextmanager
def served_stack(folder: Path, *versions: str) -> Iterator[ServedStack]:
    """`make demo` with the first of some releases, until the context exits.

    Skips, and says why, where Terraform or LiteLLM cannot be had.
    """
    try:
        for version in versions:
            install(INSTALLATIONS, version, print)
    except UnavailableError as reason:
        pytest.skip(str(reason))
    began = time.monotonic()
    ended = subprocess.run(
        [PROGRAM, "demo", "up", "--litellm", *versions, "--folder", str(folder)],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=UP_SECONDS,
        check=False,
    )
    if "terraform is not on the PATH" in ended.stdout or "terraform init failed" in ended.stdout:
        pytest.skip(ended.stdout.splitlines()[-1])
    try:
        assert ended.returncode == 0, ended.stdout
        print(f"LiteLLM {versions[0]} answers after {time.monotonic() - began:.0f} s")
        yield ServedStack(folder)
    finally:
        LocalServer(folder).stop()
