"""S3: versions of objects, and the rules that expire them.

AWS's behavior is documented in
https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectsfromVersioningSuspendedBuckets.html and
https://docs.aws.amazon.com/AmazonS3/latest/API/API_NoncurrentVersionExpiration.html.
"""

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.s3.models import FakeBucket, FakeDeleteMarker, S3Backend
from moto.s3.responses import S3Response

from .patching import patch_method


def keep_versions_when_versioning_is_suspended() -> None:
    """If versioning is suspended, AWS deletes only the version in the request.

    A request without a version deletes the version null, and adds a delete marker with the version null. moto deletes
    all versions, and fails if one of them is a delete marker.
    """

    @patch_method(S3Backend, "delete_object")
    def of_one_version(
        original: Callable[..., tuple[bool, dict[str, Any]]],
        backend: S3Backend,
        bucket_name: str,
        key_name: str,
        version_id: str | None = None,
        bypass: bool = False,
    ) -> tuple[bool, dict[str, Any]]:
        bucket = backend.get_bucket(bucket_name)
        if bucket.versioning_status != "Suspended":
            return original(backend, bucket_name, key_name, version_id=version_id, bypass=bypass)
        deleted = version_id or "null"
        versions = bucket.keys.getlist(key_name, [])
        kept = [version for version in versions if str(version.version_id or "null") != deleted]
        if version_id is None and versions:
            marker = FakeDeleteMarker(versions[-1])
            marker._version_id = deleted
            kept.append(marker)
        bucket.keys.setlist(key_name, kept)
        if not kept:
            bucket.keys.pop(key_name)
        return True, {"version-id": deleted}


def report_how_many_noncurrent_versions_stay() -> None:
    """AWS reports NewerNoncurrentVersions of a rule's NoncurrentVersionExpiration. moto drops it."""

    @patch_method(FakeBucket, "set_lifecycle")
    def remembered(original: Callable[..., None], bucket: FakeBucket, rules: Any) -> None:
        original(bucket, rules)
        for rule, wanted in zip(bucket.rules, rules if isinstance(rules, list) else [rules], strict=True):
            expiration = wanted.get("NoncurrentVersionExpiration") or {}
            vars(rule)["kept_versions"] = expiration.get("NewerNoncurrentVersions")

    @patch_method(S3Response, "serialized")
    def reported(original: Callable[..., Any], response: S3Response, answer: ActionResult) -> Any:
        result: Any = answer.result
        if response.data.get("Action") == "GetBucketLifecycleConfiguration" and isinstance(result, dict):
            rules = response.backend.get_bucket_lifecycle(response.bucket_name)
            for rule, described in zip(rules, result["Rules"], strict=True):
                if kept := vars(rule).get("kept_versions"):
                    described["NoncurrentVersionExpiration"]["NewerNoncurrentVersions"] = int(kept)
        return original(response, answer)
