"""Container paths in commands and environment variables."""

from pathlib import Path

import pytest

from litellm_aws.local_aws.container_paths import ContainerPaths

PATHS = ContainerPaths({"/tmp": Path("/tmp/here"), "/tmp/shared/": Path("/volumes/1"), "/app": Path("/image")})


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("/tmp", "/tmp/here"),
        ("/tmp/", "/tmp/here/"),
        ("/tmp/a/b", "/tmp/here/a/b"),
        ("/tmp/shared", "/volumes/1"),
        ("/tmp/shared/x", "/volumes/1/x"),
        ("/tmp/shared-not", "/tmp/here/shared-not"),
        ("--dir=/tmp", "--dir=/tmp/here"),
        ("open('/tmp/x'); open(\"/app\")", "open('/tmp/here/x'); open(\"/image\")"),
        ("exec /app/run.sh /tmp;\ncat /app/x>/tmp/y", "exec /image/run.sh /tmp/here;\ncat /image/x>/tmp/here/y"),
        ("/app/bin:/tmp:/usr/bin", "/image/bin:/tmp/here:/usr/bin"),
    ],
)
def test_a_path_is_replaced(text: str, replaced: str) -> None:
    assert PATHS.replaced(text) == replaced


@pytest.mark.parametrize(
    "text",
    [
        "/var/tmp",
        "/tmpfs",
        "/tmp.old",
        "/application",
        "tmp",
        "https://app/x",
        "http://host:1/app",
        "$HOME/tmp",
        "./tmp",
        "${HOME}/app",
        "*/tmp",
        "~/tmp",
        "/data/app/x",
        "/app-2",
        "",
    ],
)
def test_other_text_is_not_replaced(text: str) -> None:
    assert PATHS.replaced(text) == text


def test_without_paths_nothing_is_replaced() -> None:
    assert ContainerPaths({}).replaced("/tmp") == "/tmp"
