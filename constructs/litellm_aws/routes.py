"""Which service the load balancer sends a path to, as ELB path patterns.

Each component answers 404 for a path that it does not serve. What matches none of these patterns goes to the backend.
Sources: the lists of paths in LiteLLM's `gateway/routes/allowlist.py` and `backend/routes/allowlist.py`, and the
ingress of its Helm chart.
"""

from collections.abc import Sequence

PATTERNS_PER_RULE = 5
"""Condition values that ELB takes in one rule (ELB quotas, "condition values per rule")."""
WILDCARDS_PER_RULE = 6
"""Wildcards, `*` and `?`, that ELB takes in all values of one rule (ELB quotas, "condition wildcards per rule")."""
RULES_PER_LISTENER = 100
"""Rules that ELB takes on one listener, besides the default one (ELB quotas, "rules per load balancer")."""

UI_EXACT: tuple[str, ...] = ("/", "/favicon.ico", "/ui")

UI_PREFIXES: tuple[str, ...] = ("/litellm-asset-prefix/*", "/_next/*", "/assets/*", "/ui/*")

UI_TEXT: tuple[str, ...] = ("/*.txt",)
"""The payloads that the UI's router fetches for each page, such as `/__next._tree.txt` and `/teams.txt`: the UI is a
static export of Next.js without a base path. The rule comes after those of the gateway and of `BACKEND_TEXT`, whose
paths may end in .txt too."""

BACKEND_TEXT: tuple[str, ...] = ("/robots.txt", "/.well-known/*", "/plugin-proxy/*", "/memory/*")
"""Paths of the backend that may end in .txt."""

GATEWAY: tuple[str, ...] = (
    "/*/chat/*",
    "/chat/*",
    "/v1/audio/*",
    "/audio/*",
    "/engines/*",
    "/*completions*",
    "/v1/responses*",
    "/responses*",
    "/v1/messages*",
    "/messages*",
    "/*embeddings*",
    "/v1/models*",
    "/models*",
    "/v1/images/*",
    "/images/*",
    "/*/files*",
    "/files*",
    "/v1/containers*",
    "/containers*",
    "/v1/indexes*",
    "/*/batches*",
    "/batches*",
    "/v1/evals*",
    "/v1/memory*",
    "/v1/skills*",
    "/*fine?tuning/*",
    "/*a2a/*",
    "/test",
    "/debug/memory/summary",
    "/health*",
    "/*vector_stores*",
    "/v1/search*",
    "/search*",
    "/v1/rag/*",
    "/rag/*",
    "/*assistants*",
    "/v1/threads*",
    "/threads*",
    "/v1/ocr*",
    "/ocr*",
    "/*realtime*",
    "/v1/video*",
    "/video*",
    "/v1beta/*",
    "/interactions*",
    "/*moderations*",
    "/metrics*",
    "/toolset/*",
    "/openai/*",
    "/watsonx*",
    "/*rerank*",
    "/anthropic/*",
    "/gemini/*",
    "/google/*",
    "/openai_passthrough/*",
    "/vertex?ai/*",
    "/aws/*",
    "/bedrock/*",
    "/comprehendmedical*",
    "/transcribe*",
    "/*assemblyai/*",
    "/azure/*",
    "/azure_ai/*",
    "/azure_speech/*",
    "/langfuse/*",
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
)
"""The LLM routes. Their order fills the rules: each has room for one pattern with two wildcards."""


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
