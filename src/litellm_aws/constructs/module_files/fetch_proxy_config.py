import os, sys
import boto3
bucket = os.environ["LITELLM_PROXY_CONFIG_S3_BUCKET"]
key = os.environ["LITELLM_PROXY_CONFIG_S3_KEY"]
# "null" is the version of an object that was stored before the versioning of the bucket took effect.
version = os.environ["LITELLM_PROXY_CONFIG_S3_VERSION_ID"] or "null"
try:
    s3 = boto3.client("s3", region_name=os.environ["AWS_REGION"])
    config = s3.get_object(Bucket=bucket, Key=key, VersionId=version)["Body"].read()
    with open(os.environ["CONFIG_FILE_PATH"], "wb") as file:
        file.write(config)
except Exception as error:
    sys.exit(f"cannot fetch version {version} of the proxy_config s3://{bucket}/{key}: {error}")
