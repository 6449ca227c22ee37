"""Checks IAM database authentication tokens, as `rds generate-db-auth-token` creates them, like RDS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import parse_qsl, quote, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .account import ACCOUNT_ID, Account
from .permissions import allowed

LIFETIME = timedelta(minutes=15)
"""Lifetime of a token (RDS user guide, IAM database authentication)."""


def rejection_reason(
    account: Account, token: str, *, user: str, host: str, port: int, cluster_arn: str, resource_id: str
) -> str | None:
    """Returns why a token is rejected, or None if it is valid.

    Args:
        account: the account that holds the roles.
        token: the token, which the client sends as password.
        user: the database user.
        host, port: the endpoint that the token must be for.
        cluster_arn: ARN of the cluster.
        resource_id: resource ID of the cluster, such as `cluster-ABC`.
    """
    address = urlsplit(f"https://{token}")
    query = dict(parse_qsl(address.query))
    if address.netloc != f"{host}:{port}" or query.get("Action") != "connect":
        return "the password is not a token for this endpoint"
    if query.get("DBUser") != user:
        return f"the token is for user {query.get('DBUser')}"
    try:
        access_key_id, _, region, service, _ = query["X-Amz-Credential"].split("/")
        made = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        signature = query.pop("X-Amz-Signature")
    except (KeyError, ValueError):
        return "the token is not signed"
    if (service, region) != ("rds-db", cluster_arn.split(":")[3]):
        return f"the token is signed for {service} in {region}"
    if not timedelta(minutes=-5) < datetime.now(UTC) - made < LIFETIME:
        return "the token has expired or is not valid yet"
    session = account.sessions.get(access_key_id)
    if session is None or query.get("X-Amz-Security-Token") != session.session_token:
        return "the token is not signed by a role of this account"
    credentials = Credentials(session.access_key_id, session.secret_access_key, session.session_token)
    if signature != _signature(credentials, service, region, address.netloc, query):
        return "the signature of the token is invalid"
    resource = f"arn:aws:rds-db:{region}:{ACCOUNT_ID}:dbuser:{resource_id}/{user}"
    if not allowed(account, session.role_arn, "rds-db:connect", resource):
        return f"{session.role_arn} is not authorized to perform rds-db:connect on {resource}"
    return None


def _signature(credentials: Credentials, service: str, region: str, host: str, query: dict[str, str]) -> str:
    sorted_query = "&".join(f"{quote(name, safe='')}={quote(query[name], safe='')}" for name in sorted(query))
    canonical = "\n".join(["GET", "/", sorted_query, f"host:{host}", "", "host", sha256(b"").hexdigest()])
    request = AWSRequest("GET", f"https://{host}/")
    request.context["timestamp"] = query["X-Amz-Date"]
    signer = SigV4Auth(credentials, service, region)
    return str(signer.signature(signer.string_to_sign(request, canonical), request))
