import os, sys
import boto3
bucket = os.environ["LITELLM_PROXY_CONFIG_S3_BUCKET"]
key = os.environ["LITELLM_PROXY_CONFIG_S3_KEY"]
try:
    s3 = boto3.client("s3", region_name=os.environ["AWS_REGION"])
    config = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    with open(os.environ["CONFIG_FILE_PATH"], "wb") as file:
        file.write(config)
except Exception as error:
    sys.exit(f"cannot fetch the proxy_config s3://{bucket}/{key}: {error}")
