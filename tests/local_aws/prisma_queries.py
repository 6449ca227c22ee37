"""Runs queries with LiteLLM's generated Prisma client, and prints the results as JSON in the last line.

A test runs this file with the Python of an installation of LiteLLM: the client is generated from LiteLLM's schema. The
argument is a JSON list with a large number, a text and a document, which some of the queries contain.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from prisma import Json, Prisma
from prisma import errors as prisma_errors

LARGE, TEXT, DOCUMENT = json.loads(sys.argv[1])
MOMENT = datetime(2026, 2, 3, 4, 5, 6, 789000, tzinfo=UTC)


async def main() -> None:
    database = Prisma()
    await database.connect()
    results = {query.__name__: await query(database) for query in QUERIES}
    await database.disconnect()
    # The client lets the engine write its version to standard output, too.
    print(json.dumps(results))


async def scalars(database: Any) -> Any:
    """All kinds of values that LiteLLM's tables have."""
    created = await database.litellm_verificationtoken.create(
        data={
            "token": "scalars",
            "key_name": TEXT,
            "spend": 0.1,
            "tpm_limit": LARGE,
            "blocked": True,
            "models": ["b", TEXT],
            "expires": MOMENT,
            "metadata": Json(DOCUMENT),
        }
    )
    found = await database.litellm_verificationtoken.find_unique(where={"token": "scalars"})
    return {
        "created": created == found,
        "values": [found.key_name, found.spend, found.tpm_limit, found.blocked, found.models, found.user_id],
        "expires": found.expires == MOMENT,
        "metadata": found.metadata,
    }


async def json_filters(database: Any) -> Any:
    """A JSON document is a value in a filter too, also under AND, OR and NOT."""
    equal = {"metadata": {"equals": Json(DOCUMENT)}}
    tokens = database.litellm_verificationtoken
    return [
        await tokens.count(where=equal),
        await tokens.count(where={"OR": [equal, {"token": "none"}], "NOT": [{"metadata": {"equals": Json({})}}]}),
        await tokens.count(where={"metadata": {"equals": Json("text")}}),
        await database.query_raw('SELECT jsonb_typeof(metadata) AS kind FROM "LiteLLM_VerificationToken"'),
    ]


async def changes(database: Any) -> Any:
    users = database.litellm_usertable
    await users.create_many(data=[{"user_id": f"u{n}", "spend": float(n)} for n in range(4)], skip_duplicates=True)
    again = await users.create_many(data=[{"user_id": "u1"}, {"user_id": "u4"}], skip_duplicates=True)
    updated = await users.update(
        where={"user_id": "u1"}, data={"spend": {"increment": 2.5}, "metadata": Json({"a": 1})}
    )
    missing = await users.update(where={"user_id": "none"}, data={"spend": 1.0})
    many = await users.update_many(where={"spend": {"gte": 2.0}}, data={"user_role": "admin"})
    upserts = [
        await users.upsert(
            where={"user_id": user},
            data={"create": {"user_id": user, "metadata": Json({"new": True})}, "update": {"metadata": Json(["old"])}},
        )
        for user in ("u1", "u5")
    ]
    deleted = await users.delete(where={"user_id": "u5"})
    not_deleted = await users.delete(where={"user_id": "u5"})
    ordered = await users.find_many(where={"user_id": {"in": ["u1", "u3"]}}, order={"user_id": "desc"}, take=1, skip=1)
    return {
        "again": again,
        "updated": [updated.spend, updated.metadata],
        "missing": missing,
        "many": many,
        "upserts": [each.metadata for each in upserts],
        "deleted": [deleted.user_id, not_deleted],
        "ordered": [each.user_id for each in ordered],
        "first": await users.find_first(where={"user_id": "none"}),
    }


async def aggregates(database: Any) -> Any:
    users = database.litellm_usertable
    groups = await users.group_by(["user_role"], sum={"spend": True}, count=True, order={"user_role": "asc"})
    return {"count": await users.count(where={"user_id": {"startswith": "u"}}), "groups": groups}


async def relations(database: Any) -> Any:
    """A nested write, whose JSON fields belong to another model, and a nested read."""
    await database.litellm_organizationtable.create(
        data={
            "organization_id": "org",
            "organization_alias": "org",
            "created_by": "x",
            "updated_by": "x",
            "metadata": Json({"level": 1}),
            "litellm_budget_table": {"create": {"max_budget": 1.0, "created_by": "x", "updated_by": "x"}},
            "teams": {"create": [{"team_id": "team", "metadata": Json({"level": 2})}]},
        }
    )
    found = await database.litellm_organizationtable.find_unique(
        where={"organization_id": "org"},
        include={"teams": {"where": {"team_id": "team"}}, "litellm_budget_table": True},
    )
    return [found.metadata, [team.metadata for team in found.teams], found.litellm_budget_table.max_budget]


async def raw(database: Any) -> Any:
    rows = await database.query_raw(
        """
        SELECT $1::text AS text, $2::int8 AS large, $3::float8 AS float, $4::jsonb AS document,
            1.25::numeric AS decimal, true AS yes, NULL AS nothing, ARRAY['a', 'b'] AS list, '\\x0102'::bytea AS bytes,
            '2026-02-03T04:05:06Z'::timestamptz AS moment, DATE '2026-02-03' AS day,
            'a name'::name AS name, ARRAY['a'::name] AS names
        """,
        TEXT,
        LARGE,
        0.5,
        json.dumps(DOCUMENT),
    )
    executed = await database.execute_raw('UPDATE "LiteLLM_UserTable" SET spend = $1 WHERE user_id = $2', 7.5, "u2")
    return {"rows": rows, "executed": executed}


async def transactions(database: Any) -> Any:
    users = database.litellm_usertable
    async with database.tx() as kept:
        await kept.litellm_usertable.create(data={"user_id": "kept"})
        before = await users.count(where={"user_id": "kept"})
    try:
        async with database.tx(timeout=timedelta(seconds=20)) as lost:
            await lost.litellm_usertable.create(data={"user_id": "lost"})
            raise LookupError
    except LookupError:
        pass
    try:
        async with database.tx(timeout=timedelta(milliseconds=100)) as slow:
            await asyncio.sleep(0.5)
            await slow.litellm_usertable.create(data={"user_id": "slow"})
    except prisma_errors.PrismaError as error:
        expired = type(error).__name__
    found = await users.find_many(where={"user_id": {"in": ["kept", "lost", "slow"]}})
    return [before, [each.user_id for each in found], expired]


async def batches(database: Any) -> Any:
    users = database.litellm_usertable
    async with database.batch_() as batch:
        batch.litellm_usertable.create(data={"user_id": "b1", "metadata": Json({"batch": 1})})
        batch.litellm_usertable.update(where={"user_id": "u1"}, data={"spend": 9.0})
    try:
        async with database.batch_() as batch:
            batch.litellm_usertable.create(data={"user_id": "b2"})
            batch.litellm_usertable.create(data={"user_id": "b1"})
    except prisma_errors.PrismaError as error:
        failed = type(error).__name__
    found = await users.find_many(where={"user_id": {"startswith": "b"}})
    return [failed, [(each.user_id, each.metadata) for each in found]]


async def failures(database: Any) -> Any:
    users = database.litellm_usertable
    return [
        await _error(users.create(data={"user_id": "u1"})),
        await _error(users.find_unique_or_raise(where={"user_id": "none"})),
        await _error(
            database.litellm_teammembership.create(data={"user_id": "u1", "team_id": "t", "budget_id": "none"})
        ),
        await _error(users.create(data={"user_id": "u9", "unknown": 1})),
        await _error(users.create(data={"spend": "text"})),
        await _error(database.query_raw("SELECT nonsense")),
        await _error(database.query_raw("SELECT 1")),
    ]


async def concurrent(database: Any) -> Any:
    """More queries than connections."""
    rows = await asyncio.gather(*(database.query_raw("SELECT $1::int AS n", n) for n in range(200)))
    return sum(row[0]["n"] for row in rows)


async def _error(query: Any) -> str:
    try:
        await query
    except prisma_errors.PrismaError as error:
        return type(error).__name__
    return "none"


QUERIES: list[Callable[[Any], Any]] = [
    scalars,
    json_filters,
    changes,
    aggregates,
    relations,
    raw,
    transactions,
    batches,
    failures,
    concurrent,
]

if __name__ == "__main__":
    asyncio.run(main())
