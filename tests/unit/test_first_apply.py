"""How the longest path of an apply is found."""

from litellm_aws.commands.costs.first_apply import FirstApply, Step

GRAPH = """\
digraph G {
  "aws_vpc.this" [label="aws_vpc.this"];
  "aws_nat_gateway.this" -> "aws_vpc.this";
  "aws_vpc_endpoint.this" -> "aws_nat_gateway.this";
  "aws_instance.this" -> "aws_vpc_endpoint.this";
  "aws_instance.this" -> "data.aws_ami.this";
  "terraform_data.note" -> "aws_instance.this";
}
"""


def apply(*created: str) -> FirstApply:
    changes = [{"address": each, "mode": "managed", "change": {"actions": ["create"]}} for each in created]
    return FirstApply(GRAPH, {"resource_changes": changes})


def test_a_step_begins_when_all_that_it_waits_for_has_ended() -> None:
    found = apply("aws_vpc.this[0]", "aws_nat_gateway.this[0]", "aws_instance.this", "terraform_data.note")
    assert list(found.steps.values()) == [
        Step("aws_vpc.this", 0, 5, None),
        Step("aws_nat_gateway.this", 5, 125, "aws_vpc.this"),
        Step("aws_instance.this", 125, 130, "aws_vpc_endpoint.this"),
        Step("terraform_data.note", 130, 130, "aws_instance.this"),
    ]
    assert found.seconds == 130


def test_what_is_not_created_takes_no_time_but_keeps_the_order() -> None:
    found = apply("aws_vpc.this[0]", "aws_instance.this")
    assert [step.address for step in found.path_to("aws_instance.this")] == ["aws_vpc.this", "aws_instance.this"]
    assert found.seconds == 10
    assert found.long_steps_before("aws_instance.this") == []
