"""The settings of a tenant: the module's inputs, options of the AWS provider, and a backend."""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from inspect import signature
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema, field_validator, model_validator
from pydantic_core import PydanticCustomError

from litellm_aws.constructs.inputs import DECLARATION, Inputs
from litellm_aws.constructs.litellm import LITELLM
from litellm_aws.constructs.module_kind import ModuleKind
from litellm_aws.constructs.production import is_production
from litellm_aws.constructs.rules import RULE_BROKEN, Matches, NotEmpty, OneOf, role_arn

from .waves import Wave, wave_of

_Text = Annotated[str, NotEmpty()]
_ONE_OR_SEVERAL = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


class _Options(BaseModel):
    model_config = DECLARATION

    @field_validator("*", mode="before")
    @classmethod
    def _not_null(cls, value: Any) -> Any:
        if value is None:  # the value of options that are not in the file
            raise PydanticCustomError("null", "has no value")
        return value

    def given(self) -> dict[str, Any]:
        """Returns the options that have a value, as arguments of Terraform."""
        return self.model_dump(exclude_none=True)


def _of_known_services(endpoints: dict[str, str]) -> dict[str, str]:
    # Imported here, because it is large, and most fleets name no endpoint.
    from cdktf_cdktf_provider_aws.provider import AwsProviderEndpoints

    known = [name.rstrip("_") for name in signature(AwsProviderEndpoints).parameters]
    unknown = []
    for name in endpoints.keys() - known:
        near = get_close_matches(name, known, n=1)
        unknown.append(f"{name} (did you mean {near[0]}?)" if near else f"{name} (remove it)")
    if unknown:
        says = f"has unknown AWS services: {', '.join(sorted(unknown))}"
        raise PydanticCustomError(RULE_BROKEN, "{says}", {"says": says})
    return endpoints


_REGION = "[a-z]{2,}(-[a-z]+)+-[0-9]+"
_DURATION = "([0-9]+([.][0-9]+)?(ns|us|µs|ms|s|m|h))+"
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST_KEY = 1024


def _is_region(region: str) -> bool:
    return re.fullmatch(_REGION, region) is not None


def _of_a_session(duration: str) -> str:
    seconds = -1.0
    if len(duration) < _LONGEST_KEY and re.fullmatch(_DURATION, duration):
        seconds = sum(
            float(number) * _SECONDS[unit] for number, unit in re.findall("([0-9.]+)(ns|us|µs|ms|s|m|h)", duration)
        )
    if not 15 * 60 <= seconds <= 12 * 3600:
        raise PydanticCustomError(RULE_BROKEN, "must be a duration from 15m to 12h, such as 1h30m")
    return duration


def _of_a_state(key: str) -> str:
    if key.startswith("/") or key.endswith("/") or "//" in key:
        raise PydanticCustomError(RULE_BROKEN, "must not start or end with a slash, or contain two in a row")
    if len(key.encode()) > _LONGEST_KEY:
        raise PydanticCustomError(RULE_BROKEN, "must have at most 1024 bytes: S3 has no longer keys")
    return key


class AssumeRole(_Options):
    """A role that Terraform assumes."""

    role_arn: Annotated[str, role_arn()]
    """Role to assume."""
    session_name: (
        Annotated[str, Matches("[A-Za-z0-9_+=,.@-]{2,64}", "2 to 64 letters, digits and characters of _+=,.@-")] | None
    ) = None
    """Name of the session, as CloudTrail shows it."""
    external_id: (
        Annotated[str, Matches("[A-Za-z0-9_+=,.@:/-]{2,}", "2 or more letters, digits and characters of _+=,.@:/-")]
        | None
    ) = None
    """External id that the role's trust policy asks for."""
    duration: Annotated[str, AfterValidator(_of_a_session)] | None = None
    """How long the session lasts, such as 1h30m."""


class Provider(_Options):
    """Options of the AWS provider in the tenant's root."""

    region: Annotated[str, Matches(_REGION, "an AWS region, such as us-west-2")] | None = None
    """Region; by default, and in any case equal to, the tenant's `region`."""
    profile: _Text | None = None
    """Profile of the AWS configuration files. The AWS CLI that runs the one-off tasks needs it as AWS_PROFILE, too."""
    assume_role: AssumeRole | None = None
    """Role that Terraform assumes."""
    default_tags: dict[str, str] | None = None
    """Tags that the provider adds to every resource. The input `tags` overrides them."""
    allowed_account_ids: list[Annotated[str, Matches("[0-9]{12}", "an account id of 12 digits")]] | None = None
    """Accounts that this root may be applied to. Terraform refuses every other one."""
    endpoints: Annotated[dict[str, str], AfterValidator(_of_known_services)] | None = None
    """URLs of AWS services by the provider's names, for VPC endpoints or a local AWS."""
    s3_use_path_style: bool | None = None
    """Whether S3 requests have the bucket in the path."""


class LocalBackend(_Options):
    """State in a file."""

    path: _Text | None = None
    """Path relative to the tenants file. By default `terraform.<tenant>-<env>.tfstate`."""


class S3BackendEndpoints(_Options):
    """URLs of the AWS services that the S3 backend uses."""

    s3: _Text | None = None
    """URL of S3."""
    sts: _Text | None = None
    """URL of STS."""
    iam: _Text | None = None
    """URL of IAM."""
    sso: _Text | None = None
    """URL of IAM Identity Center."""


class S3Backend(_Options):
    """State in an S3 bucket."""

    bucket: _Text
    """Name of the bucket."""
    region: _Text
    """Region of the bucket."""
    key: Annotated[_Text, AfterValidator(_of_a_state)] | None = None
    """Key of the state. By default `litellm/<tenant>-<env>/terraform.tfstate`."""
    use_lockfile: bool = True
    """Whether a lock object next to the state prevents two applies at the same time (Terraform 1.10 and later)."""
    encrypt: bool = True
    """Whether S3 encrypts the state."""
    kms_key_id: _Text | None = None
    """KMS key that encrypts it."""
    profile: _Text | None = None
    """Profile of the AWS configuration files."""
    assume_role: AssumeRole | None = None
    """Role that Terraform assumes to read and write the state."""
    endpoints: S3BackendEndpoints | None = None
    """URLs of the AWS services that the backend uses."""
    use_path_style: bool | None = None
    """Whether S3 requests have the bucket in the path."""
    skip_credentials_validation: bool | None = None
    """Whether the credentials are not validated with STS."""
    skip_metadata_api_check: bool | None = None
    """Whether the EC2 metadata service is not used."""
    skip_region_validation: bool | None = None
    """Whether an unknown region is accepted."""
    skip_requesting_account_id: bool | None = None
    """Whether the account ID is not requested."""

    @model_validator(mode="after")
    def _region_exists(self) -> S3Backend:
        if not (self.skip_region_validation or _is_region(self.region)):
            says = "has no AWS region, such as us-west-2: correct `region`, or set skip_region_validation to true"
            raise PydanticCustomError(RULE_BROKEN, "{says}", {"says": says})
        return self


HCP_HOST = "app.terraform.io"
WORKSPACE_OF_WORKSPACES = "litellm-workspaces"
"""The workspace of the stack that creates the tenants' workspaces."""


def _of_a_tenant(workspace: str) -> str:
    if workspace == WORKSPACE_OF_WORKSPACES:
        raise PydanticCustomError(RULE_BROKEN, "must not be the workspace of the stack that creates the workspaces")
    return workspace


class CloudBackend(_Options):
    """State, and runs, in HCP Terraform or Terraform Enterprise."""

    organization: Annotated[str, Matches("[A-Za-z0-9_-]+", "a name of letters, digits, hyphens and underscores")]
    """Organization of the workspace."""
    hostname: Annotated[str, Matches("[a-z0-9.-]+(?::[0-9]+)?", "a host, such as tfe.example.com")] | None = None
    """Host of Terraform Enterprise."""
    project: _Text | None = None
    """Project of the workspace."""
    workspace: Annotated[_Text, AfterValidator(_of_a_tenant)] | None = None
    """Name of the workspace. By default `litellm-<tenant>-<env>`."""

    @property
    def host(self) -> str:
        """The host, by default HCP Terraform's."""
        return self.hostname or HCP_HOST

    def arguments(self, workspace: str, project: str | None = None) -> dict[str, Any]:
        """Returns the arguments of Terraform's block `cloud` for a workspace."""
        options = self.model_dump(include={"hostname", "organization"}, exclude_none=True)
        return {**options, "workspaces": {"name": workspace, **({"project": project} if project else {})}}


class Backend(_Options):
    """Where a tenant's state is: one of the three."""

    local: LocalBackend | None = None
    """State in a file next to the tenants file."""
    s3: S3Backend | None = None
    """State in an S3 bucket."""
    cloud: CloudBackend | None = None
    """State in HCP Terraform or Terraform Enterprise."""

    @model_validator(mode="after")
    def _one(self) -> Backend:
        if len(self.given()) != 1:
            raise PydanticCustomError(RULE_BROKEN, "must name one of local, s3, cloud")
        return self


class TenantSettings(Inputs):
    """The settings of one tenant, merged with its profiles and defaults."""

    module: ClassVar[ModuleKind] = LITELLM
    """The module that the tenant's root calls."""

    provider: Provider = Provider()
    """Options of the AWS provider in the tenant's root."""
    backend: Backend = Backend(local=LocalBackend())
    """Where the tenant's state is. By default, a file next to the tenants file."""
    proxy_config_file: str = ""
    """YAML file with the proxy_config: a path from the folder of the file that names it, inside of that folder."""
    profile: Annotated[list[str], WithJsonSchema(_ONE_OR_SEVERAL)] = Field(default_factory=list)
    """Profile or list of profiles, between the defaults and the tenant's own inputs. A later one wins."""

    wave: Annotated[str, OneOf(tuple(Wave))] | None = None
    """When a change that touches every tenant reaches this one: dev, stage or prod. By default, it depends on `env`.
    Set to prod, it also makes the stack production."""

    @field_validator("region")
    @classmethod
    def _region_exists(cls, region: str) -> str:
        if not _is_region(region):
            raise PydanticCustomError(RULE_BROKEN, "must be an AWS region, such as us-west-2")
        return region

    @property
    def effective_wave(self) -> Wave:
        """The tenant's wave, by default that of the environment."""
        return Wave(self.wave) if self.wave else wave_of(self.env)

    @property
    def is_production(self) -> bool:
        """Whether the stack is protected as production: by the input, by the tenant's own wave, or by `env`."""
        return self.wave == Wave.PROD or is_production(self.env) if self.production is None else self.production

    @property
    def label(self) -> str:
        """`<tenant>-<env>`: the name of the tenant's root."""
        return f"{self.tenant}-{self.env}"

    def inputs_set(self) -> dict[str, Any]:
        """Returns the module inputs that this tenant sets, in the order of the declaration."""
        values = self.model_dump(include=set(self.module.inputs) & self.model_fields_set)
        return {name: values[name] for name in self.module.inputs if name in values}

    def state_identity(self, folder: Path) -> tuple[str | None, ...]:
        """Returns what identifies the tenant's state.

        Args:
            folder: the tenants file's.
        """
        backend = self.backend
        if backend.s3 is not None:
            endpoint = backend.s3.endpoints.s3 if backend.s3.endpoints else None
            return ("s3", endpoint, backend.s3.bucket, self.state_key)
        if backend.cloud is not None:
            return ("cloud", backend.cloud.host, backend.cloud.organization, self.workspace)
        return ("local", os.path.normpath(folder / self.state_file))

    @property
    def state_place(self) -> str:
        """Where the state is, for messages."""
        if self.backend.s3 is not None:
            return f"s3://{self.backend.s3.bucket}/{self.state_key}"
        if self.backend.cloud is not None:
            return f"HCP Terraform workspace {self.workspace}"
        return self.state_file

    @property
    def state_file(self) -> str:
        """The local state's path, relative to the tenants file."""
        given = self.backend.local and self.backend.local.path
        return given or f"terraform.{self.label}.tfstate"

    @property
    def state_key(self) -> str:
        """The state's key in S3."""
        given = self.backend.s3 and self.backend.s3.key
        return given or f"litellm/{self.label}/terraform.tfstate"

    @property
    def workspace(self) -> str:
        """The workspace's name in HCP Terraform."""
        given = self.backend.cloud and self.backend.cloud.workspace
        return given or f"litellm-{self.label}"
