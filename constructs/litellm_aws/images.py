"""Which image each component runs from: one for all, or one for each."""

from cdktf import TerraformLocal
from constructs import Construct

from .expressions import address, template

_RELEASES = "ghcr.io/berriai/litellm"
"""Where LiteLLM publishes the image of all components, tagged by version."""
ENTRY_POINT = "/app/docker-entrypoint.sh"
"""The entry point of that image. Its first argument is the component (LiteLLM's Dockerfile)."""


class Images(Construct):
    """The images.

    Attributes:
        one_for_all: expression, whether all components run from one image.
    """

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        version = f'"{_RELEASES}:${{var.litellm_version}}"'
        self._image = address(
            TerraformLocal(self, "local.image", template(f'var.litellm_version != "" ? {version} : var.image'))
        )
        self.one_for_all = address(TerraformLocal(self, "local.has_one_image", template(f'{self._image} != ""')))

    def of(self, component: str) -> str:
        """Returns the image of a component: gateway, backend, ui or migrations."""
        return template(f"{self.one_for_all} ? {self._image} : var.{component}_image")

    def component_command(self, component: str) -> str:
        """Returns the command of a container that the image of a component starts by itself; null keeps its CMD."""
        return template(f'{self.one_for_all} ? ["{component}"] : null')
