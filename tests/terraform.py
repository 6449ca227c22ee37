"""Runs Terraform for the tests: the real program and the real AWS provider, without a cloud.

    with open_terraform(work=tmp_path, cache=some_folder) as terraform:
        root = terraform.root(Path("cdktf.out/stacks/litellm"))
        plan = root.plan({"tenant": "acme", "env": "prod"})
        assert plan.values("aws_vpc.this")["cidr_block"] == "10.40.0.0/16"
        assert "allow_plaintext_alb" in root.refusal({"tenant": "acme", "env": "dev"})

A test plans often, and most of what a plan costs has nothing to do with it: every command starts a
provider of 700 MB and reads its schema of 1,500 resource types. So the providers are started once and
every command attaches to them (`TF_REATTACH_PROVIDERS`), and a relay in between hands out the schemas of
those types alone that the configuration names. Everything else is the provider's own answer. A running
provider holds one configuration at a time, so commands run one after another.
"""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from litellm_aws.constructs.versions import PROVIDERS, TERRAFORM
from litellm_aws.local_aws.provider_packages import (
    REGISTRY,
    Package,
    assemble_mirror,
    mirror_configuration,
    newest_packages,
)
from tests.running_provider import SchemaRelay, running

Variables = Mapping[str, Any]

OFFLINE = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-west-2",
    # Whatever calls AWS in spite of the flags below fails at once, on a port where nobody listens.
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""The environment for planning without a cloud."""

PROVIDER_FLAGS: Mapping[str, Any] = {
    "skip_credentials_validation": True,
    "skip_requesting_account_id": True,
    "skip_metadata_api_check": "true",  # a string in the provider's schema
    "max_retries": 1,
}
"""Arguments of the AWS provider: do not call AWS when configured, and fail at once when AWS is not there."""

NO_ARGUMENTS: Mapping[str, Any] = {}

LOCAL_STATE: Mapping[str, Any] = {"local": {}}

LESS_COLLECTING = {"GOGC": "400"}
"""Terraform's commands are short: collecting garbage more seldom saves a third of their time, for 150 MB."""

REGISTRY_SECONDS = 300
COMMAND_SECONDS = 1800


class TerraformUnavailable(Exception):
    """Terraform or the AWS provider cannot be had on this machine; the message says why."""


@dataclass(frozen=True)
class Diagnostic:
    """An error or a warning of Terraform's."""

    severity: str
    summary: str
    detail: str

    @property
    def text(self) -> str:
        """Summary and detail on one line, so that a test can look for a sentence wherever it was wrapped."""
        return " ".join(f"{self.summary}: {self.detail}".split())


class TerraformError(Exception):
    """A command failed."""

    def __init__(self, command: str, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join([f"terraform {command} failed", *(found.text for found in diagnostics)]))


@dataclass(frozen=True)
class Plan:
    """A plan that succeeded."""

    document: dict[str, Any] = field(repr=False)
    """What `terraform show -json` says about it."""

    warnings: tuple[Diagnostic, ...] = ()
    """Among them the failed assertions of `check` blocks."""

    @property
    def addresses(self) -> list[str]:
        """The managed resources that exist once the plan is applied, sorted."""
        return sorted(address for address, found in self._resources.items() if found["mode"] == "managed")

    @property
    def changes(self) -> dict[str, str]:
        """The action on each managed resource that changes: create, update, delete, replace or forget."""
        changes = {}
        for resource in self.document.get("resource_changes", []):
            actions = resource["change"]["actions"]
            if resource["mode"] == "managed" and actions != ["no-op"]:
                changes[resource["address"]] = "replace" if len(actions) > 1 else actions[0]
        return changes

    @property
    def counts(self) -> Counter[str]:
        """How many resources each action of `changes` concerns."""
        return Counter(self.changes.values())

    @property
    def outputs(self) -> dict[str, Any]:
        """The outputs whose values are known at plan time, sensitive ones as well."""
        outputs = self.document["planned_values"].get("outputs", {})
        return {name: output["value"] for name, output in outputs.items() if "value" in output}

    def values(self, address: str) -> dict[str, Any]:
        """Returns the planned attributes of a resource; those that are not known yet are missing.

        The index of a resource that there is at most one of may be left out.
        """
        return dict(self._resources[self._whole(address)]["values"])

    def unknown(self, address: str) -> dict[str, Any]:
        """Returns which attributes of a resource are known only after the apply: its `after_unknown`."""
        changes = {change["address"]: change["change"] for change in self.document["resource_changes"]}
        return dict(changes[self._whole(address)]["after_unknown"])

    def _whole(self, address: str) -> str:
        return address if address in self._resources else f"{address}[0]"

    @cached_property
    def _resources(self) -> dict[str, dict[str, Any]]:
        planned = self.document["planned_values"].get("root_module", {})
        return {found["address"]: found for found in _resources_below(planned)}


def _resources_below(module: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _resources_below(child)


class Root:
    """A copy of a root module in a folder of its own, initialised, with its state next to it.

    A command that fails raises TerraformError. Variables are given with their Python values; one that the
    root does not declare is an error too, which Terraform alone would only warn of.
    """

    def __init__(self, terraform: "Terraform", directory: Path, attached: bool) -> None:
        """Called by `Terraform.root`."""
        self.directory = directory
        self._terraform = terraform
        self._attached = attached
        self.init()

    def init(self) -> None:
        """Initialises the folder again, after a change of its files."""
        self._run("init", "-input=false", "-no-color")

    def validate(self) -> list[Diagnostic]:
        """Returns what `terraform validate` objects to; nothing for a valid configuration."""
        return _diagnostics([json.loads(self._run("validate", "-json", failing=True).stdout)])

    def plan(self, variables: Variables | None = None, *, refresh: bool = False) -> Plan:
        """Returns the plan; `refresh` asks the providers for the present state of what exists."""
        found = self._run_with(variables, "plan", "-out=plan.bin", "-lock=false", f"-refresh={str(refresh).lower()}")
        document = json.loads(self._run("show", "-json", "plan.bin").stdout)
        return Plan(document, tuple(found))

    def refusal(self, variables: Variables | None = None) -> str:
        """Returns the errors by which Terraform refuses to plan, one to a line; fails if it does plan."""
        try:
            plan = self.plan(variables)
        except TerraformError as error:
            return "\n".join(found.text for found in error.diagnostics if found.severity == "error")
        raise AssertionError(f"planned without an error: {dict(plan.counts)}")

    def evaluated(self, variables: Variables, computed: Mapping[str, Mapping[str, Any]]) -> Plan:
        """Returns a plan in which the values that only AWS knows are made up, so that all expressions have one.

        It is Terraform's own test command with mocked providers, which does not ask the AWS provider anything
        but its schema, and needs Terraform 1.11.

        Args:
            variables: as for `plan`.
            computed: by the address of a resource or data source, without an index, the attributes whose
                made-up values matter; any other attribute gets a random one.
        """
        overrides: dict[str, list[dict[str, Any]]] = {"override_resource": [], "override_data": []}
        for address, values in computed.items():
            kind = "override_data" if address.startswith("data.") else "override_resource"
            overrides[kind].append({"target": address, "override_during": "plan", "values": dict(values)})
        # A type is mocked during the plan only if it is named.
        types = {name.decode(): {"override_during": "plan", "defaults": {}} for name in self._types()}
        providers = {name: {"mock_resource": types} for name in PROVIDERS}
        test = {"mock_provider": providers, **overrides, **_planning(variables)}
        (self.directory / "evaluated.tftest.json").write_text(json.dumps(test))
        ended = self._run("test", "-json", "-verbose", "-filter=evaluated.tftest.json", failing=True)
        messages = _json_lines(ended.stdout)
        found = _diagnostics(messages)
        planned = [message["test_plan"] for message in messages if message["type"] == "test_plan"]
        if ended.returncode or not planned:
            raise TerraformError("test", found or [_spoken(ended)])
        [document] = planned
        # The test command reports the changes alone; on nothing, they are all there is.
        document["planned_values"] = {
            "root_module": {
                "resources": [
                    {**change, "values": change["change"]["after"]} for change in document["resource_changes"]
                ]
            },
            "outputs": {name: {"value": change.get("after")} for name, change in document["output_changes"].items()},
        }
        return Plan(document, tuple(found))

    def refusals(self, cases: Sequence[Variables]) -> list[list[Diagnostic]]:
        """Returns, for each of the variables, the errors by which Terraform refuses to plan; none where it plans.

        One run of Terraform's test command plans them all, each from a file of its own: in one file, nothing runs
        after an error. It is for a root without resources, whose providers nothing mocks.
        """
        files = {f"case-{number}.tftest.json": _planning(variables) for number, variables in enumerate(cases)}
        for name, test in files.items():
            (self.directory / name).write_text(json.dumps(test))
        ended = self._run("test", "-json", *(f"-filter={name}" for name in files), failing=True)
        said: dict[str, list[dict[str, Any]]] = {name: [] for name in files}
        for message in _json_lines(ended.stdout):
            if message.get("@testfile") in said:
                said[message["@testfile"]].append(message)
            elif message["type"] == "diagnostic":
                raise TerraformError("test", _diagnostics([message]))
        found = []
        for messages in said.values():
            errors = [each for each in _diagnostics(messages) if each.severity == "error"]
            [status] = [
                message["test_file"]["status"] for message in messages if "status" in message.get("test_file", {})
            ]
            if (status == "pass") is bool(errors):
                raise TerraformError("test", errors or [_spoken(ended)])
            found.append(errors)
        return found

    def apply(self, variables: Variables | None = None, *arguments: str) -> list[Diagnostic]:
        """Applies without asking, and returns the warnings.

        Further arguments are Terraform's own, such as `-replace=<address>`.
        """
        return self._run_with(variables, "apply", "-auto-approve", *arguments)

    def destroy(self, variables: Variables | None = None) -> list[Diagnostic]:
        """Destroys without asking, and returns the warnings."""
        return self._run_with(variables, "destroy", "-auto-approve")

    def outputs(self) -> dict[str, Any]:
        """Returns the outputs of the last apply, sensitive ones as well."""
        outputs = json.loads(self._run("output", "-json").stdout)
        return {name: output["value"] for name, output in outputs.items()}

    def graph(self) -> str:
        """Returns what `terraform graph` says about the resources, in DOT."""
        return self._run("graph").stdout

    def shown_state(self) -> str:
        """Returns the state as `terraform show -json` prints it, sensitive values as well."""
        return self._run("show", "-json").stdout

    def provider_schemas(self) -> dict[str, Any]:
        """Returns the complete schemas of the root's providers: `terraform providers schema -json`."""
        return dict(json.loads(self._run("providers", "schema", "-json", every_type=True).stdout))

    def _run_with(self, variables: Variables | None, *command: str) -> list[Diagnostic]:
        (self.directory / "variables.json").write_text(json.dumps(dict(variables or {})))
        ended = self._run(*command, "-json", "-input=false", "-var-file=variables.json")
        found = _diagnostics(_json_lines(ended.stdout))
        if any(one.summary.startswith("Value for undeclared variable") for one in found):
            raise TerraformError(command[0], found)
        return found

    def _run(
        self, *arguments: str, every_type: bool = False, failing: bool = False
    ) -> subprocess.CompletedProcess[str]:
        types = None if every_type else self._types()
        ended = self._terraform.run(arguments, self.directory, types, self._attached)
        if ended.returncode and not failing:
            raise TerraformError(arguments[0], _diagnostics(_json_lines(ended.stdout)) or [_spoken(ended)])
        return ended

    def _types(self) -> frozenset[bytes]:
        """The resource types and data sources of AWS that the root, its modules or its state name."""
        index = self.directory / ".terraform" / "modules" / "modules.json"
        modules = json.loads(index.read_text())["Modules"] if index.exists() else []
        directories = {self.directory, *(self.directory / module["Dir"] for module in modules)}
        files = {file for directory in directories for file in directory.glob("*.tf*") if file.is_file()}
        return frozenset(
            name for file in files for name in re.findall(rb"\b(?:aws|random)_[a-z0-9_]+", file.read_bytes())
        )


class Terraform:
    """Terraform with its providers, from `open_terraform`."""

    def __init__(self, program: str, version: str, work: Path, environment: Mapping[str, str]) -> None:
        """Called by `open_terraform`."""
        self.version = Version(version)
        self.reattach: dict[str, Any] = {}
        """Where the running providers are reached, for TF_REATTACH_PROVIDERS; others are launched."""

        self.relay: SchemaRelay | None = None
        self._program = program
        self._work = work
        self.environment = environment
        """What its commands run with."""

    def root(
        self,
        source: Path,
        *,
        provider: Mapping[str, Any] | None = NO_ARGUMENTS,
        backend: Mapping[str, Any] = LOCAL_STATE,
        attached: bool = True,
    ) -> Root:
        """Copies a root module into a folder of its own, initialises it, and returns it.

        `../sibling` leads to the source's siblings from there too. The state is local, or in the backend that is
        given, whatever the source says. An override adds `PROVIDER_FLAGS` and the arguments in `provider` (None unsets
        one) to the default configuration of the AWS provider; with None, it configures no provider.

        With `attached=False` Terraform starts its providers itself, checks their versions and locks them,
        some seconds slower. A root with several configurations of one provider needs that: a running provider
        keeps the last one only.
        """
        folder = Path(tempfile.mkdtemp(prefix=f"{source.name}-", dir=self._work))
        for sibling in source.resolve().parent.iterdir():
            if sibling.name != source.name:
                (folder / sibling.name).symlink_to(sibling)
        directory = folder / source.name
        shutil.copytree(source, directory, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
        override: dict[str, Any] = {"terraform": {"backend": backend}}
        if provider is not None:
            override["provider"] = {"aws": {**PROVIDER_FLAGS, **provider}}
        (directory / "tests_override.tf.json").write_text(json.dumps(override))
        return Root(self, directory, attached)

    def run(
        self, arguments: Sequence[str], directory: Path, types: frozenset[bytes] | None, attached: bool
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command in a folder; with `types`, running providers tell of these types only."""
        environment = {**LESS_COLLECTING, **self.environment}
        if attached:
            environment["TF_REATTACH_PROVIDERS"] = json.dumps(self.reattach)
            if self.relay:
                self.relay.types = types
        return _run(self._program, arguments, directory, environment)


@contextmanager
def open_terraform(
    work: Path, cache: Path, environment: Mapping[str, str] = OFFLINE, path: Sequence[Path] = ()
) -> Iterator[Terraform]:
    """Starts the providers and yields a Terraform that uses them; they end with the context or this process.

    Of the caller's environment nothing but PATH and the language gets through: no TF_VAR_, no credentials, no
    home. `environment` is added, for the providers as well as for the commands; the folders of `path` come before
    those of PATH.

    The roots are kept in `work`. A provider that no folder of this machine has is fetched from the registry
    into `cache`; only the random provider has a stand-in. Raises TerraformUnavailable.
    """
    program = shutil.which("terraform")
    if program is None:
        raise TerraformUnavailable("terraform is not on the PATH")
    with ExitStack() as stack:
        # Not in `work`: the path of a Unix socket has to be short.
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tf-")))
        configuration = scratch / "terraform.tfrc"
        configuration.touch()
        clean = {name: os.environ[name] for name in ("LANG", "LC_ALL") if name in os.environ} | {
            "PATH": os.pathsep.join([*map(str, path), os.environ["PATH"]]),
            "HOME": str(scratch),
            "TMPDIR": str(scratch),
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": str(configuration),
            **environment,
        }
        about = json.loads(_run(program, ["version", "-json"], scratch, clean).stdout)
        if about["terraform_version"] not in SpecifierSet(TERRAFORM):
            raise TerraformUnavailable(
                f"terraform on the PATH is {about['terraform_version']}, and {TERRAFORM} is needed"
            )
        packages = _find_or_fetch(program, cache, about["platform"], clean)
        binaries = assemble_mirror(scratch, packages, about["platform"])
        configuration.write_text(mirror_configuration(scratch))

        terraform = Terraform(program, about["terraform_version"], work, clean)
        for provider, binary in binaries.items():
            stay = "-debug" if provider in packages else "--dev"
            reattach = stack.enter_context(running([str(binary), stay], scratch / f"{provider}.log", clean))
            terraform.reattach |= reattach
            if not reattach:
                warnings.warn(f"{binary.name} does not stay running; every command launches it", stacklevel=3)
        aws = terraform.reattach.get(f"{REGISTRY}/hashicorp/aws")
        if aws and aws["ProtocolVersion"] == 5 and aws["Addr"]["Network"] == "unix":
            socket = str(scratch / "relay.sock")
            terraform.relay = SchemaRelay(f"unix:{aws['Addr']['String']}", f"unix:{socket}")
            stack.callback(terraform.relay.close)
            aws["Addr"]["String"] = socket
        yield terraform


def _run(
    program: str,
    arguments: Sequence[str],
    directory: Path,
    environment: Mapping[str, str],
    seconds: float = COMMAND_SECONDS,
) -> subprocess.CompletedProcess[str]:
    with subprocess.Popen(
        [program, *arguments],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, errors = process.communicate(timeout=seconds)
        except BaseException:
            # The whole group: Terraform leaves its providers and scripts behind when it is killed alone.
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(arguments, process.returncode, output, errors)


def _planning(variables: Variables) -> dict[str, Any]:
    """Returns the test that plans with variables, in which Terraform would read texts and keys as templates."""
    escaped = json.dumps(dict(variables)).replace("${", "$${").replace("%{", "%%{")
    return {"run": {"plan": {"command": "plan", "variables": json.loads(escaped)}}}


def _json_lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def _diagnostics(messages: Sequence[Mapping[str, Any]]) -> list[Diagnostic]:
    """Returns the diagnostics of `validate -json`, or of the events that plan, apply and destroy report."""
    found = [one for message in messages for one in message.get("diagnostics", [])]
    found += [message["diagnostic"] for message in messages if message.get("type") == "diagnostic"]
    return [Diagnostic(one["severity"], one["summary"], one.get("detail", "")) for one in found]


def _spoken(ended: subprocess.CompletedProcess[str]) -> Diagnostic:
    """Returns, as one diagnostic, what a command without diagnostics in JSON says, out of its frames."""
    return Diagnostic("error", "Terraform says", re.sub("[│╷╵]", "", ended.stderr or ended.stdout))


def _find_or_fetch(program: str, cache: Path, platform: str, environment: Mapping[str, str]) -> dict[str, Package]:
    """Returns the newest package of each provider; of the AWS provider there always is one."""
    found = newest_packages(cache, platform)
    if "aws" in found:
        return found
    # Tests that run at the same time fetch it once.
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = newest_packages(cache, platform)
        if "aws" not in found and (hindrance := _fetch(program, cache, environment)):
            raise TerraformUnavailable(
                f"no AWS provider {PROVIDERS['aws']['version']} for {platform}, neither in a folder {REGISTRY} "
                f"on this machine nor from the registry: {hindrance}"
            )
        return newest_packages(cache, platform)


def _fetch(program: str, cache: Path, environment: Mapping[str, str]) -> str:
    """Lets Terraform install the providers from the registry into `cache`; returns what kept it from that."""
    network = re.compile("(https?|no)_proxy|SSL_CERT_(FILE|DIR)", re.IGNORECASE)
    reached = {name: value for name, value in os.environ.items() if network.fullmatch(name)}
    with tempfile.TemporaryDirectory(dir=cache) as directory:
        root = Path(directory)
        (root / "main.tf.json").write_text(json.dumps({"terraform": {"required_providers": PROVIDERS}}))
        init = ["init", "-no-color", "-input=false"]
        try:
            ended = _run(program, init, root, {**environment, **reached}, REGISTRY_SECONDS)
        except subprocess.TimeoutExpired:
            return f"it took more than {REGISTRY_SECONDS} s"
        if ended.returncode:
            return _spoken(ended).text.split(" To see ")[0]
        # In one step, so that `cache` never holds half a provider.
        shutil.rmtree(cache / "providers", ignore_errors=True)
        (root / ".terraform" / "providers").rename(cache / "providers")
    return ""
