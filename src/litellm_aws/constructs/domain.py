"""The stack's domain name: its certificate, and its records in Route 53."""

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.acm_certificate import AcmCertificate
from cdktf_cdktf_provider_aws.acm_certificate_validation import AcmCertificateValidation
from cdktf_cdktf_provider_aws.lb import Lb
from cdktf_cdktf_provider_aws.route53_record import Route53Record, Route53RecordAlias
from constructs import Construct

from .blocks import attribute, count_if, one
from .expressions import call
from .input_variables import InputVariables
from .naming import Naming

_VALIDATION_TTL = 60
"""Seconds for which the validation record is cached. Only ACM reads it."""


class Domain(Construct):
    """A certificate that ACM validates by a record, and an A and an AAAA record that lead to the load balancer.

    Attributes:
        exists: whether the stack has a domain name.
        certificate_arn: of the valid certificate, managed or existing.
    """

    def __init__(
        self, scope: Construct, id_: str, *, inputs: InputVariables, naming: Naming, load_balancer: Lb
    ) -> None:
        super().__init__(scope, id_)
        self._inputs = inputs
        self.exists = inputs.domain_name.is_set
        self._count = count_if(self.exists)
        certificate = AcmCertificate(
            self,
            "aws_acm_certificate.this",
            count=self._count,
            domain_name=inputs.domain_name.as_string,
            validation_method="DNS",
            tags=naming.tags,
            # The listener uses the old one until it has the new one.
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        validation = AcmCertificateValidation(
            self,
            "aws_acm_certificate_validation.this",
            count=self._count,
            certificate_arn=one(certificate, "arn").as_string,
            validation_record_fqdns=[one(self._validation_record(certificate), "fqdn").as_string],
        )
        for kind in ("A", "AAAA"):
            self._alias(kind, load_balancer)
        self.certificate_arn = self.exists.then(one(validation, "certificate_arn"), inputs.acm_certificate_arn)

    def _validation_record(self, certificate: AcmCertificate) -> Route53Record:
        option = call("one", one(certificate, "domain_validation_options"))
        return Route53Record(
            self,
            "aws_route53_record.certificate_validation",
            count=self._count,
            zone_id=self._inputs.route53_zone_id.as_string,
            name=option.attribute("resource_record_name").as_string,
            type=option.attribute("resource_record_type").as_string,
            records=[option.attribute("resource_record_value").as_string],
            ttl=_VALIDATION_TTL,
            # Several certificates of one name share the record.
            allow_overwrite=True,
        )

    def _alias(self, kind: str, load_balancer: Lb) -> None:
        Route53Record(
            self,
            f"aws_route53_record.{kind.lower()}",
            count=self._count,
            zone_id=self._inputs.route53_zone_id.as_string,
            name=self._inputs.domain_name.as_string,
            type=kind,
            alias=Route53RecordAlias(
                name=attribute(load_balancer, "dns_name").as_string,
                zone_id=attribute(load_balancer, "zone_id").as_string,
                evaluate_target_health=True,
            ),
        )
