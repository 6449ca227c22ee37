"""The stack's S3 bucket and the proxy's configuration in it."""

from cdktf import ITerraformDependable, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleExpiration,
    S3BucketLifecycleConfigurationRuleFilter,
    S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration,
)
from cdktf_cdktf_provider_aws.s3_bucket_logging import S3BucketLoggingA
from cdktf_cdktf_provider_aws.s3_bucket_public_access_block import S3BucketPublicAccessBlock
from cdktf_cdktf_provider_aws.s3_bucket_server_side_encryption_configuration import (
    S3BucketServerSideEncryptionConfigurationA,
    S3BucketServerSideEncryptionConfigurationRuleA,
    S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA,
)
from cdktf_cdktf_provider_aws.s3_bucket_versioning import (
    S3BucketVersioningA,
    S3BucketVersioningVersioningConfiguration,
)
from cdktf_cdktf_provider_aws.s3_object import (
    S3Object,
    S3ObjectOverrideProvider,
    S3ObjectOverrideProviderDefaultTags,
)
from cdktf_cdktf_provider_random.id import Id
from constructs import Construct

from .blocks import attribute, count_if, one
from .expressions import Expression, call, when
from .input_variables import InputVariables
from .naming import Naming
from .network import Network
from .proxy_config import ProxyConfig

_OBJECT_TAGS = 10
"""Tags that S3 takes on an object (S3 User Guide, object tags)."""
_KEPT_VERSIONS = 10
"""Replaced versions of an object that never expire: ten deployments of the configuration can be rolled back."""
_UPLOAD_DAYS = 7
"""Days after which the parts of an unfinished upload are deleted: no upload of LiteLLM's takes as long."""


class Storage(Construct):
    """A private, versioned, encrypted bucket.

    Attributes:
        bucket_name, bucket_arn: of the bucket.
        proxy_config_folder: prefix of the keys that Terraform alone writes.
        proxy_config_key: key of the configuration's object.
        proxy_config_etag: changes with the configuration; null where there is none.
        proxy_config_version_id: of the configuration's object, so that each revision of a task definition keeps the
            configuration that it was made with; null where there is none.
    """

    proxy_config_folder = "config/"
    proxy_config_key = f"{proxy_config_folder}litellm-config.yaml"

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        inputs: InputVariables,
        naming: Naming,
        network: Network,
        proxy_config: ProxyConfig,
    ) -> None:
        super().__init__(scope, id_)
        self._inputs, self._naming = inputs, naming
        suffix = Id(self, "random_id.s3_suffix", byte_length=4)
        bucket = S3Bucket(
            self,
            "aws_s3_bucket.this",
            bucket=naming.of(attribute(suffix, "hex")),
            force_destroy=inputs.s3_force_destroy.as_boolean,
            tags=naming.tags,
            lifecycle=TerraformResourceLifecycle(precondition=[inputs.precondition("s3_force_destroy")]),
        )
        self.bucket_name = attribute(bucket, "id")
        self.bucket_arn = attribute(bucket, "arn")
        self._lifecycle()
        logs = inputs.s3_access_logs_bucket
        S3BucketLoggingA(
            self,
            "aws_s3_bucket_logging.this",
            count=count_if(logs.is_set),
            bucket=self.bucket_name.as_string,
            target_bucket=logs.as_string,
            target_prefix=f"{naming.stack}/s3/",
        )
        content = proxy_config.as_yaml(trusted_proxy_ranges=network.load_balancer_ranges)
        uploaded = self._uploaded(content, proxy_config.exists, after=self._protection())
        self.proxy_config_etag = when(proxy_config.exists, call("md5", content))
        self.proxy_config_version_id = one(uploaded, "version_id")

    def _protection(self) -> list[ITerraformDependable]:
        """Makes what must be in place before an object is stored."""
        bucket = self.bucket_name.as_string
        versioning = S3BucketVersioningA(
            self,
            "aws_s3_bucket_versioning.this",
            bucket=bucket,
            versioning_configuration=S3BucketVersioningVersioningConfiguration(status="Enabled"),
        )
        has_key = self._inputs.kms_key_arn.is_set
        encryption = S3BucketServerSideEncryptionConfigurationA(
            self,
            "aws_s3_bucket_server_side_encryption_configuration.this",
            bucket=bucket,
            rule=[
                S3BucketServerSideEncryptionConfigurationRuleA(
                    apply_server_side_encryption_by_default=(
                        S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA(
                            sse_algorithm=has_key.then("aws:kms", "AES256").as_string,
                            kms_master_key_id=self._naming.kms_key_arn.as_string,
                        )
                    ),
                    # Otherwise S3 would call KMS for every object.
                    bucket_key_enabled=when(has_key, True).as_boolean,
                )
            ],
        )
        access_block = S3BucketPublicAccessBlock(
            self,
            "aws_s3_bucket_public_access_block.this",
            bucket=bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
        )
        return [versioning, encryption, access_block]

    def _lifecycle(self) -> None:
        """Deletes old versions and what is left of uploads that ended halfway."""
        days = self._inputs.s3_noncurrent_version_days
        S3BucketLifecycleConfiguration(
            self,
            "aws_s3_bucket_lifecycle_configuration.this",
            count=count_if(days > 0),
            bucket=self.bucket_name.as_string,
            rule=[
                S3BucketLifecycleConfigurationRule(
                    id="old-versions",
                    status="Enabled",
                    filter=[S3BucketLifecycleConfigurationRuleFilter(prefix="")],
                    abort_incomplete_multipart_upload=[
                        S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(
                            days_after_initiation=_UPLOAD_DAYS
                        )
                    ],
                    expiration=[S3BucketLifecycleConfigurationRuleExpiration(expired_object_delete_marker=True)],
                    noncurrent_version_expiration=[
                        S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(
                            noncurrent_days=days.as_number, newer_noncurrent_versions=_KEPT_VERSIONS
                        )
                    ],
                )
            ],
        )

    def _uploaded(self, content: Expression, exists: Expression, *, after: list[ITerraformDependable]) -> S3Object:
        """Stores the configuration, where there is one."""
        return S3Object(
            self,
            "aws_s3_object.proxy_config",
            count=count_if(exists),
            bucket=self.bucket_name.as_string,
            key=self.proxy_config_key,
            content=content.as_string,
            content_type="application/yaml",
            # With a KMS key, S3's own is no MD5, and every plan would change it.
            etag=self._inputs.kms_key_arn.is_set.then(None, call("md5", content)).as_string,
            # S3 takes ten tags on an object, and the provider's default_tags would count.
            tags=self._naming.all_tags_if_at_most(_OBJECT_TAGS),
            override_provider=S3ObjectOverrideProvider(default_tags=S3ObjectOverrideProviderDefaultTags(tags={})),
            depends_on=after,
        )
