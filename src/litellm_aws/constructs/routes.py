"""Which service the load balancer sends a path to, as ELB path patterns.

Each component answers 404 for a path that it does not serve. What matches none of these patterns goes to the backend.
Sources: the lists of paths in LiteLLM's `gateway/routes/allowlist.py` and `backend/routes/allowlist.py`, and the
ingress of its Helm chart.
"""

from collections.abc import Sequence

PATTERNS_PER_RULE = 5
"""Condition values that ELB takes in one rule (ELB quotas, "condition values per rule")."""
WILDCARDS_PER_RULE = 5
"""Wildcards, `*` and `?`, that ELB takes in all values of one rule (ELB quotas, "condition wildcards per rule").

Older accounts may have 6, but the quota cannot be raised (awsdocs/elb-application-load-balancers-user-guide#32)."""
UI_EXACT: tuple[str, ...] = ("/", "/favicon.ico", "/ui", "/chat/*.txt", "/search-tools/*.txt")
"""The last two are of pages whose other paths are the gateway's; see `UI_TEXT`."""

UI_PREFIXES: tuple[str, ...] = ("/litellm-asset-prefix/*", "/_next/*", "/assets/*", "/ui/*")

UI_TEXT: tuple[str, ...] = ("/*.txt",)
"""The payloads that the UI's router fetches for each page, such as `/__next._tree.txt` and `/teams.txt`: the UI is a
static export of Next.js without a base path. The rule comes after those of the gateway and of `BACKEND_TEXT`, whose
paths may end in .txt too."""

BACKEND: tuple[str, ...] = (
    "/v1/access_group*",
    "/v1/agents*",
    "/v1/mcp/*",
    "/v1/model/info*",
    "/v1/rust_control_plane/*",
    "/v1/tool/*",
    "/v1/workflows/*",
)
"""The management API's paths under /v1, all others of which are the gateway's."""

BACKEND_TEXT: tuple[str, ...] = ("/robots.txt", "/.well-known/*", "/plugin-proxy/*")
"""Paths of the backend that may end in .txt."""

GATEWAY: tuple[str, ...] = (
    "/v1/*",
    "/chat/*",
    "/queue/chat/*",
    "/completions*",
    "/embeddings*",
    "/models",
    "/models/*",
    "/*/v1/files*",
    "/files*",
    "/images/*",
    "/test",
    "/health*",
    "/*/v1/batches*",
    "/batches*",
    "/responses*",
    "/debug/memory/summary",
    "/metrics*",
    "/fine?tuning/*",
    "/assistants*",
    "/threads*",
    "/audio/*",
    "/moderations*",
    "/messages*",
    "/realtime*",
    "/vector_stores*",
    "/containers*",
    "/search*",
    "/v2/rerank*",
    "/rerank*",
    "/engines/*",
    "/ocr*",
    "/rag/*",
    "/video*",
    "/a2a/*",
    "/interactions*",
    "/v1beta/*",
    "/toolset/*",
    "/openai/*",
    "/openai_passthrough/*",
    "/gemini/*",
    "/vertex?ai/*",
    "/google/*",
    "/anthropic/*",
    "/langfuse/*",
    "/azure/*",
    "/azure_ai/*",
    "/azure_speech/*",
    "/assemblyai/*",
    "/eu.assemblyai/*",
    "/aws/*",
    "/bedrock/*",
    "/comprehendmedical*",
    "/transcribe*",
    "/cohere/*",
    "/cursor/*",
    "/gigachat/*",
    "/groq/*",
    "/milvus/*",
    "/mistral/*",
    "/nvidia_nim/*",
    "/tinyfish/*",
    "/vllm/*",
    "/voyage/*",
    "/watsonx*",
)
"""The LLM routes. A pattern starts with a name of its own: one such as `/*rerank*` would also match a model's name in a
path of the backend. The order fills the rules: most patterns with two wildcards share theirs with one that has none."""


def wildcards(pattern: str) -> int:
    """Returns how many wildcards ELB counts in a pattern."""
    return pattern.count("*") + pattern.count("?")


def rules(patterns: Sequence[str]) -> list[list[str]]:
    """Splits patterns, in their order, into rules that keep ELB's limits on values and wildcards."""
    split: list[list[str]] = []
    for pattern in patterns:
        last = split[-1] if split else None
        if (
            last is not None
            and len(last) < PATTERNS_PER_RULE
            and sum(map(wildcards, last)) + wildcards(pattern) <= WILDCARDS_PER_RULE
        ):
            last.append(pattern)
        else:
            split.append([pattern])
    return split
