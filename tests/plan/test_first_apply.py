"""The longest path of a first apply, with typical durations."""

import pytest

from bench.page import PAGE, TIMELINE, section, with_section
from bench.timeline import gantt
from litellm_aws.commands.costs.first_apply import DURATIONS, FirstApply
from tests.terraform import Plan, Root


@pytest.fixture(scope="module")
def graph(module_root: Root) -> str:
    return module_root.graph()


@pytest.mark.parametrize(
    ("longest", "slowest", "services", "end"),
    [
        (False, "aws_rds_cluster_instance.writer", 715, 725),
        (True, "aws_elasticache_replication_group.this", 930, 940),
    ],
    ids=["Redis in 600 s", "Redis in 900 s"],
)
def test_the_longest_path_is_what_its_slowest_step_allows(
    graph: str, default: Plan, longest: bool, slowest: str, services: int, end: int
) -> None:
    apply = FirstApply(graph, default.document, longest=longest)
    last = list(apply.steps)[-1]
    for step in apply.path_to(last):
        print(f"{step.begin:>5} {step.end:>5}  {step.address}")
    assert apply.steps["aws_ecs_service.gateway"].end == services
    assert apply.seconds == end
    assert slowest in [step.address for step in apply.path_to(last)]


def test_no_task_waits_for_the_reader_and_the_migration_for_the_database_alone(graph: str, default: Plan) -> None:
    apply = FirstApply(graph, default.document)
    assert apply.long_steps_before("terraform_data.bootstrap_db") == [
        "aws_nat_gateway.this",
        "aws_rds_cluster_instance.writer",
    ]
    assert apply.long_steps_before("terraform_data.migration") == ["terraform_data.bootstrap_db"]
    assert apply.long_steps_before("aws_rds_cluster_instance.reader") == ["aws_rds_cluster.this"]
    # Two requests after the one for the writer.
    assert apply.steps["aws_rds_cluster_instance.reader"].begin == 90
    assert apply.steps["aws_rds_cluster_instance.writer"].begin == 80


def test_the_chart_is_current(graph: str, default: Plan, pytestconfig: pytest.Config) -> None:
    written = gantt(FirstApply(graph, default.document))
    page = PAGE.read_text(encoding="utf-8")
    if pytestconfig.getoption("--write-costs"):
        page = with_section(page, TIMELINE, written)
        PAGE.write_text(page, encoding="utf-8")
    assert section(page, TIMELINE) == written, "if the change is meant, run `make costs` and review the diff"


def test_every_duration_is_of_a_resource_of_the_module(graph: str) -> None:
    assert {address for address in DURATIONS if f'"{address}"' not in graph} == set()
