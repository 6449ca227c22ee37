"""Stand-in for the provider hashicorp/tfe that stores its arguments and never calls HCP Terraform.

Its schema comes from the prebuilt CDKTF bindings, which HashiCorp generated from release 0.71.0 of the real provider:
the arguments, their types, and which ones are required. Unlike the real provider, it does not validate anything else,
and computes only IDs.
"""

import inspect
import typing
from typing import Any

import jsii
from cdktf_cdktf_provider_tfe.data_tfe_project import DataTfeProject
from cdktf_cdktf_provider_tfe.provider import TfeProvider as ProviderBinding
from cdktf_cdktf_provider_tfe.workspace import Workspace
from cdktf_cdktf_provider_tfe.workspace_settings import WorkspaceSettings
from tf.blocks import SetNestedBlock
from tf.iface import CreateContext, DataSource, DeleteContext, Provider, ReadContext, Resource, UpdateContext
from tf.runner import run_provider
from tf.schema import Attribute, Block, Schema
from tf.types import Bool, List, Map, Number, String, TfType
from tf.utils import Diagnostics

Values = dict[str, Any]

META = {"self", "scope", "id_", "id", "connection", "count", "depends_on", "for_each", "lifecycle", "provider"}
META |= {"provisioners"}
"""Parameters that are computed, or that belong to CDKTF or Terraform."""


def _type(annotation: Any) -> TfType | type:
    """Returns the Terraform type of an argument, or the class of a nested block."""
    members = [each for each in typing.get_args(annotation) if each is not type(None)]
    if typing.get_origin(annotation) is typing.Union:
        # An optional argument. For a block, the class comes before the dict that may replace it.
        return _type(members[0])
    match typing.get_origin(annotation) or annotation:
        case builtin if builtin in (str, bool):
            return String() if builtin is str else Bool()
        case sequence if sequence.__name__ == "Sequence":
            return List(String())
        case mapping if mapping.__name__ == "Mapping":
            return Map(String())
        case jsii.Number:
            return Number()
        case other if isinstance(other, type):
            return other
    raise TypeError(f"{annotation} has no Terraform type")


def _arguments(binding: type) -> tuple[list[Attribute], list[SetNestedBlock]]:
    attributes, blocks = [], []
    initializer = binding.__init__  # type: ignore[misc]
    hints = typing.get_type_hints(initializer)
    for name, parameter in inspect.signature(initializer).parameters.items():
        if name in META:
            continue
        of_type = _type(hints[name])
        required = parameter.default is inspect.Parameter.empty
        if isinstance(of_type, type):
            blocks.append(SetNestedBlock(name, Block(attributes=_arguments(of_type)[0])))
        else:
            attributes.append(Attribute(name, of_type, required=required, optional=not required))
    return attributes, blocks


def _schema(binding: type) -> Schema:
    attributes, blocks = _arguments(binding)
    return Schema(version=0, attributes=[*attributes, Attribute("id", String(), computed=True)], block_types=[*blocks])


class _StoredResource(Resource):
    """A resource that stores its arguments."""

    binding: type
    name: str

    def __init__(self, provider: Provider) -> None:
        """Stores nothing: `tf` creates a new object for each call."""

    @classmethod
    def get_name(cls) -> str:
        return cls.name

    @classmethod
    def get_schema(cls) -> Schema:
        return _schema(cls.binding)

    def create(self, ctx: CreateContext, planned: Values) -> Values:
        return planned | {"id": f"{self.name}-{planned.get('name') or planned.get('workspace_id')}"}

    def read(self, ctx: ReadContext, current: Values) -> Values:
        return current

    def update(self, ctx: UpdateContext, current: Values, planned: Values) -> Values:
        return planned

    def delete(self, ctx: DeleteContext, current: Values) -> None:
        pass


class WorkspaceResource(_StoredResource):
    """`tfe_workspace`."""

    binding = Workspace
    name = "workspace"


class WorkspaceSettingsResource(_StoredResource):
    """`tfe_workspace_settings`."""

    binding = WorkspaceSettings
    name = "workspace_settings"


class ProjectDataSource(DataSource):
    """`tfe_project`: finds every requested project."""

    def __init__(self, provider: Provider) -> None:
        """Stores nothing."""

    @classmethod
    def get_name(cls) -> str:
        return "project"

    @classmethod
    def get_schema(cls) -> Schema:
        return _schema(DataTfeProject)

    def validate(self, diags: Diagnostics, type_name: str, config: Values) -> None:
        pass

    def read(self, ctx: Any, config: Values) -> Values:
        return config | {"id": f"prj-{config['organization']}-{config['name']}"}


class TfeProvider(Provider):
    """The provider, with two resources and one data source."""

    def full_name(self) -> str:
        return "registry.terraform.io/hashicorp/tfe"

    def get_model_prefix(self) -> str:
        return "tfe_"

    def get_provider_schema(self, diags: Diagnostics) -> Schema:
        attributes = [each for each in _arguments(ProviderBinding)[0] if each.name != "alias"]
        return Schema(attributes=attributes)

    def validate_config(self, diags: Diagnostics, config: Values) -> None:
        pass

    def configure_provider(self, diags: Diagnostics, config: Values) -> None:
        pass

    def get_data_sources(self) -> list[type[DataSource]]:
        return [ProjectDataSource]

    def get_resources(self) -> list[type[Resource]]:
        # `import_` has no body in `tf`, so mypy treats these classes as abstract.
        return [WorkspaceResource, WorkspaceSettingsResource]  # type: ignore[type-abstract]


if __name__ == "__main__":
    run_provider(TfeProvider())
