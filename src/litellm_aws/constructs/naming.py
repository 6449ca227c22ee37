"""What the resources of a stack share: names, tags, the KMS key, and the permissions boundary of the roles."""

from collections.abc import Mapping

from constructs import Construct

from .blocks import local
from .expressions import Expression, Text, call, text, when
from .input_variables import InputVariables

KEPT_DESCRIPTION = ["description"]
"""For `ignore_changes` where another description would replace the resource: one that the public module made has its
own."""
_DIGEST = 6
"""Characters of the hash that keeps shortened names apart."""


class Naming(Construct):
    """Names, tags, the KMS key and the permissions boundary.

    Attributes:
        stack: `<tenant>-litellm-<env>`, the name of the stack.
        tags: the tags of every taggable resource.
        kms_key_arn: of the key that encrypts what the stack stores; null is AWS's own.
        permissions_boundary: ARN of the permissions boundary of every role; null where there is none.
    """

    def __init__(self, scope: Construct, id_: str, *, inputs: InputVariables) -> None:
        super().__init__(scope, id_)
        self.stack = local(self, "name", text(inputs.tenant, "-litellm-", inputs.env))
        own = {"litellm:stack": self.stack, "managed-by": "terraform"}
        self._tags = local(self, "tags", call("merge", own, inputs.tags))
        self.tags = self._tags.as_map
        self.kms_key_arn = local(self, "kms_key_arn", when(inputs.kms_key_arn.is_set, inputs.kms_key_arn))
        boundary = inputs.permissions_boundary_arn
        self.permissions_boundary = when(boundary.is_set, boundary)

    def of(self, *suffix: str | Expression) -> str:
        """Returns the name of a resource, `<stack>-<suffix>`."""
        return str(self._named(*suffix))

    def within(self, limit: int, *suffix: str) -> str:
        """Returns the name of a resource that AWS limits to so many characters.

        A name that fits stays as it is; a longer one is cut and ends in a hash of the whole name.
        """
        name = local(self, f"{suffix[0]}_name", self._named(*suffix)) if suffix else self.stack
        cut = call("trimsuffix", call("substr", name, 0, limit - _DIGEST - 1), "-")
        hashed = text(cut, "-", call("substr", call("sha256", name), 0, _DIGEST))
        return str((name.length() <= limit).then(name, hashed))

    def tagged(self, *suffix: str | Expression) -> Mapping[str, str]:
        """Returns the shared tags and a `Name`, the one that the AWS console shows."""
        name = self._named(*suffix) if suffix else self.stack
        return call("merge", self._tags, {"Name": name}).as_map

    def all_tags_if_at_most(self, limit: int) -> Mapping[str, str]:
        """Returns the shared tags, or none where there are more than the resource takes."""
        return (self._tags.length() > limit).then({}, self._tags).as_map

    def _named(self, *suffix: str | Expression) -> Text:
        return text(self.stack, "-", *suffix)
