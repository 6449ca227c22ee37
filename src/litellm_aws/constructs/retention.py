"""The protection of a stack's data against its deletion."""

from collections.abc import Mapping

from cdktf import (
    DataResource,
    ITerraformDependable,
    LocalExecProvisioner,
    Precondition,
    TerraformResource,
    TerraformResourceLifecycle,
    TerraformStack,
)
from constructs import Construct

from .blocks import attribute, local
from .expressions import SELF, Expression, argument, call, for_list, text
from .input_variables import InputVariables
from .production import in_production

_REFUSE = '[ "$PROTECTED" = false ] || { echo "$REFUSAL" >&2; exit 1; }'
_REFUSAL = (
    "The stack is protected, and was not deleted. To delete or replace it, first apply deletion_protection = false: "
    "see docs/operations.md."
)


class Retention(Construct):
    """What Terraform may delete.

    Attributes:
        is_protected: whether Aurora and the load balancer refuse to be deleted.
    """

    def __init__(self, scope: Construct, id_: str, *, inputs: InputVariables) -> None:
        super().__init__(scope, id_)
        self._inputs = inputs
        self._in_production = local(self, "in_production", in_production(inputs.env, inputs.production))
        by_default = self._in_production & ~inputs.allow_data_loss
        self.is_protected = local(self, "is_protected", call("coalesce", inputs.deletion_protection, by_default))

    def protect(self, database: ITerraformDependable, *, replaced_with: Mapping[str, Expression]) -> None:
        """Refuses the deletion of what has been declared in the stack, while it is protected.

        AWS deletes the instances of a protected Aurora cluster (RDS API, ModifyDBInstance, DeletionProtection), and
        refuses to delete the cluster only after that. So a plan that would replace the database is refused, and what
        a plan cannot know, a provisioner refuses before the first deletion: it depends on everything, so Terraform
        destroys it first, and it reads from the state whether the last apply protected the stack.

        Args:
            database: what exists only together with a working database.
            replaced_with: IDs of what must not be replaced.
        """
        changed = self._changed_inputs(database)
        everything = [each for each in TerraformStack.of(self).node.find_all() if isinstance(each, TerraformResource)]
        DataResource(
            self,
            "terraform_data.deletion_protection",
            input=argument({"protected": self.is_protected}),
            triggers_replace=argument(replaced_with),
            provisioners=[
                LocalExecProvisioner(
                    type="local-exec",
                    when="destroy",
                    interpreter=["/bin/sh", "-c"],
                    command=_REFUSE,
                    environment=argument(
                        {"PROTECTED": SELF.attribute("input").attribute("protected"), "REFUSAL": _REFUSAL}
                    ),
                )
            ],
            lifecycle=TerraformResourceLifecycle(
                precondition=[
                    Precondition(
                        condition=(~self.is_protected | changed.length().equals(0)).as_string,
                        error_message=text(
                            "The database is protected from a change of ",
                            call("join", ", ", changed),
                            ": undo it, or first apply deletion_protection = false.",
                        ).as_string,
                    )
                ]
            ),
            depends_on=everything,
        )

    def _changed_inputs(self, database: ITerraformDependable) -> Expression:
        """Returns the inputs whose change would replace or delete the database, or its network.

        Terraform compares them with those of the first apply that protected the stack. Without protection, it keeps the
        newest ones.
        """
        inputs = self._inputs
        values = local(
            self,
            "database_identity",
            {
                **{name: inputs.named(name) for name in ("tenant", "env", "db_name", "db_master_username", "vpc_id")},
                # An empty value is no change: the database is there, the VPC is another input, the restore is done.
                "create_database": inputs.create_database.then("", "false"),
                "vpc_cidr": inputs.vpc_id.is_set.then("", inputs.vpc_cidr),
                "snapshot_identifier": inputs.snapshot_identifier,
            },
        )
        first = DataResource(
            self,
            "terraform_data.database_identity",
            input=values.as_map,
            triggers_replace=self.is_protected.then(None, values).as_map,
            lifecycle=TerraformResourceLifecycle(ignore_changes=["input"]),
            # Only then, as the names of a database that is restored from a snapshot may have to be corrected.
            depends_on=[database],
        )
        known = attribute(first, "output")
        changed = for_list(
            values,
            lambda name, value: name,  # noqa: ARG005
            where=lambda name, value: value.is_set & value.differs(call("try", known[name], value)),
        )
        return local(self, "changed_database_inputs", changed)
