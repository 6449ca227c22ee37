"""The stand-ins for the entry points of LiteLLM's images.

The expected commands come from docker-entrypoint.sh in the repository BerriAI/litellm.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from litellm_aws.local_aws.images import find_image
from litellm_aws.local_aws.known_images import known_images
from litellm_aws.local_aws.litellm.images import APP

PROGRAMS = ("python", "uvicorn", "nginx", "litellm", "ddtrace-run", "some-program")
GATEWAY = ["python", "-m", "gateway.launch", "--workers", "1", "--host", "0.0.0.0", "--port", "4000"]
BACKEND = ["uvicorn", "backend.main:app", "--host", "0.0.0.0", "--port", "4001"]
METRICS = ["python", "-m", "litellm.proxy.prometheus_metrics_server"]
COLLECTOR = ["python", "-m", "litellm.proxy.collector"]


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with programs that print their command lines."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in PROGRAMS:
        (folder / name).write_text(
            '#!/bin/sh\nprintf \'%s\\n\' "${0##*/}" "$@"\n[ -z "${DD_TRACE_OPENAI_ENABLED-}" ] || echo traced\n'
        )
        (folder / name).chmod(0o755)
    return folder


def run(script: str, words: Sequence[str], programs: Path, **environment: str) -> list[str]:
    done = subprocess.run(
        [APP / script, *words],
        env={"PATH": f"{programs}:{os.defpath}", **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("given", "environment", "words"),
    [
        (["gateway"], {}, GATEWAY),
        (["gateway"], {"NUM_WORKERS": "3"}, [*GATEWAY[:4], "3", *GATEWAY[5:]]),
        (["gateway", "--workers", "2"], {}, [*GATEWAY, "--workers", "2"]),
        (["backend"], {"LOCAL_AWS_TASK_ADDRESS": "127.1.2.3"}, [*BACKEND[:3], "127.1.2.3", *BACKEND[4:]]),
        (["backend", "a  b"], {}, [*BACKEND, "a  b"]),
        (["ui"], {}, ["nginx", "-g", "daemon off;"]),
        (["migrations", "x"], {}, ["python", f"{APP}/migrations/run.py", "x"]),
        (["metrics", "--port", "9"], {}, [*METRICS, "--port", "9"]),
        (["collector"], {}, COLLECTOR),
        (["some-program", "x"], {}, ["some-program", "x"]),
        (["--config", "x"], {}, ["litellm", "--config", "x"]),
        ([], {}, ["litellm"]),
        (["proxy", "x"], {}, ["litellm", "x"]),
        (["--x"], {"LITELLM_COMPONENT": "backend"}, [*BACKEND, "--x"]),
        (["backend"], {"USE_DDTRACE": "false"}, BACKEND),
        (["backend"], {"USE_DDTRACE": "True"}, ["ddtrace-run", *BACKEND, "traced"]),
        (["ui"], {"USE_DDTRACE": "true"}, ["nginx", "-g", "daemon off;"]),
    ],
)
def test_the_command_of_each_component(
    given: Sequence[str], environment: Mapping[str, str], words: Sequence[str], programs: Path
) -> None:
    assert run("docker-entrypoint.sh", given, programs, **environment) == words


@pytest.mark.parametrize(
    ("given", "left"),
    [
        (["gateway"], ["other"]),
        (["backend"], ["other"]),
        (["migrations"], ["other"]),
        (["some-program"], ["other"]),
        (["metrics"], ["other", "samples.db"]),
        (["collector"], ["other", "samples.db"]),
        (METRICS, ["other", "samples.db"]),
    ],
)
def test_only_readers_keep_the_samples(
    given: Sequence[str], left: Sequence[str], programs: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "samples" / "deep"
    run("docker-entrypoint.sh", given, programs, PROMETHEUS_MULTIPROC_DIR=str(folder))
    assert folder.is_dir()
    for name in ("samples.db", "other"):
        (folder / name).touch()
    run("docker-entrypoint.sh", given, programs, PROMETHEUS_MULTIPROC_DIR=str(folder))
    assert sorted(path.name for path in folder.iterdir()) == left


def test_the_entry_point_of_a_component_image(programs: Path, tmp_path: Path) -> None:
    (tmp_path / "samples.db").touch()
    words = run(
        "docker/component_entrypoint.sh",
        BACKEND,
        programs,
        PROMETHEUS_MULTIPROC_DIR=str(tmp_path),
        USE_DDTRACE="true",
    )
    assert words == ["ddtrace-run", *BACKEND, "traced"]
    assert not (tmp_path / "samples.db").exists()


@pytest.mark.parametrize(
    ("name", "entry_point"),
    [
        ("ghcr.io/berriai/litellm:v1.110.2", ["/app/docker-entrypoint.sh"]),
        ("ghcr.io/berriai/litellm-gateway:v1.86.0-dev", ["uvicorn", "gateway.main:app"]),
        ("ghcr.io/berriai/litellm-backend:v1.86.0-dev", ["uvicorn", "backend.main:app"]),
        ("ghcr.io/berriai/litellm-migrations:v1.86.0-dev", ["python3", "/app/run.py"]),
        ("postgres:16", []),
    ],
)
def test_the_image_for_a_name(name: str, entry_point: Sequence[str]) -> None:
    image = find_image(known_images(Path("/")), name)
    assert image is not None
    assert list(image.entry_point) == entry_point
