"""Which image each component runs from: one for all, or one for each."""

from constructs import Construct

from .blocks import local
from .expressions import Expression, text, when
from .input_variables import InputVariables

_RELEASES = "ghcr.io/berriai/litellm"
"""Where LiteLLM publishes the image of all components, tagged by version."""
ENTRY_POINT = "/app/docker-entrypoint.sh"
"""The entry point of that image. Its first argument is the component (LiteLLM's Dockerfile)."""


class Images(Construct):
    """The images.

    Attributes:
        one_for_all: whether all components run from one image.
    """

    def __init__(self, scope: Construct, id_: str, *, inputs: InputVariables) -> None:
        super().__init__(scope, id_)
        self._inputs = inputs
        version = inputs.litellm_version
        self._image = local(self, "image", version.is_set.then(text(_RELEASES, ":", version), inputs.image))
        self.one_for_all = local(self, "has_one_image", self._image.is_set)

    def of(self, component: str) -> Expression:
        """Returns the image of a component: gateway, backend, ui or migrations."""
        return self.one_for_all.then(self._image, self._inputs.named(f"{component}_image"))

    def component_command(self, component: str) -> Expression:
        """Returns the command of a container that the image of a component starts by itself; null keeps its CMD."""
        return when(self.one_for_all, [component])
