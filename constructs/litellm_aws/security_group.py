"""A security group whose rules are added by verbs."""

from collections.abc import Sequence

from cdktf import TerraformLocal, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.security_group import SecurityGroup as AwsSecurityGroup
from cdktf_cdktf_provider_aws.security_group import SecurityGroupEgress
from constructs import Construct

from .blocks import add_dynamic_block, address, attribute_where, count_if, local
from .expressions import Expression, argument, call, for_list
from .naming import KEPT_DESCRIPTION, Naming

ANYWHERE = "0.0.0.0/0"
_SOURCES = ("cidr_blocks", "prefix_list_ids", "security_groups")


class SecurityGroup(Construct):
    """A security group, `aws_security_group.<name>`. It allows nothing until its verbs are called.

    Attributes:
        id: of the group; null where it does not exist.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        naming: Naming,
        vpc_id: Expression,
        exists: Expression | None = None,
    ) -> None:
        """Declares the group.

        Args:
            name: in addresses, and what the name of the group ends in.
            exists: whether there is one; None is always.
        """
        super().__init__(scope, f"{name}_security_group")
        self._name = name
        self._group = AwsSecurityGroup(
            self,
            f"aws_security_group.{name}",
            count=None if exists is None else count_if(exists),
            name=naming.of(name),
            vpc_id=vpc_id.as_string,
            tags=naming.tags,
            lifecycle=TerraformResourceLifecycle(ignore_changes=KEPT_DESCRIPTION),
        )
        self.id = attribute_where(self._group, "id", exists)
        self._ingress: list[tuple[Expression | None, dict[str, object]]] = []
        self._listed = TerraformLocal(self, f"local.{name}_ingress", [])

    def allow_from(
        self, other: "SecurityGroup", *, port: int, last_port: int | None = None, where: Expression | None = None
    ) -> None:
        """Lets members of another group reach a TCP port, or all ports up to `last_port`.

        Args:
            where: condition of the rule; None is always. A group needs one rule in any case: where no rule is
                declared, Terraform keeps the existing ones.
        """
        self._allow(port, last_port or port, where=where, security_groups=[other.id])

    def allow_from_cidrs(
        self,
        cidrs: Expression,
        prefix_lists: Expression | None = None,
        *,
        port: int | Expression,
        where: Expression | None = None,
    ) -> None:
        """Lets IPv4 ranges and managed prefix lists reach a TCP port; `where` is that of `allow_from`."""
        self._allow(port, port, where=where, cidr_blocks=cidrs, prefix_list_ids=prefix_lists)

    def allow_to_anywhere(self) -> None:
        """Lets members reach everything."""
        self._group.put_egress(
            [SecurityGroupEgress(protocol="-1", from_port=0, to_port=0, cidr_blocks=[ANYWHERE])],
        )

    def allow_to_cidrs(self, cidrs: Expression, *, ports: Sequence[int], where: Expression) -> None:
        """Lets members reach IPv4 ranges on TCP ports, or everything.

        Args:
            where: whether they reach only that.
        """
        limited = [{"protocol": "tcp", "from_port": port, "to_port": port, "cidr_blocks": cidrs} for port in ports]
        everything = {"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": call("tolist", [ANYWHERE])}
        limited_egress = local(self, f"limited_{self._name}_egress", limited)
        rules = local(self, f"{self._name}_egress", where.then(limited_egress, [everything]))
        names = tuple(everything)
        add_dynamic_block(
            self._group, "egress", rules, lambda _key, rule: {name: rule.attribute(name) for name in names}
        )

    def _allow(
        self,
        first_port: int | Expression,
        last_port: int | Expression,
        *,
        where: Expression | None = None,
        **sources: object,
    ) -> None:
        rule = {"from_port": first_port, "to_port": last_port, **dict.fromkeys(_SOURCES), **sources}
        self._ingress.append((where, rule))
        rules = address(self._listed)
        if all(where is None for where, _ in self._ingress):
            self._listed.expression = argument([rule for _, rule in self._ingress])
        else:
            self._listed.expression = argument(
                [{"applies": True if where is None else where, **rule} for where, rule in self._ingress]
            )
            rules = for_list(rules, lambda rule: rule, where=lambda rule: rule.attribute("applies"))
        add_dynamic_block(self._group, "ingress", rules, _ingress_block)


def _ingress_block(_key: Expression, rule: Expression) -> dict[str, object]:
    return {"protocol": "tcp", **{name: rule.attribute(name) for name in ("from_port", "to_port", *_SOURCES)}}
