"""How the gateway and the backend start.

With a proxy_config, the container first fetches it from S3 to where CONFIG_FILE_PATH points. The
images hold python, boto3 and sh, but no curl, wget or aws.
"""

from collections.abc import Sequence

from cdktf import TerraformLocal
from constructs import Construct

from .expressions import address, template
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

FETCH_SCRIPT = f"set -eu\npython -c '{FETCH_PROXY_CONFIG}'\n"
"""How a shell script begins that needs the configuration."""


class ProxyCommand(Construct):
    """The command of the gateway's or the backend's container.

    Attributes:
        words: a template that yields the command as a list of words.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        service: str,
        port: int,
        proxy_config: ProxyConfig,
        is_traced: str,
        options: Sequence[str] = (),
    ) -> None:
        """Declares the command.

        Args:
            is_traced: expression, whether Datadog's tracer runs the service.
            options: further options of uvicorn; a template among them must yield a string.
        """
        super().__init__(scope, id_)
        uvicorn = TerraformLocal(
            self,
            f"local.{service}_uvicorn",
            ["uvicorn", f"{service}.main:app", "--host", "0.0.0.0", "--port", str(port), *options],
        )
        words = f'concat({is_traced} ? ["ddtrace-run"] : [], {address(uvicorn)})'
        run = template(f'join(" ", {words})')
        script = TerraformLocal(self, f"local.{service}_fetch_and_run", f"{FETCH_SCRIPT}exec {run}\n")
        self.words = template(f'{proxy_config.exists} ? ["sh", "-c", {address(script)}] : {words}')
