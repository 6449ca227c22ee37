#!/bin/sh
# Runs a command, through ddtrace-run where USE_DDTRACE is true, as both entry points of LiteLLM's images do.
case ${USE_DDTRACE-} in
[Tt][Rr][Uu][Ee])
  export DD_TRACE_OPENAI_ENABLED=False
  exec ddtrace-run "$@"
  ;;
esac
exec "$@"
