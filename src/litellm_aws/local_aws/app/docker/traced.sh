#!/bin/sh
# Runs a command, with ddtrace-run if USE_DDTRACE is true, like both entry points of LiteLLM's images.
case ${USE_DDTRACE-} in
[Tt][Rr][Uu][Ee])
  export DD_TRACE_OPENAI_ENABLED=False
  exec ddtrace-run "$@"
  ;;
esac
exec "$@"
