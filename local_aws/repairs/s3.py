"""S3: versions of objects.

AWS's behavior is documented in
https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectsfromVersioningSuspendedBuckets.html.
"""

from collections.abc import Callable
from typing import Any

from moto.s3.models import FakeDeleteMarker, S3Backend

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
