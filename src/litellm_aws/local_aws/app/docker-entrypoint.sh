#!/bin/sh
# Stand-in for /app/docker-entrypoint.sh in LiteLLM's image for all components. It follows docker-entrypoint.sh in the
# repository BerriAI/litellm: the first argument selects the component.
set -eu

here=${0%/*}
component=${LITELLM_COMPONENT:-proxy}
case ${1-} in
gateway | backend | ui | migrations | metrics | collector | proxy)
  component=$1
  shift
  ;;
'' | -*) ;;
*) component=other ;;
esac

# Each task of the local AWS has its own address, where a task on ECS has its own network.
address=${LOCAL_AWS_TASK_ADDRESS:-0.0.0.0}

samples=remove
case $component in
gateway) set -- python -m gateway.launch --workers "${NUM_WORKERS:-1}" --host "$address" --port 4000 "$@" ;;
backend) set -- uvicorn backend.main:app --host "$address" --port 4001 "$@" ;;
migrations) set -- python "$here/migrations/run.py" "$@" ;;
proxy) set -- litellm "$@" ;;
metrics | collector)
  samples=keep
  [ "$component" = collector ] || component=prometheus_metrics_server
  set -- python -m "litellm.proxy.$component" "$@"
  ;;
ui) exec nginx -g 'daemon off;' "$@" ;;
other)
  # A program that reads the samples keeps them, even if it is started by its module name.
  case " $* " in *litellm.proxy.prometheus_metrics_server* | *litellm.proxy.collector*) samples=keep ;; esac
  ;;
*)
  echo "docker-entrypoint.sh: unknown component: $component" >&2
  exit 64
  ;;
esac

if [ -n "${PROMETHEUS_MULTIPROC_DIR:-}" ]; then
  mkdir -p "$PROMETHEUS_MULTIPROC_DIR"
  [ "$samples" = keep ] || rm -f "$PROMETHEUS_MULTIPROC_DIR"/*.db
fi
exec "$here/docker/traced.sh" "$@"
