#!/bin/sh
# Stand-in for /app/docker/component_entrypoint.sh in LiteLLM's component images. It follows
# docker/component_entrypoint.sh in the repository BerriAI/litellm.
if [ -n "${PROMETHEUS_MULTIPROC_DIR-}" ]; then
  mkdir -p "$PROMETHEUS_MULTIPROC_DIR"
  rm -f "$PROMETHEUS_MULTIPROC_DIR"/*.db
fi
exec "${0%/*}/traced.sh" "$@"
