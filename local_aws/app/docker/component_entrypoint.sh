#!/bin/sh
# A stand-in for /app/docker/component_entrypoint.sh of LiteLLM's images of one component. Its rules are those of
# docker/component_entrypoint.sh in the repository BerriAI/litellm.
if [ -n "${PROMETHEUS_MULTIPROC_DIR-}" ]; then
  mkdir -p "$PROMETHEUS_MULTIPROC_DIR"
  rm -f "$PROMETHEUS_MULTIPROC_DIR"/*.db
fi
exec "${0%/*}/traced.sh" "$@"
