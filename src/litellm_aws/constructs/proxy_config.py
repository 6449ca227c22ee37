"""LiteLLM's configuration file: what the user gives, and what inputs add to it."""

from collections.abc import Mapping
from functools import reduce
from operator import or_

from constructs import Construct

from .blocks import local
from .expressions import Expression, call, for_map, without_nulls
from .input_variables import InputVariables

_SETTINGS: Mapping[str, tuple[str, ...]] = {
    "litellm_settings": ("sse_keepalive_ping_interval_seconds", "anthropic_sse_ping_interval_seconds"),
    "router_settings": ("enable_pre_call_checks",),
}
"""The inputs that are LiteLLM's settings of the same name, by the section of its configuration."""


class ProxyConfig(Construct):
    """The configuration. A setting that the user writes in it overrides an input, and our defaults.

    Attributes:
        exists: whether there is a configuration.
    """

    def __init__(self, scope: Construct, id_: str, *, inputs: InputVariables) -> None:
        super().__init__(scope, id_)
        self._inputs = inputs
        given = [inputs.named(name).differs(None) for names in _SETTINGS.values() for name in names]
        self.exists = local(self, "has_proxy_config", reduce(or_, given, inputs.proxy_config.length() > 0))

    def as_yaml(self, *, trusted_proxy_ranges: Expression) -> Expression:
        """Returns the configuration as text.

        Args:
            trusted_proxy_ranges: IPv4 ranges from which the load balancer connects. Without them, LiteLLM takes the
                load balancer for the client of every request.
        """
        user = self._inputs.proxy_config
        defaults = local(
            self,
            "proxy_config_defaults",
            {
                "general_settings": {"trusted_proxy_ranges": trusted_proxy_ranges},
                **{section: {name: self._inputs.named(name) for name in names} for section, names in _SETTINGS.items()},
            },
        )
        set_defaults = local(
            self,
            "proxy_config_set_defaults",
            for_map(defaults, lambda section, values: (section, without_nulls(values))),
        )
        sections = local(
            self,
            "proxy_config_sections",
            for_map(
                set_defaults,
                lambda section, values: (section, call("try", call("merge", values, user[section]), values)),
            ),
        )
        given = for_map(
            sections, lambda section, values: (section, values), where=lambda _, values: values.length() > 0
        )
        return local(self, "proxy_config_yaml", call("yamlencode", call("merge", user, given)))
