"""What a container of LiteLLM's proxy runs, on each of its images.

The entry points of the images differ between releases, so a container sets its own entry point and command. The one
image for all components is different: its entry point takes a component and starts it.

With a proxy_config, some containers first fetch it from S3 to where CONFIG_FILE_PATH points. The images have python,
boto3 and sh, but no curl, wget or aws.
"""

from collections.abc import Sequence

from constructs import Construct

from .blocks import local
from .expressions import Expression, Text, call, module_file, text, when
from .images import ENTRY_POINT, Images
from .proxy_config import ProxyConfig


class ComponentCommands(Construct):
    """The entry points and commands of the containers."""

    def __init__(self, scope: Construct, id_: str, *, images: Images, proxy_config: ProxyConfig) -> None:
        super().__init__(scope, id_)
        self._images = images
        self._has_config = proxy_config.exists
        program = call("file", module_file("fetch_proxy_config.py"))
        fetch = local(self, "fetch_proxy_config", text("set -eu\npython -c '", program, "'\n"))
        self._fetch = local(self, "config_fetch", self._has_config.then(fetch, ""))

    def container(
        self,
        component: str,
        program: Text,
        arguments: Sequence[str | Expression] = (),
        *,
        needs_config: bool = True,
    ) -> dict[str, Expression]:
        """Returns `entryPoint`, null where the image's own stays, and `command` of a container.

        Args:
            component: what the entry point of the one image calls it.
            program: what starts it in an image of its own, in the shell's language.
            arguments: the words that follow in both.
            needs_config: whether it reads the proxy_config.
        """
        own_image = local(self, f"{component}_program", _line(program, *arguments))
        one_image = local(self, f"{component}_shared_image_program", _line(ENTRY_POINT, component, *arguments))
        run = self._images.one_for_all.then(one_image, own_image)
        script = local(self, f"{component}_script", text(*([self._fetch] if needs_config else []), "exec ", run, "\n"))
        runs_script = ~self._images.one_for_all
        if needs_config:
            runs_script |= self._has_config
        return {
            "entryPoint": when(runs_script, ["sh", "-c"]),
            "command": runs_script.then([script], [component, *arguments]),
        }


def _line(*words: str | Expression) -> Text:
    first, *others = words
    return text(first, *(part for word in others for part in (" ", word)))
