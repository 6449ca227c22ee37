#!/bin/sh
# Functions for a script that Terraform's local-exec provisioner runs, and that uses the AWS CLI. Terraform puts this
# file in front of the script. It is written for a POSIX shell. The script defines
#   title            what it does, in messages, such as "database bootstrap"
#   region, cluster
#   role_arn         the role to assume; empty: use the credentials in the environment
#   session_name     of the role's sessions
#   log_group, log_stream
#   poll_seconds, timeout_minutes
#   advise           prints the last lines of an error: what to do
#   still_running    prints what continues when the script gives up
#   fail_timed_out   calls `fail` after timeout_minutes
set -eu

tolerated_failures=5   # consecutive failures to read a status
session_seconds=2700   # assume the role again after 45 minutes: with role chaining, a session lasts one hour
session='' assumed=0
started=$(date +%s)

# The user's settings must not open a pager or a prompt, or make the CLI retry a hanging call many times.
export AWS_PAGER='' AWS_CLI_AUTO_PROMPT=off AWS_MAX_ATTEMPTS=3

# Runs the AWS CLI. It sets the role's credentials only in its subshell, because the original credentials are
# needed to assume the role again. It does not redirect stderr: the CLI's own error appears before ours.
call() (
  if [ -n "$session" ]; then
    AWS_ACCESS_KEY_ID=$(lines 1 "$session") AWS_SECRET_ACCESS_KEY=$(lines 2 "$session")
    AWS_SESSION_TOKEN=$(lines 3 "$session")
    export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
    unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_CREDENTIAL_EXPIRATION
  fi
  aws "$@" --region "$region" --output text --cli-connect-timeout 10 --cli-read-timeout 20
)

# A role can assume itself only if it trusts itself, so credentials that already belong to the role are used directly.
has_role() {
  account=${role_arn#*::} account=${account%%:*}
  case $(call sts get-caller-identity --query Arn) in
    *"::$account:assumed-role/${role_arn##*/}/"*) return 0 ;;
    *) return 1 ;;
  esac
}

assume_role() {
  [ -n "$role_arn" ] || return 0
  if [ -z "$session" ]; then
    if has_role; then
      role_arn=''
      return 0
    fi
  elif [ "$(($(date +%s) - assumed))" -lt "$session_seconds" ]; then
    return 0
  fi
  now=$(date +%s)
  credentials=$(session='' && call sts assume-role --role-arn "$role_arn" \
    --role-session-name "$session_name" --query \
    '[[Credentials.AccessKeyId], [Credentials.SecretAccessKey], [Credentials.SessionToken]]') || return
  session=$credentials assumed=$now
}

say() { printf '%s: %s\n' "$title" "$1"; }

warn() { printf '%s\n' "$@" | sed '/^$/d' >&2; }

# lines ADDRESS TEXT: prints the lines at a sed address, such as 2 or 4,$
lines() { printf '%s\n' "$2" | sed -n "${1}p"; }

elapsed() { echo "$(($(date +%s) - started))"; }

# A signal interrupts `wait`, but a trap must wait for a command in the foreground.
pause() {
  sleep "$poll_seconds" >/dev/null 2>&1 &
  wait "$!" || :
}

# fail MESSAGE [LINE...]: prints an error and exits. Call it after printing the log, because Terraform's error contains
# only the last 8 KiB of the output.
fail() {
  warn "$title failed: $1"
  shift
  warn "$@"
  advise
  exit 1
}

# operator_command SUBCOMMAND OPTION VALUE
operator_command() {
  printf 'aws ecs %s --region "%s" --cluster "%s" %s "%s"' "$1" "$region" "$cluster" "$2" "$3"
}

log_in() {
  command -v aws >/dev/null ||
    fail 'the AWS CLI (aws) is not on the PATH of the machine that runs Terraform.' \
      'Install the AWS CLI, version 1 or 2: https://aws.amazon.com/cli/'
  assume_role ||
    fail "the role $role_arn could not be assumed; see the error of the AWS CLI above." \
      'The input one_shot_assume_role_arn sets this role. In a tenants file, the default is provider.assume_role.'
}

log_tail() {
  call logs get-log-events --log-group-name "$log_group" --log-stream-name "$log_stream" \
    --limit 20 --query 'events[].[message]'
}

# show_log_tail TRIES: tries several times, because a container's last lines arrive some seconds after it has
# stopped. On failure, $log contains the error of the CLI, if any.
show_log_tail() {
  tries=$1
  until log=$(log_tail 2>&1) && [ -n "$log" ]; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return
    pause
  done
  warn 'Last lines of the log:' "$(printf '%s\n' "$log" | sed 's/^/  /')"
}

# wait_until LOOK DONE: calls LOOK, which reads a status, until DONE succeeds.
wait_until() {
  failures=0
  while :; do
    if assume_role && "$1"; then
      failures=0
      if "$2"; then return 0; fi
    else
      failures=$((failures + 1))
      [ "$failures" -le "$tolerated_failures" ] ||
        fail "its status could not be read $failures times in a row; see the last error above." "$(still_running)"
      warn "$title: its status could not be read; trying again."
    fi
    if [ "$(elapsed)" -ge "$((timeout_minutes * 60))" ]; then fail_timed_out; fi
    pause
  done
}
