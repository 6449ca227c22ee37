"""The demo: a local AWS, and the example fleet's tenant that is applied to it."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from litellm_aws.fleet.problems import FailedError
from litellm_aws.local_aws.account import Account
from litellm_aws.local_aws.listener import listening_port
from litellm_aws.local_aws.litellm.installation import INSTALLATIONS, VERSIONS, UnavailableError, install
from litellm_aws.local_aws.model_provider import KEY

from .fleet import APPLIED, MODEL, prepare, synthesize
from .local_server import LocalServer
from .page import page
from .terraform import Progress, Terraform
from .traffic import QUESTION, Traffic

_HEALTHY_SECONDS = 300
"""Some minutes more than three tasks that start on two cores at once."""
_LOG_LINES = 10
"""How much of a service's log a failure shows."""


class Demo:
    """The demo in its folder."""

    def __init__(self, folder: Path) -> None:
        """Takes the folder. It need not exist before `locked`."""
        self._folder = folder
        self._server = LocalServer(folder)
        self._root = folder / "cdktf.out" / "stacks" / APPLIED
        self._environment = folder / "environment"
        self._applied = folder / "applied"
        """A file that exists while the demo is up."""

    def up(self, port: int, versions: Sequence[str]) -> None:
        """Starts the local AWS, synthesizes the example fleet against it, and applies one tenant.

        Args:
            port: of the local AWS; 0 chooses an unused one.
            versions: the release of LiteLLM, such as 1.86.0, and those to upgrade to.

        Raises:
            FailedError: a step failed. Nothing of the demo is left.
        """
        for version in versions:
            if version not in VERSIONS:
                raise FailedError(f"LiteLLM {version} cannot be installed: choose from {', '.join(VERSIONS)}.")
        if self._applied.exists() and self._server.pid is not None:
            raise FailedError(
                f"A demo is already up at {self._server.endpoint}: use it (`. {_shown(self._environment)}`, then "
                "terraform or aws), or run `make demo-down` first."
            )
        self._clear()
        try:
            self._apply(port, versions)
        except BaseException:
            self._clear()
            raise

    def down(self) -> None:
        """Destroys what was applied, stops the local AWS, and removes the folder."""
        if self._applied.exists() and self._server.pid is not None:
            terraform = Terraform(self._root, Account(self._server.endpoint).environment, self._folder)
            terraform.use_mirror_again()
            print("terraform destroy: a minute and a half.", flush=True)
            try:
                print(terraform.change("destroy", Progress()))
            except FailedError as error:
                print(f"{error}\nThe local AWS is stopped anyway, and its resources with it.")
        self._clear()
        shutil.rmtree(self._folder, ignore_errors=True)
        print("The local AWS is stopped; nothing of the demo is left.")

    def _apply(self, port: int, versions: Sequence[str]) -> None:
        with _step(f"Install LiteLLM {', '.join(versions)}, once"):
            is_installed = all(_is_installed(version) for version in versions)
        with _step("Start the local AWS"):
            endpoint = self._server.start(port, versions if is_installed else [])
        account = Account(endpoint)
        print(f"The local AWS is at {endpoint}, {'with' if self._server.has_redis else 'without'} Redis.", flush=True)
        key = account.client("secretsmanager").create_secret(Name="openai-api-key", SecretString=KEY)
        with _step("Synthesize"):
            tenants = prepare(self._folder, endpoint, self._server.models, key["ARN"], versions[0])
            print(synthesize(tenants, self._folder / "cdktf.out"), flush=True)
        terraform = Terraform(self._root, account.environment, self._folder)
        with _step(f"terraform init, in {_shown(self._root)}"):
            terraform.init()
        self._write_environment(terraform.environment, [*account.environment, "PATH", "TF_CLI_CONFIG_FILE"])
        with _step("terraform apply"):
            print(terraform.change("apply", Progress()))
        outputs = terraform.outputs()
        self._applied.touch()
        if is_installed:
            with _step("Wait until the services are healthy"):
                _wait_for_services(account, outputs["ecs_cluster"])
        print(page(endpoint, outputs))
        if is_installed:
            self._send_requests(account, outputs)
        print(self._next_steps(outputs["ecs_cluster"]))

    def _send_requests(self, account: Account, outputs: Mapping[str, Any]) -> None:
        """Uses the stack as its users do, and writes `access.json` for programs."""
        port = listening_port(80)
        url = outputs["alb_url"] + ("" if port == 80 else f":{port}")
        secret = account.client("secretsmanager").get_secret_value(SecretId=outputs["master_key_secret_arn"])
        master_key = secret["SecretString"]
        self._write_access({"url": url, "master_key": master_key, "model": MODEL})
        traffic = Traffic(url, master_key, MODEL)
        with _step(f"A streamed chat completion: {QUESTION}"):
            _print_parts(traffic.streamed_answer())
        with _step("A virtual key, made on the backend and used on the gateway"):
            key = traffic.new_key(budget=1)
            _print_parts(traffic.streamed_answer(key))
        with _step("The spend of the virtual key"):
            print(f"${traffic.spend(key):.6f}")
        print(
            f"\nLiteLLM is at {url}\n"
            f"  UI        {url}/ui, user admin, password: the master key\n"
            f"  access    {_shown(self._folder / 'access.json')} has the URL, the master key and the model\n"
        )

    def _write_access(self, access: Mapping[str, str]) -> None:
        file = os.open(self._folder / "access.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(file, "w", encoding="utf-8") as opened:
            json.dump(access, opened)

    def _clear(self) -> None:
        """Stops the local AWS, and deletes the files of the demo."""
        self._server.stop()
        for path in self._folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != "lock":
                path.unlink()

    def _write_environment(self, environment: Mapping[str, str], names: Sequence[str]) -> None:
        """Writes the variables by which terraform and aws in a shell use the local AWS."""
        lines = [f"export {name}={shlex.quote(environment[name])}" for name in names if name in environment]
        self._environment.write_text("\n".join(lines) + "\n")

    def _next_steps(self, cluster: str) -> str:
        steps = [
            (f". {_shown(self._environment)}", "terraform and aws use the local AWS"),
            (f"terraform -chdir={_shown(self._root)} plan", "No changes"),
            (f"aws ecs describe-services --cluster {cluster} --services {cluster}-gateway", ""),
            ("make demo-down", "destroys the stack, and stops the local AWS"),
        ]
        lines = [f"  {command}" + (f"   # {what}" if what else "") for command, what in steps]
        return "\n".join(["What to try next, in this shell:", *lines])


def _is_installed(version: str) -> bool:
    """Installs LiteLLM beside the virtual environment, and returns whether this was possible."""
    try:
        install(INSTALLATIONS, version, lambda line: print(f"  {line}", flush=True))
    except UnavailableError as reason:
        print(f"LiteLLM is not available, so the demo's services cannot start. {reason}", flush=True)
        return False
    return True


def _wait_for_services(account: Account, cluster: str) -> None:
    ecs = account.client("ecs")
    names = ecs.list_services(cluster=cluster)["serviceArns"]
    deadline = time.monotonic() + _HEALTHY_SECONDS
    while True:
        services = ecs.describe_services(cluster=cluster, services=names)["services"]
        states = {service["serviceName"]: service["deployments"][0]["rolloutState"] for service in services}
        if set(states.values()) == {"COMPLETED"}:
            return
        if "FAILED" in states.values() or time.monotonic() > deadline:
            found = [line for service in services for line in _last_lines(account, cluster, service)]
            raise FailedError("\n".join([f"The services do not become healthy: {states}", *found]))
        time.sleep(0.5)


def _last_lines(account: Account, cluster: str, service: Mapping[str, Any]) -> Iterator[str]:
    """Yields the last events of a service, and the last lines of its log."""
    yield from (event["message"] for event in service["events"][:3])
    container = service["serviceName"].removeprefix(f"{cluster}-")
    found = account.client("logs").filter_log_events(logGroupName=f"/ecs/{cluster}/{container}")["events"]
    yield from (f"  {container}: {event['message']}" for event in found[-_LOG_LINES:])


def _print_parts(parts: Iterator[str]) -> None:
    for part in parts:
        print(part, end="", flush=True)
    print(flush=True)


@contextmanager
def _step(title: str) -> Iterator[None]:
    """Prints the title of a step, and how long it took."""
    print(f"\n{title} …", flush=True)
    started = time.monotonic()
    yield
    print(f"({time.monotonic() - started:.0f} s)", flush=True)


def _shown(path: Path) -> str:
    return shlex.quote(os.path.relpath(path))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Makes the folder, and locks it for this process.

    Raises:
        FailedError: another process has locked it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FailedError("Another `make demo` or `make demo-down` is running here: wait until it ends.") from None
        yield
