"""What a container of LiteLLM's proxy runs, on each of its images.

The entry points of the images differ between releases, so a container sets its own entry point and command. The one
image for all components is different: its entry point takes a component and starts it.

With a proxy_config, some containers first fetch it from S3 to where CONFIG_FILE_PATH points. The images have python,
boto3 and sh, but no curl, wget or aws.
"""

from collections.abc import Sequence

from cdktf import TerraformLocal
from constructs import Construct

from .expressions import address, template
from .images import ENTRY_POINT, Images
from .proxy_config import ProxyConfig

FETCH_PROXY_CONFIG = """\
import os, sys
import boto3
bucket = os.environ["LITELLM_PROXY_CONFIG_S3_BUCKET"]
key = os.environ["LITELLM_PROXY_CONFIG_S3_KEY"]
try:
    s3 = boto3.client("s3", region_name=os.environ["AWS_REGION"])
    config = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    with open(os.environ["CONFIG_FILE_PATH"], "wb") as file:
        file.write(config)
except Exception as error:
    sys.exit(f"cannot fetch the proxy_config s3://{bucket}/{key}: {error}")
"""
"""A python program without single quotes, for they enclose it in the shell."""


class ComponentCommands(Construct):
    """The entry points and commands of the containers."""

    def __init__(self, scope: Construct, id_: str, *, images: Images, proxy_config: ProxyConfig) -> None:
        super().__init__(scope, id_)
        self._images, self._proxy_config = images, proxy_config
        self._fetch = address(
            TerraformLocal(self, "local.fetch_proxy_config", f"set -eu\npython -c '{FETCH_PROXY_CONFIG}'\n")
        )

    def container(
        self, component: str, program: str, arguments: Sequence[str] = (), *, needs_config: bool = True
    ) -> dict[str, str]:
        """Returns `entryPoint`, null where the image's own stays, and `command` of a container.

        Args:
            component: what the entry point of the one image calls it.
            program: what starts it in an image of its own, in the shell's language; may hold templates.
            arguments: what follows in both; may hold templates.
            needs_config: whether it reads the proxy_config.
        """
        words = [component, *arguments]
        one, own = (" ".join(line) for line in ([ENTRY_POINT, *words], [program, *arguments]))
        run = template(f'{self._images.one_for_all} ? "{one}" : "{own}"')
        fetch, runs_script = "", f"!{self._images.one_for_all}"
        if needs_config:
            fetch = template(f'{self._proxy_config.exists} ? {self._fetch} : ""')
            runs_script = f"({runs_script} || {self._proxy_config.exists})"
        script = address(TerraformLocal(self, f"local.{component}_script", f"{fetch}exec {run}\n"))
        listed = ", ".join(f'"{word}"' for word in words)
        return {
            "entryPoint": template(f'{runs_script} ? ["sh", "-c"] : null'),
            "command": template(f"{runs_script} ? [{script}] : [{listed}]"),
        }
