"""LiteLLM's configuration file: what the user gives, and what inputs add to it."""

from collections.abc import Mapping

from cdktf import TerraformLocal
from constructs import Construct

from .expressions import address, template
from .input_variables import InputVariables

_SETTINGS: Mapping[str, tuple[str, ...]] = {
    "litellm_settings": ("sse_keepalive_ping_interval_seconds", "anthropic_sse_ping_interval_seconds"),
    "router_settings": ("enable_pre_call_checks",),
}
"""The inputs that are settings of LiteLLM's, by the section of its configuration; each has its setting's name."""


class ProxyConfig(Construct):
    """The configuration. A setting that the user writes in it wins over an input, and over what we know.

    Attributes:
        exists: address of a local, whether there is a configuration.
    """

    def __init__(self, scope: Construct, id_: str, *, inputs: InputVariables) -> None:
        super().__init__(scope, id_)
        settings = [f"var.{name}" for names in _SETTINGS.values() for name in names]
        given = " || ".join(f"{setting} != null" for setting in settings)
        self.exists = address(
            TerraformLocal(
                self,
                "local.has_proxy_config",
                template(f"length({address(inputs.proxy_config)}) > 0 || {given}"),
            )
        )

    def as_yaml(self, *, trusted_proxy_ranges: str) -> TerraformLocal:
        """Returns the configuration as text.

        Args:
            trusted_proxy_ranges: expression of the IPv4 ranges that the load balancer speaks from. Unless LiteLLM
                knows them, it takes every request for the load balancer's own.
        """
        own = {"general_settings": f"{{ trusted_proxy_ranges = {trusted_proxy_ranges} }}"}
        for section, names in _SETTINGS.items():
            values = ", ".join(f"{name} = var.{name}" for name in names)
            own[section] = f"{{ for name, value in {{ {values} }} : name => value if value != null }}"
        sections = ", ".join(
            f"{section} = try(merge({values}, var.proxy_config.{section}), {values})"
            for section, values in sorted(own.items())
        )
        merged = f"{{ for section, values in {{ {sections} }} : section => values if length(values) > 0 }}"
        return TerraformLocal(
            self, "local.proxy_config_yaml", template(f"yamlencode(merge(var.proxy_config, {merged}))")
        )
