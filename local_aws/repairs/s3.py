"""S3: versions of objects.

What AWS does is in https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectsfromVersioningSuspendedBuckets.html.
"""

from collections.abc import Callable
from typing import Any

from moto.s3.models import FakeDeleteMarker, S3Backend

from .wrapping import around


def keep_versions_when_versioning_is_suspended() -> None:
    """Where versioning was suspended, AWS deletes the version that a request names, and keeps the others.

    A request that names none deletes the version null, and leaves a delete marker of that version. moto deletes all
    versions whatever the request names, and fails where one of them is a delete marker.
    """

    @around(S3Backend, "delete_object")
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
