"""A security group whose rules are added by verbs."""

from cdktf import TerraformLocal, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.security_group import SecurityGroup as AwsSecurityGroup
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

    def allow_from(self, other: "SecurityGroup", *, port: int) -> None:
        """Lets members of another group reach a TCP port."""
        self._allow(port, security_groups=[other.id])

    def allow_from_cidrs(
        self,
        cidrs: Expression,
        prefix_lists: Expression | None = None,
        *,
        port: int | Expression,
        where: Expression | None = None,
    ) -> None:
        """Lets IPv4 ranges and managed prefix lists reach a TCP port.

        Args:
            where: condition of the rule; None is always. A group needs one rule in any case: where no rule is
                declared, Terraform keeps the existing ones.
        """
        self._allow(port, where=where, cidr_blocks=cidrs, prefix_list_ids=prefix_lists)

    def allow_to(self, *targets: tuple[Expression, int | None], where: Expression) -> None:
        """Lets members reach IPv4 ranges on a TCP port each, or on any port, under a condition; otherwise everything.

        Args:
            where: whether they reach only that.
        """
        limited = local(self, f"limited_{self._name}_egress", [_egress(ranges, port) for ranges, port in targets])
        everything = _egress(call("tolist", [ANYWHERE]), None)
        rules = local(self, f"{self._name}_egress", where.then(limited, [everything]))
        names = tuple(everything)
        add_dynamic_block(
            self._group, "egress", rules, lambda _key, rule: {name: rule.attribute(name) for name in names}
        )

    def _allow(
        self,
        port: int | Expression,
        *,
        where: Expression | None = None,
        **sources: object,
    ) -> None:
        rule = {"from_port": port, "to_port": port, **dict.fromkeys(_SOURCES), **sources}
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


def _egress(ranges: Expression, port: int | None) -> dict[str, object]:
    protocol, number = ("-1", 0) if port is None else ("tcp", port)
    return {"protocol": protocol, "from_port": number, "to_port": number, "cidr_blocks": ranges}


def _ingress_block(_key: Expression, rule: Expression) -> dict[str, object]:
    return {"protocol": "tcp", **{name: rule.attribute(name) for name in ("from_port", "to_port", *_SOURCES)}}
