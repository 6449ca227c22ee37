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

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import grpc

Version = tuple[int, ...]
Variables = Mapping[str, Any]

OLDEST_TERRAFORM: Version = (1, 9)
REGISTRY = "registry.terraform.io"
PROVIDERS: Mapping[str, tuple[Version, Version]] = {"aws": ((5, 100), (7,)), "random": ((3, 6), (4,))}
"""The releases the module takes of each provider of HashiCorp's: from, and up to but not including."""

STAND_IN = Path(__file__).parent / "stand_ins" / "random_provider.py"
STAND_IN_VERSION: Version = (3, 7, 2)

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

PROVIDER_START_SECONDS = 30
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
        """Returns the planned attributes of a resource; those that are not known yet are missing."""
        return dict(self._resources[address]["values"])

    def unknown(self, address: str) -> dict[str, Any]:
        """Returns which attributes of a resource are known only after the apply: its `after_unknown`."""
        changes = {change["address"]: change["change"] for change in self.document["resource_changes"]}
        return dict(changes[address]["after_unknown"])

    @cached_property
    def _resources(self) -> dict[str, dict[str, Any]]:
        planned = self.document["planned_values"].get("root_module", {})
        return {found["address"]: found for found in _resources_below(planned)}


def _resources_below(module: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _resources_below(child)


class Root:
    """A copy of a root module in a folder of its own, initialised, with its state beside it.

    A command that fails raises TerraformError. Variables are given with their Python values; one that the
    root does not declare is an error too, which Terraform alone would only warn of.
    """

    def __init__(self, terraform: "Terraform", directory: Path, attached: bool) -> None:
        """Called by `Terraform.root`."""
        self.directory = directory
        self._terraform = terraform
        self._attached = attached
        self._run("init", "-input=false", "-no-color")

    def validate(self) -> list[Diagnostic]:
        """Returns what `terraform validate` objects to; nothing for a valid configuration."""
        return _diagnostics([json.loads(self._run("validate", "-json", failing=True).stdout)])

    def plan(self, variables: Variables | None = None, *, refresh: bool = False) -> Plan:
        """Returns the plan; `refresh` asks the providers for the present state of what exists."""
        found = self._run_with(
            variables, "plan", "-out=plan.bin", "-lock=false", f"-refresh={str(refresh).lower()}"
        )
        document = json.loads(self._run("show", "-json", "plan.bin").stdout)
        return Plan(document, tuple(found))

    def refusal(self, variables: Variables | None = None) -> str:
        """Returns the errors by which Terraform refuses to plan, one to a line; fails if it does plan."""
        try:
            plan = self.plan(variables)
        except TerraformError as error:
            return "\n".join(found.text for found in error.diagnostics if found.severity == "error")
        raise AssertionError(f"planned without an error: {dict(plan.counts)}")

    def apply(self, variables: Variables | None = None) -> list[Diagnostic]:
        """Applies without asking, and returns the warnings."""
        return self._run_with(variables, "apply", "-auto-approve")

    def destroy(self, variables: Variables | None = None) -> list[Diagnostic]:
        """Destroys without asking, and returns the warnings."""
        return self._run_with(variables, "destroy", "-auto-approve")

    def outputs(self) -> dict[str, Any]:
        """Returns the outputs of the last apply, sensitive ones as well."""
        outputs = json.loads(self._run("output", "-json").stdout)
        return {name: output["value"] for name, output in outputs.items()}

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
            name for file in files for name in re.findall(rb"\baws_[a-z0-9_]+", file.read_bytes())
        )


class Terraform:
    """Terraform with its providers, from `open_terraform`."""

    def __init__(self, program: str, work: Path, environment: Mapping[str, str]) -> None:
        """Called by `open_terraform`."""
        self.reattach: dict[str, Any] = {}
        """Where the running providers are reached, for TF_REATTACH_PROVIDERS; others are launched."""

        self.relay: SchemaRelay | None = None
        self._program = program
        self._work = work
        self._environment = environment

    def root(self, source: Path, *, provider: Mapping[str, Any] | None = None, attached: bool = True) -> Root:
        """Copies a root module into a folder of its own, initialises it, and returns it.

        `../sibling` leads to the source's siblings from there too. The state is local, whatever the source
        says. An override adds `PROVIDER_FLAGS` and the arguments in `provider` (None unsets one) to the
        default configuration of the AWS provider.

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
        override = {
            "terraform": {"backend": {"local": {}}},
            "provider": {"aws": {**PROVIDER_FLAGS, **(provider or {})}},
        }
        (directory / "tests_override.tf.json").write_text(json.dumps(override))
        return Root(self, directory, attached)

    def run(
        self, arguments: Sequence[str], directory: Path, types: frozenset[bytes] | None, attached: bool
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command in a folder; with `types`, running providers tell of these types only."""
        environment = dict(self._environment)
        if attached:
            environment["TF_REATTACH_PROVIDERS"] = json.dumps(self.reattach)
            if self.relay:
                self.relay.types = types
        return _run(self._program, arguments, directory, environment)


@contextmanager
def open_terraform(work: Path, cache: Path, environment: Mapping[str, str] = OFFLINE) -> Iterator[Terraform]:
    """Starts the providers and yields a Terraform that uses them; they end with the context or this process.

    Of the caller's environment nothing but PATH and the language gets through: no TF_VAR_, no credentials, no
    home. `environment` is added, for the providers as well as for the commands.

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
        clean = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ} | {
            "HOME": str(scratch),
            "TMPDIR": str(scratch),
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": str(configuration),
            **environment,
        }
        about = json.loads(_run(program, ["version", "-json"], scratch, clean).stdout)
        if _version(about["terraform_version"]) < OLDEST_TERRAFORM:
            raise TerraformUnavailable(
                f"terraform on the PATH is {about['terraform_version']}, 1.9 is needed"
            )
        packages = _find_or_fetch(program, cache, about["platform"], clean)
        binaries = _assemble_mirror(scratch, packages, about["platform"])
        path = json.dumps(str(scratch / "mirror"))
        configuration.write_text(
            f"provider_installation {{\n  filesystem_mirror {{\n    path = {path}\n  }}\n}}\n"
        )

        terraform = Terraform(program, work, clean)
        for provider, binary in binaries.items():
            stay = "-debug" if provider in packages else "--dev"
            reattach = stack.enter_context(_running([str(binary), stay], scratch / f"{provider}.log", clean))
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


@dataclass(frozen=True)
class Package:
    """A release of a provider on this machine: a folder with its binary, or a zip file of that."""

    provider: str
    version: Version
    path: Path


def provider_folders(cache: Path) -> list[Path]:
    """Returns the folders called `registry.terraform.io` on this machine, HashiCorp's providers in them.

    They are sought where Terraform looks by itself, where its configuration sends it, in the plugin caches,
    in `cache`, and one or two levels below the places where software is added to a machine.
    """
    home = Path.home()
    configuration = Path(os.environ.get("TF_CLI_CONFIG_FILE", home / ".terraformrc"))
    configured = re.findall(
        r'(?:\bpath|plugin_cache_dir)\s*=\s*"([^"]+)"',
        configuration.read_text() if configuration.is_file() else "",
    )
    named = [*configured, *filter(None, [os.environ.get("TF_PLUGIN_CACHE_DIR")])]
    data = os.environ.get("XDG_DATA_DIRS", "/usr/local/share:/usr/share").split(":")
    data += [os.environ.get("XDG_DATA_HOME", f"{home}/.local/share")]
    exact = [
        cache / "providers",
        *(Path(os.path.expandvars(name)).expanduser() for name in named),
        *(Path(directory) / "terraform" / "plugins" for directory in data),
        Path("terraform.d/plugins").absolute(),
        home / "Library/Application Support/io.hashicorp.terraform/plugins",
        Path("/Library/Application Support/io.hashicorp.terraform/plugins"),
    ]
    roots = ["/opt", "/srv", "/usr/lib", "/usr/local", "/usr/local/lib", "/usr/local/share", "/usr/share"]
    above = [Path(root) for root in roots] + [home / ".terraform.d"]
    found = [directory / REGISTRY for directory in exact]
    found += [path for root in above for depth in ("", "*/", "*/*/") for path in root.glob(depth + REGISTRY)]
    return [folder for folder in dict.fromkeys(found) if (folder / "hashicorp").is_dir()]


def packages_in(folder: Path, platform: str) -> Iterator[Package]:
    """Yields what a mirror has for a platform such as linux_amd64, of the releases the module takes."""
    for provider, (oldest, end) in PROVIDERS.items():
        home = folder / "hashicorp" / provider
        unpacked = [(path.parent.name, path) for path in home.glob(f"*/{platform}") if path.is_dir()]
        packed = [(path.name.split("_")[1], path) for path in home.glob(f"*_*_{platform}.zip")]
        for version, path in [*unpacked, *packed]:
            if re.fullmatch(r"\d+\.\d+\.\d+", version) and oldest <= _version(version) < end:
                yield Package(provider, _version(version), path)


def _version(written: str) -> Version:
    return tuple(int(part) for part in re.findall(r"\d+", written)[:3])


def _dotted(version: Version) -> str:
    return ".".join(str(part) for part in version)


def _find_or_fetch(
    program: str, cache: Path, platform: str, environment: Mapping[str, str]
) -> dict[str, Package]:
    """Returns the newest package of each provider; of the AWS provider there always is one."""
    found = _newest(cache, platform)
    if "aws" not in found:
        if hindrance := _fetch(program, cache, environment):
            oldest, end = (_dotted(version) for version in PROVIDERS["aws"])
            raise TerraformUnavailable(
                f"no AWS provider >= {oldest}, < {end} for {platform}, neither in a folder {REGISTRY} "
                f"on this machine nor from the registry: {hindrance}"
            )
        found = _newest(cache, platform)
    return found


def _newest(cache: Path, platform: str) -> dict[str, Package]:
    found = [package for folder in provider_folders(cache) for package in packages_in(folder, platform)]
    found.sort(key=lambda package: (package.version, package.path.is_dir()))
    return {package.provider: package for package in found}


def _fetch(program: str, cache: Path, environment: Mapping[str, str]) -> str:
    """Lets Terraform install the providers from the registry into `cache`; returns what kept it from that."""
    required = {
        provider: {"source": f"hashicorp/{provider}", "version": f">= {_dotted(oldest)}, < {_dotted(end)}"}
        for provider, (oldest, end) in PROVIDERS.items()
    }
    network = re.compile("(https?|no)_proxy|SSL_CERT_(FILE|DIR)", re.IGNORECASE)
    reached = {name: value for name, value in os.environ.items() if network.fullmatch(name)}
    with tempfile.TemporaryDirectory(dir=cache) as directory:
        root = Path(directory)
        (root / "main.tf.json").write_text(json.dumps({"terraform": {"required_providers": required}}))
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


def _assemble_mirror(scratch: Path, packages: Mapping[str, Package], platform: str) -> dict[str, Path]:
    """Makes a mirror for Terraform of the packages and the stand-in; returns the binary of each provider."""
    binaries = {}
    for provider in PROVIDERS:
        package = packages.get(provider)
        version = _dotted(package.version if package else STAND_IN_VERSION)
        # Terraform follows a link in the place of this folder, and of none above it.
        folder = scratch / "mirror" / REGISTRY / "hashicorp" / provider / version / platform
        folder.parent.mkdir(parents=True)
        if package and package.path.is_dir():
            folder.symlink_to(package.path)
        elif package:
            shutil.unpack_archive(package.path, folder, "zip")
        else:
            folder.mkdir()
            command = shlex.join([sys.executable, "-u", str(STAND_IN)])
            launcher = folder / f"terraform-provider-{provider}_v{version}"
            launcher.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        binaries[provider] = next(folder.glob(f"terraform-provider-{provider}_v*"))
        if not folder.is_symlink():
            binaries[provider].chmod(0o755)
    return binaries


@contextmanager
def _running(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Runs a provider and yields where it is reached, or nothing if it does not say so in time."""
    # The shell sees the end of its input when this process is gone, however it went, and kills the provider.
    # In a session of its own, neither hears a Ctrl-C before the tests have come to their end.
    guard = ["sh", "-c", '"$@" & cat >/dev/null; kill -9 $!; wait', "sh", *command]
    with (
        log.open("w") as output,
        subprocess.Popen(
            guard,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ),
    ):
        end = time.monotonic() + PROVIDER_START_SECONDS
        said = None
        while said is None and time.monotonic() < end:
            time.sleep(0.02)
            said = re.search("TF_REATTACH_PROVIDERS='(.*)'", log.read_text())
        yield json.loads(said[1]) if said else {}


class SchemaRelay:
    """Stands between Terraform and a provider, and passes on everything but the schemas nobody asked for.

    Terraform decodes the whole schema in every command; of AWS's, that takes a second, for a few dozen
    types out of 1,500. Requests and responses travel as the bytes they are.
    """

    SERVICE = "/tfplugin5.Provider/"

    def __init__(self, provider: str, address: str) -> None:
        """Serves at `address` what the provider at the address `provider` says, both as gRPC writes them."""
        self.types: frozenset[bytes] | None = None
        """The resource types and data sources that Terraform is told of; None for all of them."""

        unlimited = [("grpc.max_receive_message_length", -1)]
        self._channel = grpc.insecure_channel(provider, options=unlimited)
        self._schema = self._channel.unary_unary(self.SERVICE + "GetSchema")(b"")
        # Terraform works on ten resources at once, each of which may wait for minutes, and may yet say Stop.
        self._server = grpc.server(ThreadPoolExecutor(32), handlers=[self], options=unlimited)
        self._server.add_insecure_port(address)
        self._server.start()

    def close(self) -> None:
        """Stops serving."""
        self._server.stop(grace=None).wait()
        self._channel.close()

    def service(self, call: Any) -> Any:
        """Returns gRPC's handler of a call, or None for one that is not the provider's."""
        if not call.method.startswith(self.SERVICE):
            return None
        ask = self._channel.unary_unary(call.method)

        def relay(request: bytes, context: Any) -> Any:
            try:
                return ask(request)
            except grpc.RpcError as error:
                return context.abort(error.code(), error.details())

        def schema(request: bytes, context: Any) -> bytes:
            return self._schema if self.types is None else _schema_of(self.types, self._schema)

        wanted = schema if call.method == self.SERVICE + "GetSchema" else relay
        return grpc.unary_unary_rpc_method_handler(wanted)


def _schema_of(types: frozenset[bytes], schema: bytes) -> bytes:
    """Returns a GetProviderSchema response of the plugin protocol without the types that are not in `types`.

    All its fields have a length. Fields 2 and 3 map the names of resource types and of data sources to their
    schemas, and an entry of a map begins with the name: a tag, its length, and the name itself.
    """
    kept = bytearray()
    start = 0
    while start < len(schema):
        number = schema[start] >> 3
        length, content = _varint(schema, start + 1)
        if number not in (2, 3) or schema[content + 2 : content + 2 + schema[content + 1]] in types:
            kept += schema[start : content + length]
        start = content + length
    return bytes(kept)


def _varint(message: bytes, start: int) -> tuple[int, int]:
    """Returns the number that begins at `start`, seven bits to a byte, and where the next thing begins."""
    value = shift = 0
    for index in range(start, len(message)):
        value |= (message[index] & 0x7F) << shift
        shift += 7
        if message[index] < 0x80:
            return value, index + 1
    raise ValueError("the message ends within a number")
