"""`litellm-aws init`: writes the repository in which a team keeps its tenants."""

from __future__ import annotations

import shutil
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from litellm_aws.constructs.production import is_production
from litellm_aws.engines import ENGINES
from litellm_aws.engines.places import Places
from litellm_aws.fleet.problems import BadInputError, FailedError, RefusedError
from litellm_aws.fleet.repository import top_of
from litellm_aws.fleet.tenants_file import load_fleet

from .generator import REQUIREMENTS, Requirement, copy_wheel, installed_requirement, requirement

SUMMARY = "Write a repository for tenants: the tenants file, a configuration of LiteLLM, CI"

_TEMPLATES = Path(__file__).with_name("live_repository")
_TENANTS = "tenants.yaml"
_BY_HAND = "none"
_HCP = "hcp-terraform"
_MODEL = "amazon.nova-lite-v1:0"
_GEOGRAPHIES = {"us": "us", "eu": "eu", "ap": "apac"}
"""Prefix of the inference profiles of Amazon Nova Lite by the beginning of a region
(https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html)."""
_PARTITIONS = {"us-gov-": "aws-us-gov", "cn-": "aws-cn"}

_TRIAL = "small # one of everything, so no failover; other sizes: standard, busy"
_PRODUCTION = "[standard, hardened] # other sizes: small, busy"
_LOCATION = " \\\n  --create-bucket-configuration LocationConstraint=<region>"

_Answers = Mapping[str, str]


@dataclass(frozen=True)
class _Question:
    """A question, and the option that answers it.

    Attributes:
        name: of the option.
        asks: the question, which is also the help of the option.
        draft: a valid answer, with which the others are checked before this one is given.
        default: the answer of somebody who gives none.
        applies: whether the question makes sense after the answers before it.
    """

    name: str
    asks: str
    draft: str
    default: str | None = None
    applies: Callable[[_Answers], object] = lambda _: True


_ENGINES = (*ENGINES, _BY_HAND)
_QUESTIONS = (
    _Question("account", "AWS account, 12 digits", "111122223333"),
    _Question("region", "AWS region", "us-west-2"),
    _Question("tenant", "name of the first tenant", "main", default="main"),
    _Question("env", "its environment", "dev", default="dev"),
    _Question("domain", "domain name of its load balancer; empty: you have a certificate", "example.com", default=""),
    _Question(
        "zone-id", "ID of the domain's hosted zone in Route 53", "Z0123456789", applies=lambda given: given["domain"]
    ),
    _Question(
        "certificate", "ARN of its certificate in Certificate Manager", "", applies=lambda given: not given["domain"]
    ),
    _Question("engine", f"what runs Terraform: {', '.join(ENGINES)} or {_BY_HAND}", _BY_HAND, default=_BY_HAND),
    _Question("state-bucket", "S3 bucket of the states", "states", applies=lambda given: given["engine"] != _HCP),
    _Question(
        "organization", "organization in HCP Terraform", "example", applies=lambda given: given["engine"] == _HCP
    ),
)


def add_arguments(parser: ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("directory", type=Path, metavar="DIRECTORY", help="the new folder, or an empty repository")
    for question in _QUESTIONS:
        default = f"; default: {question.default}" if question.default else ""
        parser.add_argument(f"--{question.name}", metavar="VALUE", help=f"{question.asks}{default}")
    parser.add_argument(
        "--generator",
        metavar="VERSION",
        help="this program's wheel, Git URL or version for requirements.txt; default: what it was installed from",
    )
    parser.set_defaults(run=_run)


def _run(arguments: Namespace) -> None:
    directory = arguments.directory
    _check_directory(directory)
    needed = installed_requirement() if arguments.generator is None else requirement(arguments.generator)
    options = {each.name: getattr(arguments, each.name.replace("-", "_")) for each in _QUESTIONS}
    answers = _answers(options, interactive=sys.stdin.isatty())
    with tempfile.TemporaryDirectory(prefix="litellm-aws-init-") as scratch:
        staged = Path(scratch, directory.absolute().name)
        files = _files(answers, needed)
        _write(files, staged)
        if answers["engine"] not in (_BY_HAND, _HCP):  # synth writes those of HCP Terraform
            places = Places(Path(_TENANTS), Path("cdktf.out", "stacks"), requirements=Path(REQUIREMENTS))
            _write(ENGINES[answers["engine"]].files(load_fleet(staged / _TENANTS), places), staged)
        copy_wheel(needed, staged)
        written = sorted(str(path.relative_to(staged)) for path in staged.rglob("*") if path.is_file())
        _move(staged, directory)
    print(f"Wrote to {directory}: {', '.join(written)}.")
    print(f"Next: read {directory / 'README.md'}. It has the commands up to the first request to a model.")


def _check_directory(directory: Path) -> None:
    if directory.exists() and not directory.is_dir():
        raise RefusedError(f"{directory} is not a folder: name another one")
    if directory.exists() and {path.name for path in directory.iterdir()} - {".git"}:
        raise RefusedError(f"{directory} is not empty: name a new folder, or an empty repository")
    top = top_of(directory.absolute())
    if (top / ".git").exists() and top != directory.resolve():
        raise RefusedError(f"{directory} is in the Git repository {top}: name a folder outside of it")


def _answers(options: Mapping[str, str | None], *, interactive: bool) -> dict[str, str]:
    """Returns the answer to each question, from the options or from the terminal; empty where it does not apply.

    Raises:
        RefusedError: an answer is wrong, or missing and nobody can be asked.
    """
    answers: dict[str, str] = {}
    missing = []
    for question in _QUESTIONS:
        given = options[question.name]
        answers[question.name] = question.default or ""
        if not question.applies(answers):
            if given is not None:
                raise RefusedError(f"--{question.name} does not go with the options before it: remove it")
        elif given is not None:
            mistakes = _mistakes(question, given, answers)
            if mistakes:
                raise RefusedError(f"--{question.name} {given}: {mistakes}")
            answers[question.name] = given
        elif interactive:
            answers[question.name] = _ask(question, answers)
        elif question.default is None:
            missing.append(f"--{question.name}")
    if "--certificate" in missing:
        missing[missing.index("--certificate")] = "--domain or --certificate"
    if missing:
        raise RefusedError(f"There is no terminal to ask for {', '.join(missing)}: give these options")
    return answers


def _ask(question: _Question, answers: _Answers) -> str:
    """Asks until the answer is right."""
    while True:
        default = f" [{question.default}]" if question.default else ""
        asked = f"{question.asks[0].upper()}{question.asks[1:]}{default}: "
        try:
            answer = input(asked).strip() or question.default or ""
        except EOFError:
            raise RefusedError("The input ended before the last question; nothing was written.") from None
        mistakes = _mistakes(question, answer, answers)
        if not mistakes:
            return answer
        print(f"  {mistakes}", file=sys.stderr)


def _mistakes(question: _Question, answer: str, answers: _Answers) -> str:
    """Returns what is wrong with an answer, as the reader of tenants files says it; empty if nothing is.

    Args:
        answers: those before it.
    """
    if not answer and question.default is None:
        return "needs a value"
    if question.name == "engine" and answer not in _ENGINES:
        return f"must be one of {', '.join(_ENGINES)}"
    with tempfile.TemporaryDirectory(prefix="litellm-aws-init-") as scratch:
        _write(_files({**answers, question.name: answer}, Requirement("")), Path(scratch))
        try:
            load_fleet(Path(scratch, _TENANTS))
        except BadInputError as error:
            return "; ".join(problem.message for problem in error.problems)
    return ""


def _files(answers: _Answers, needed: Requirement) -> dict[Path, str]:
    """Returns the files by their paths in the repository, with drafts where answers are missing."""
    values = {each.name: answers.get(each.name) or each.draft for each in _QUESTIONS}
    region, label = values["region"], f"{values['tenant']}-{values['env']}"
    partition = next((name for prefix, name in _PARTITIONS.items() if region.startswith(prefix)), "aws")
    geography = _GEOGRAPHIES.get(region.partition("-")[0]) if partition == "aws" else None
    model = f"{geography}.{_MODEL}" if geography else _MODEL
    tls = f"domain_name: {values['domain']}\n    route53_zone_id: {values['zone-id']}"
    if values["certificate"]:
        tls = f"acm_certificate_arn: {values['certificate']}"
    backend = f"{{s3: {{bucket: {values['state-bucket']}, region: {region}}}}}"
    if values["engine"] == _HCP:
        backend = f"{{cloud: {{organization: {values['organization']}}}}}"
    profile = f"\n      - arn:{partition}:bedrock:{region}:{values['account']}:inference-profile/{model}"
    values |= {
        "backend": backend,
        "bucket": values["state-bucket"],
        # us-east-1 is no LocationConstraint: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
        "location": "" if region == "us-east-1" else _LOCATION.replace("<region>", region),
        "model": model,
        "partition": partition,
        "profile": profile if geography else "",
        "size": _PRODUCTION if is_production(values["env"]) else _TRIAL,
        "root": f"cdktf.out/stacks/{label}",
        "label": label,
        "tls": tls,
        # The certificate's names are not known here.
        "url": "https://llm.example.com # a name that the certificate covers, as an alias of the output alb_dns_name"
        if values["certificate"]
        else f"$(terraform -chdir=cdktf.out/stacks/{label} output -raw alb_url)",
    }
    parts = {
        "state": _template(f"state_{'cloud' if values['engine'] == _HCP else 's3'}.md"),
        "apply": _template("apply_cloud.md" if values["engine"] == _HCP else "apply.md"),
        "engine": "" if values["engine"] == _BY_HAND else _template(f"{values['engine']}.md"),
    }
    by_git = values["engine"] != _BY_HAND and ENGINES[values["engine"]].reads_git
    templates = {
        Path(_TENANTS): _template(_TENANTS),
        Path("config", "proxy_config.yaml"): _template("proxy_config.yaml"),
        Path("README.md"): _filled(_template("README.md"), parts),
        Path(".gitignore"): _template("gitignore") + ("" if by_git else "/cdktf.out/\n"),
        Path(REQUIREMENTS): f"{needed.line}\n",
    }
    return {path: _filled(text, values) for path, text in templates.items()}


def _template(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _filled(template: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        template = template.replace(f"<{name}>", value)
    return template


def _write(files: Mapping[Path, str], folder: Path) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def _move(staged: Path, directory: Path) -> None:
    """Moves the files to their folder, the tenants file last: no command works without it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path in sorted(staged.iterdir(), key=lambda path: path.name == _TENANTS):
            shutil.move(path, directory / path.name)
    except OSError as error:
        raise FailedError(
            f"{directory} cannot be written: {error}: remove what is in it, and repeat the command"
        ) from error
