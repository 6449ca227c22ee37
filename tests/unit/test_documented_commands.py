"""The `aws` commands in the documentation are commands of the AWS CLI, with its options and its types of values.

The CLI's own parser reads them, of version 1 in the development packages. Nothing is sent.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from awscli.clidriver import CLIDriver, create_clidriver
from botocore.session import get_session
from botocore.validate import ParamValidator

from tests.conftest import PROJECT

PAGES = [*sorted((PROJECT / "docs").glob("*.md")), PROJECT / "README.md"]
VERSION_2 = {
    ("logs", "tail"): {
        *("--since", "--follow", "--format", "--filter-pattern", "--log-stream-names", "--log-stream-name-prefix")
    }
}
"""Commands that version 1 does not have, with their options (awscli/customizations/logs/tail.py in aws/aws-cli, v2)."""
SENDING = (
    *("awscli.clidriver.CLIOperationCaller.invoke", "awscli.customizations.waiters.WaiterCaller.invoke"),
    "awscli.customizations.ecs.executecommand.ExecuteCommandCaller.invoke",
)
"""What the CLI calls with a service, an operation and its parsed parameters."""


def commands(script: str) -> Iterator[list[str]]:
    """Yields the words of the `aws` commands in a shell script, also of those in command substitutions."""
    text = re.sub(r"(^|\s)# .*", r"\1", script.replace("\\\n", " "))
    text = re.sub(r"\$\(\([^\n]*?\)\)", "1", text)
    while found := re.search(r"\$\(([^()]*)\)", text):
        yield from commands(found[1])
        text = text[: found.start()] + "1" + text[found.end() :]
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";|&\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, ""
    command: list[str] = []
    for word in [*lexer, ";"]:
        if set(word) <= set(";|&\n"):
            if command[:1] == ["aws"]:
                yield command[1:]
            command = []
        elif command or not re.fullmatch(r"\w+=.*", word):
            command.append(word)


def documented(page: Path) -> list[list[str]]:
    """Returns the commands in the page's code blocks."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [words for block in blocks for words in commands(block)]


def mentioned(page: Path) -> list[list[str]]:
    """Returns the commands in the page's sentences, which may leave out what is required."""
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [words for found in re.findall(r"`(aws\s[^`]+)`", text) for words in commands(found.replace("\n", " "))]


@pytest.fixture(scope="module")
def cli() -> CLIDriver:
    return create_clidriver()


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The operations for which the CLI has parsed valid parameters."""
    operations: list[tuple[str, str]] = []

    def invoke(_: object, service: str, operation: str, parameters: dict[str, Any], _globals: object) -> int:
        shape = get_session().get_service_model(service).operation_model(operation).input_shape
        sent = {name: value for name, value in parameters.items() if name != "PaginationConfig"}
        report = ParamValidator().validate(sent, shape)
        assert not report.has_errors(), report.generate_report()
        operations.append((service, operation))
        return 0

    def run(command: Any, *_: object) -> int:
        operations.append(("s3", command.NAME))
        return 0

    for name in SENDING:
        monkeypatch.setattr(name, invoke)
    monkeypatch.setattr("awscli.customizations.s3.subcommands.S3TransferCommand._run_main", run)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    return operations


def refusal(cli: CLIDriver, words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Returns why the CLI does not take a command; nothing if it does."""
    options = VERSION_2.get((words[0], words[1]))
    if options is not None:
        return " ".join(word for word in words if word.startswith("--") and word not in options)
    try:
        status: object = cli.main([re.sub("^(fileb?)://.*", r"\1:///dev/null", word) for word in words])
    except SystemExit as exited:
        status = exited.code
    said = capsys.readouterr()
    return "" if status == 0 else said.err or said.out or str(status)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_cli_takes_every_command(
    page: Path, cli: CLIDriver, parsed: list[tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    refused = {" ".join(words): refusal(cli, words, capsys) for words in documented(page)}
    assert {command: why for command, why in refused.items() if why} == {}
    assert len(parsed) == len([words for words in documented(page) if (words[0], words[1]) not in VERSION_2])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_cli_has_every_option_that_a_sentence_mentions(page: Path, cli: CLIDriver) -> None:
    for service, operation, *rest in mentioned(page):
        if (service, operation) in VERSION_2:
            continue
        command = cli.create_help_command().command_table[service].create_help_command().command_table[operation]
        known = {f"--{name}" for name in (*command.arg_table, *cli.create_help_command().arg_table)}
        assert {word for word in rest if word.startswith("--")} <= known, (service, operation)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("aws rds modify-db-clusters --db-cluster-identifier a", "modify-db-clusters"),
        ("aws rds modify-db-cluster --db-cluster-identifier a --rotate-master-password", "--rotate-master-password"),
        ("aws rds modify-db-cluster --rotate-master-user-password", "--db-cluster-identifier"),
        ("aws ecs update-service --service a --desired-count many", "many"),
        ("aws ecs wait services-steady --services a", "services-steady"),
        ("aws ecs execute-command --cluster a --task b --command sh --interactively", "--interactively"),
        ("aws s3 sync a s3://b --excludes x", "--excludes"),
        ("aws logs tail group --until 1h", "--until"),
        ("one=1\necho '$('; true && id=$(aws logs start-querry) # aws", "start-querry"),
    ],
)
def test_a_mistake_is_refused(
    script: str, why: str, cli: CLIDriver, parsed: list[tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    [words] = commands(script)
    assert why in refusal(cli, words, capsys)
    assert parsed == []
