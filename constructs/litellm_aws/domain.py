"""The stack's own domain name: its certificate, and its records in Route 53."""

from cdktf import TerraformLocal
from cdktf_cdktf_provider_aws.acm_certificate import AcmCertificate
from cdktf_cdktf_provider_aws.acm_certificate_validation import AcmCertificateValidation
from cdktf_cdktf_provider_aws.lb import Lb
from cdktf_cdktf_provider_aws.route53_record import Route53Record, Route53RecordAlias
from constructs import Construct

from .expressions import is_set, one, one_if, template
from .input_variables import InputVariables
from .naming import Naming

_VALIDATION_TTL = 60
"""Seconds for which the record of a validation is cached: it is read by ACM alone."""


class Domain(Construct):
    """A certificate that ACM validates by a record, and an A and an AAAA record that lead to the load balancer.

    Attributes:
        exists: a local, whether the stack has a domain name.
        certificate_arn: of the valid certificate, the stack's own or the one that was brought along.
    """

    def __init__(
        self, scope: Construct, id_: str, *, inputs: InputVariables, naming: Naming, load_balancer: Lb
    ) -> None:
        super().__init__(scope, id_)
        self.exists = TerraformLocal(self, "local.has_domain", is_set(inputs.domain_name))
        count = one_if(self.exists)
        certificate = AcmCertificate(
            self,
            "aws_acm_certificate.this",
            count=count,
            domain_name=inputs.domain_name.string_value,
            validation_method="DNS",
            tags=naming.tags,
        )
        # The listener holds the old one until it has the new one.
        certificate.add_override("lifecycle.create_before_destroy", True)
        option = f"one(one({certificate.node.id}[*].domain_validation_options))"
        record = Route53Record(
            self,
            "aws_route53_record.certificate_validation",
            count=count,
            zone_id=inputs.route53_zone_id.string_value,
            name=template(f"{option}.resource_record_name"),
            type=template(f"{option}.resource_record_type"),
            records=[template(f"{option}.resource_record_value")],
            ttl=_VALIDATION_TTL,
            # Several certificates of one name share the record.
            allow_overwrite=True,
        )
        validation = AcmCertificateValidation(
            self,
            "aws_acm_certificate_validation.this",
            count=count,
            certificate_arn=one(certificate, "arn"),
            validation_record_fqdns=[one(record, "fqdn")],
        )
        for kind in ("A", "AAAA"):
            Route53Record(
                self,
                f"aws_route53_record.{kind.lower()}",
                count=count,
                zone_id=inputs.route53_zone_id.string_value,
                name=inputs.domain_name.string_value,
                type=kind,
                alias=Route53RecordAlias(
                    name=load_balancer.dns_name, zone_id=load_balancer.zone_id, evaluate_target_health=True
                ),
            )
        self.certificate_arn = template(
            f"{self.exists.node.id} ? one({validation.node.id}[*].certificate_arn) : var.acm_certificate_arn"
        )
