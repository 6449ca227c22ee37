"""`litellm-aws init`: the questions, the files, and what is refused."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import litellm_aws.commands.__main__ as command_line
from litellm_aws.engines import ENGINES
from litellm_aws.fleet.tenants_file import load_fleet

ANSWERS = {
    "account": "111122223333",
    "region": "us-west-2",
    "domain": "llm.example.com",
    "zone-id": "Z0123456789ABC",
    "state-bucket": "example-states",
}
CERTIFICATE = "arn:aws:acm:us-west-2:111122223333:certificate/12345678-1234-1234-1234-123456789012"
HCP = {**{name: value for name, value in ANSWERS.items() if name != "state-bucket"}, "organization": "example"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the working directory, without a terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    return tmp_path


def init(directory: str = "live", generator: str = "0.1.0", **answers: str) -> int:
    options = [word for name, value in answers.items() for word in (f"--{name.replace('_', '-')}", value)]
    return command_line.run(["init", directory, "--generator", generator, *options])


def written(directory: str = "live") -> set[str]:
    return {str(path.relative_to(directory)) for path in Path(directory).rglob("*") if path.is_file()}


def refused(
    capsys: pytest.CaptureFixture[str], directory: str = "live", generator: str = "0.1.0", **answers: str
) -> str:
    """Returns the message of a command that is refused, and has written nothing."""
    before = {*Path.cwd().rglob("*")}
    assert init(directory, generator, **answers) == command_line.BAD_INPUT
    assert {*Path.cwd().rglob("*")} == before
    return capsys.readouterr().err.strip()


@pytest.mark.parametrize(
    ("engine", "more"),
    [
        ("none", set()),
        ("atlantis", {"atlantis.yaml"}),
        ("github-actions", {".github/workflows/litellm.yml"}),
        ("hcp-terraform", set()),
    ],
)
def test_every_engine_gets_a_repository_that_synthesizes(
    engine: str, more: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert init(engine=engine, **(HCP if engine == "hcp-terraform" else ANSWERS)) == 0
    assert (
        written() == {"tenants.yaml", "config/proxy_config.yaml", "requirements.txt", "README.md", ".gitignore"} | more
    )
    monkeypatch.chdir("live")
    assert load_fleet(Path("tenants.yaml")).warnings == []
    assert command_line.run(["synth"]) == 0
    root = json.loads(Path("cdktf.out/stacks/main-dev/cdk.tf.json").read_text())
    assert root["provider"]["aws"][0]["allowed_account_ids"] == ["111122223333"]
    assert Path("cdktf.out/stacks/workspaces.example").exists() == (engine == "hcp-terraform")
    # What the engine takes from Git is not ignored.
    assert ("/cdktf.out/" in Path(".gitignore").read_text()) == (engine == "none" or not ENGINES[engine].reads_git)
    if engine != "none":
        # It can be written again, in the same words.
        before = {name: Path(name).read_bytes() for name in more}
        subprocess.run(["git", "init", "--quiet"], check=True)
        assert command_line.run(["engine", engine]) == 0
        assert {name: Path(name).read_bytes() for name in more} == before


def test_the_workflow_installs_the_version_of_the_repository() -> None:
    assert init(engine="github-actions", **ANSWERS) == 0
    workflow = yaml.safe_load(Path("live/.github/workflows/litellm.yml").read_text())
    job = workflow["jobs"]["changed"]
    [synthesis] = [step["run"] for step in job["steps"] if step.get("name") == "Synthesize"]
    assert synthesis.splitlines()[1:] == [
        ".venv/bin/pip install --requirement requirements.txt",
        ".venv/bin/litellm-aws synth",
    ]
    assert job["defaults"]["run"]["working-directory"] == "."
    assert workflow["env"]["TENANTS_FILE"] == "tenants.yaml"


def test_the_commands_of_the_readme_name_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert init(tenant="acme", env="stage", **ANSWERS) == 0
    monkeypatch.chdir("live")
    assert command_line.run(["synth"]) == 0
    readme = Path("README.md").read_text()
    assert not re.findall("<[a-z-]+>", readme)
    roots = set(re.findall(r"-chdir=(\S+)", readme))
    assert roots == {"cdktf.out/stacks/acme-stage"}
    for link in re.findall(r"\]\(([^)]+)\)", readme):
        assert Path(link).exists()
    [block] = [block for block in re.findall("```sh\n(.*?)```", readme, re.S) if "create-bucket" in block]
    assert "--bucket example-states --region us-west-2" in block
    outputs = json.loads(Path("cdktf.out/stacks/acme-stage/cdk.tf.json").read_text())["output"]
    assert set(re.findall(r"output -raw (\w+)", readme)) <= outputs.keys()


@pytest.mark.parametrize(
    ("region", "model", "location"),
    [
        ("us-east-1", "us.amazon.nova-lite-v1:0", ""),
        ("eu-central-1", "eu.amazon.nova-lite-v1:0", "LocationConstraint=eu-central-1"),
        ("ap-southeast-2", "apac.amazon.nova-lite-v1:0", "LocationConstraint=ap-southeast-2"),
        ("ca-central-1", "amazon.nova-lite-v1:0", "LocationConstraint=ca-central-1"),
    ],
)
def test_the_first_model_is_one_of_the_region(region: str, model: str, location: str) -> None:
    assert init(**{**ANSWERS, "region": region}) == 0
    [entry] = yaml.safe_load(Path("live/config/proxy_config.yaml").read_text())["model_list"]
    assert entry["litellm_params"] == {"model": f"bedrock/{model}", "aws_region_name": region}
    [tenant] = load_fleet(Path("live/tenants.yaml")).tenants
    assert any(arn.endswith(f"/{model}") for arn in tenant.bedrock_model_arns)
    assert ("--create-bucket-configuration" in Path("live/README.md").read_text()) == bool(location)
    assert location in Path("live/README.md").read_text()


@pytest.mark.parametrize(("env", "profiles"), [("dev", ["small"]), ("eu-prod", ["standard", "hardened"])])
def test_the_size_is_that_of_the_environment(env: str, profiles: list[str]) -> None:
    assert init(env=env, **ANSWERS) == 0
    [tenant] = load_fleet(Path("live/tenants.yaml")).tenants
    assert tenant.profile == profiles
    assert tenant.wait_for_steady_state == (env == "eu-prod")


def test_a_certificate_takes_the_place_of_a_domain() -> None:
    answers = {name: value for name, value in ANSWERS.items() if name not in ("domain", "zone-id")}
    assert init(certificate=CERTIFICATE, **answers) == 0
    [tenant] = load_fleet(Path("live/tenants.yaml")).tenants
    assert (tenant.acm_certificate_arn, tenant.domain_name) == (CERTIFICATE, "")
    # The load balancer's own name is not in the certificate.
    assert "output -raw alb_url" not in Path("live/README.md").read_text()


def test_questions_are_asked_until_the_answer_is_right(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = CERTIFICATE.replace("us-west-2", "eu-west-1")
    dialogue = (
        ("AWS account, 12 digits: ", "1111"),
        ("AWS account, 12 digits: ", "111122223333"),
        ("AWS region: ", "us-west"),
        ("AWS region: ", "us-west-2"),
        ("Name of the first tenant [main]: ", ""),
        ("Its environment [dev]: ", "Prod!"),
        ("Its environment [dev]: ", "prod"),
        ("Domain name of its load balancer; empty: you have a certificate: ", ""),
        ("ARN of its certificate in Certificate Manager: ", ""),
        ("ARN of its certificate in Certificate Manager: ", elsewhere),
        ("ARN of its certificate in Certificate Manager: ", CERTIFICATE),
        ("What runs Terraform: atlantis, github-actions, hcp-terraform or none [none]: ", ""),
        ("S3 bucket of the states: ", "example-states"),
    )
    rest = iter(dialogue)

    def answer(question: str) -> str:
        expected, given = next(rest)
        assert question == expected
        return given

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", answer)
    assert init() == 0
    assert list(rest) == []
    said = capsys.readouterr().err.splitlines()
    assert [
        bool(re.search(pattern, line))
        for pattern, line in zip(
            (
                "an account id of 12 digits",
                "an AWS region",
                "env must",
                "needs a value",
                "must be in the stack's region",
            ),
            said,
            strict=True,
        )
    ] == [True] * 5
    [tenant] = load_fleet(Path("live/tenants.yaml")).tenants
    assert (tenant.label, tenant.acm_certificate_arn) == ("main-prod", CERTIFICATE)


def test_the_end_of_the_input_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ended(_: str) -> str:
        raise EOFError

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", ended)
    assert refused(capsys) == "The input ended before the last question; nothing was written."


def test_without_a_terminal_every_missing_answer_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, region="us-west-2")
    assert said.startswith("There is no terminal to ask for --account, --domain or --certificate, --state-bucket: ")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"account": "12"}, "--account 12: provider.allowed_account_ids[0] must be an account id of 12 digits"),
        ({"region": "mars"}, "--region mars: region must be an AWS region"),
        ({"tenant": "../../escaped"}, "--tenant ../../escaped: tenant must "),
        ({"tenant": ""}, ""),
        ({"domain": "no domain"}, "--domain no domain: domain_name must "),
        ({"engine": "jenkins"}, "--engine jenkins: must be one of atlantis, github-actions, hcp-terraform, none"),
        ({"organization": "example"}, "--organization does not go with the options before it: remove it"),
        ({"state-bucket": ""}, "--state-bucket : needs a value"),
    ],
)
def test_a_wrong_answer_is_refused(changed: dict[str, str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    if message:
        assert refused(capsys, **{**ANSWERS, **changed}).startswith(message)
    else:
        assert init(**{**ANSWERS, **changed}) == 0  # the default


def test_an_empty_repository_is_filled_and_a_full_folder_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    Path("cloned").mkdir()
    subprocess.run(["git", "init", "--quiet", "cloned"], check=True)
    assert init("cloned", **ANSWERS) == 0
    assert Path("cloned/tenants.yaml").exists()
    assert refused(capsys, "cloned", **ANSWERS).startswith("cloned is not empty: ")
    assert refused(capsys, "cloned/inner", **ANSWERS).startswith("cloned/inner is in the Git repository ")
    Path("file").touch()
    assert refused(capsys, "file", **ANSWERS).startswith("file is not a folder: ")


@pytest.mark.parametrize(
    ("generator", "line"),
    [
        ("1.2.0", "litellm-aws==1.2.0"),
        (
            "git+https://git.example.com/litellm-aws@v1.2.0",
            "litellm-aws @ git+https://git.example.com/litellm-aws@v1.2.0",
        ),
        (
            "https://files.example.com/litellm_aws-1.2.0-py3-none-any.whl",
            "litellm-aws @ https://files.example.com/litellm_aws-1.2.0-py3-none-any.whl",
        ),
    ],
)
def test_the_generator_is_named_as_pip_takes_it(generator: str, line: str) -> None:
    assert init(generator=generator, **ANSWERS) == 0
    assert Path("live/requirements.txt").read_text() == f"{line}\n"


def test_a_generator_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, generator="the newest", **ANSWERS).startswith("--generator the newest is not a wheel, ")
    assert refused(capsys, generator="gone.whl", **ANSWERS) == "gone.whl is not a file: name the wheel of this program"


def test_a_checkout_needs_a_generator(capsys: pytest.CaptureFixture[str]) -> None:
    options = [word for name, value in ANSWERS.items() for word in (f"--{name}", value)]
    assert command_line.run(["init", "live", *options]) == command_line.BAD_INPUT
    assert "build a wheel with `make release`" in capsys.readouterr().err
    assert not Path("live").exists()
