"""The names and tags that all resources of a stack share."""

from collections.abc import Mapping

from cdktf import Fn, TerraformLocal, Token
from constructs import Construct

from .expressions import shortened
from .input_variables import InputVariables

KEPT_DESCRIPTION = ["description"]
"""For `ignore_changes` where another description would replace the resource: one that the public module made has its
own."""


class Naming(Construct):
    """`local.name` and `local.tags`, and what is derived from them."""

    def __init__(self, scope: Construct, id_: str, *, inputs: InputVariables) -> None:
        super().__init__(scope, id_)
        tenant, env = inputs.tenant.string_value, inputs.env.string_value
        name = TerraformLocal(self, "local.name", f"{tenant}-litellm-{env}")
        own = {"litellm:stack": name.as_string, "managed-by": "terraform"}
        self.stack = name.as_string
        """`<tenant>-litellm-<env>`."""
        self.tags = TerraformLocal(self, "local.tags", Fn.merge([own, inputs.tags.value])).as_string_map
        """The tags of every taggable resource."""

    def of(self, suffix: str) -> str:
        """Returns the name of a resource, `<stack>-<suffix>`."""
        return f"{self.stack}-{suffix}"

    def within(self, limit: int, suffix: str = "") -> str:
        """Returns the name of a resource that AWS limits to so many characters.

        A name that fits stays as it is; a longer one is cut and ends in a hash of the whole name.
        """
        return shortened("${local.name}" + (f"-{suffix}" if suffix else ""), limit)

    def tagged(self, name: str) -> Mapping[str, str]:
        """Returns the shared tags and a `Name`, the one that the AWS console shows."""
        return Token.as_string_map(Fn.merge([self.tags, {"Name": name}]))
