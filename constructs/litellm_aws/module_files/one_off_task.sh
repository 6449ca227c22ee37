#!/bin/sh
# Runs one Fargate task to its end, for Terraform's local-exec: succeeds only if its container exits
# with 0, and otherwise says what an operator needs to know. It is POSIX sh, and takes every input from
# the environment.
set -eu

: "${ONE_SHOT_NAME:?}"              # what people call the task, such as "database bootstrap"
: "${ONE_SHOT_REGION:?}"
: "${ONE_SHOT_CLUSTER:?}"
: "${ONE_SHOT_TASK_DEFINITION:?}"   # ARN
: "${ONE_SHOT_CONTAINER:?}"         # the one whose exit code counts: AWS may add others to a task
: "${ONE_SHOT_SUBNETS:?}"           # comma separated
: "${ONE_SHOT_SECURITY_GROUPS:?}"   # comma separated
: "${ONE_SHOT_LOG_GROUP:?}"
: "${ONE_SHOT_LOG_STREAM_PREFIX:?}"
: "${ONE_SHOT_TIMEOUT_MINUTES:?}"
: "${ONE_SHOT_ASSUME_ROLE_ARN:=}"    # empty: the credentials in the environment
: "${ONE_SHOT_POLL_SECONDS:=5}"

started_by=terraform-one-shot
tolerated_failures=5   # of describe-tasks, in a row
session_seconds=2700   # a role that a role assumes is lent for an hour
task_arn='' log_stream='' status='' session='' assumed=0
started=$(date +%s)

# No setting of the user's may open a pager or a prompt, or make the CLI retry a hanging call for long.
export AWS_PAGER='' AWS_CLI_AUTO_PROMPT=off AWS_MAX_ATTEMPTS=3

# The credentials of the role are this function's alone, so that the role can be assumed again.
# Its stderr is left alone: the CLI's own words on a failure stand above ours.
call() (
  if [ -n "$session" ]; then
    AWS_ACCESS_KEY_ID=$(lines 1 "$session") AWS_SECRET_ACCESS_KEY=$(lines 2 "$session")
    AWS_SESSION_TOKEN=$(lines 3 "$session")
    export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
    unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_CREDENTIAL_EXPIRATION
  fi
  aws "$@" --region "$ONE_SHOT_REGION" --output text --cli-connect-timeout 10 --cli-read-timeout 20
)

# A role cannot assume itself, unless it trusts itself: who has it already goes on as it is.
has_role() {
  account=${ONE_SHOT_ASSUME_ROLE_ARN#*::} account=${account%%:*}
  case $(call sts get-caller-identity --query Arn) in
    *"::$account:assumed-role/${ONE_SHOT_ASSUME_ROLE_ARN##*/}/"*) return 0 ;;
    *) return 1 ;;
  esac
}

assume_role() {
  [ -n "$ONE_SHOT_ASSUME_ROLE_ARN" ] || return 0
  if [ -z "$session" ]; then
    if has_role; then
      ONE_SHOT_ASSUME_ROLE_ARN=''
      return 0
    fi
  elif [ "$(($(date +%s) - assumed))" -lt "$session_seconds" ]; then
    return 0
  fi
  now=$(date +%s)
  lent=$(session='' && call sts assume-role --role-arn "$ONE_SHOT_ASSUME_ROLE_ARN" --role-session-name "$started_by" \
    --query '[[Credentials.AccessKeyId], [Credentials.SecretAccessKey], [Credentials.SessionToken]]') || return
  session=$lent assumed=$now
}

say() { printf '%s: %s\n' "$ONE_SHOT_NAME" "$1"; }

complain() { printf '%s\n' "$@" | sed '/^$/d' >&2; }

# lines ADDRESS TEXT, where the address is sed's: 2 or 4,$
lines() { printf '%s\n' "$2" | sed -n "${1}p"; }

elapsed() { echo "$(($(date +%s) - started))"; }

# A trap has to wait for a command in the foreground, but cuts `wait` short.
pause() {
  sleep "$ONE_SHOT_POLL_SECONDS" >/dev/null 2>&1 &
  wait "$!" || :
}

# Comes after any log, because Terraform's error repeats only the last 8 KiB of what was printed.
fail() {
  complain "$ONE_SHOT_NAME failed: $1"
  shift
  complain "$@"
  if [ -n "$log_stream" ]; then
    complain "Full log: group $ONE_SHOT_LOG_GROUP, stream $log_stream, region $ONE_SHOT_REGION."
  else
    complain "No task is known to have started; its log would be in group $ONE_SHOT_LOG_GROUP," \
      "region $ONE_SHOT_REGION."
  fi
  complain "Once the cause is fixed, \`terraform apply\` runs the $ONE_SHOT_NAME again."
  exit 1
}

# operator_command SUBCOMMAND OPTION VALUE
operator_command() {
  printf 'aws ecs %s --region "%s" --cluster "%s" %s "%s"' \
    "$1" "$ONE_SHOT_REGION" "$ONE_SHOT_CLUSTER" "$2" "$3"
}

how_to_stop() { printf 'To stop it: %s' "$(operator_command stop-task --task "$task_arn")"; }

interrupted() {
  complain "$ONE_SHOT_NAME: interrupted."
  if [ -n "$task_arn" ]; then
    complain "The task goes on by itself: $task_arn" "$(how_to_stop)"
  else
    complain 'A task may have been started all the same.' \
      "To find it: $(operator_command list-tasks --started-by "$started_by")"
  fi
  exit "$1"
}

require_aws_cli() {
  command -v aws >/dev/null ||
    fail 'there is no aws on the PATH of the machine that runs Terraform.' \
      'Install the AWS CLI, version 1 or 2: https://aws.amazon.com/cli/'
}

start_task() {
  network="subnets=[$ONE_SHOT_SUBNETS],securityGroups=[$ONE_SHOT_SECURITY_GROUPS],assignPublicIp=DISABLED"
  answer=$(call ecs run-task --cluster "$ONE_SHOT_CLUSTER" --task-definition "$ONE_SHOT_TASK_DEFINITION" \
    --launch-type FARGATE --count 1 --started-by "$started_by" \
    --network-configuration "awsvpcConfiguration={$network}" \
    --query "[[tasks[0].taskArn || ''], [failures[0].reason || ''], [failures[0].detail || '']]") ||
    fail 'aws ecs run-task did not go through; the AWS CLI says above why.' \
      "It was to run $ONE_SHOT_TASK_DEFINITION in cluster $ONE_SHOT_CLUSTER, region $ONE_SHOT_REGION." \
      "The AWS CLI takes its credentials from AWS_PROFILE and the like, not from Terraform's provider."
  task_arn=$(lines 1 "$answer")
  [ -n "$task_arn" ] || fail "ECS placed no task: $(lines 2 "$answer")" "$(lines '3,$' "$answer")"
  log_stream="$ONE_SHOT_LOG_STREAM_PREFIX/$ONE_SHOT_CONTAINER/${task_arn##*/}"
  say "started task $task_arn"
  # Said now, because an interrupted Terraform may kill its provisioners before they can say a word.
  say "the task goes on even if this is interrupted. $(how_to_stop)"
}

# Sets status, exit_code, stop_code and reasons.
describe_task() {
  container="tasks[0].containers[?name=='$ONE_SHOT_CONTAINER'] | [0]"
  answer=$(call ecs describe-tasks --cluster "$ONE_SHOT_CLUSTER" --tasks "$task_arn" --query "[
    [tasks[0].lastStatus || ''], [failures[0].reason || ''], [$container.exitCode || ''],
    [tasks[0].stopCode || ''], [tasks[0].stoppedReason || ''], [$container.reason || '']]") || return
  seen=$(lines 1 "$answer")
  if [ -z "$seen" ]; then # ECS may not know a task yet that it has just started
    complain "ECS does not describe the task: $(lines 2 "$answer")"
    return 1
  fi
  exit_code=$(lines 3 "$answer") stop_code=$(lines 4 "$answer") reasons=$(lines '5,$' "$answer")
  [ "$seen" = "$status" ] || say "$seen after $(elapsed) s"
  status=$seen
}

log_tail() {
  call logs get-log-events --log-group-name "$ONE_SHOT_LOG_GROUP" --log-stream-name "$log_stream" \
    --limit 20 --query 'events[].[message]'
}

# show_log_tail TRIES: the last lines of a container arrive some seconds after it has stopped. On failure
# $log holds the CLI's own words, if there were any.
show_log_tail() {
  tries=$1
  until log=$(log_tail 2>&1) && [ -n "$log" ]; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return
    pause
  done
  complain 'The last lines of its log:' "$(printf '%s\n' "$log" | sed 's/^/  /')"
}

fail_timed_out() {
  aftermath='The task has been told to stop.'
  call ecs stop-task --cluster "$ONE_SHOT_CLUSTER" --task "$task_arn" --query task.lastStatus \
    --reason "$ONE_SHOT_NAME did not finish in $ONE_SHOT_TIMEOUT_MINUTES minutes" >/dev/null ||
    aftermath="The task could not be stopped and may go on. $(how_to_stop)"
  show_log_tail 1 || :
  fail "it did not finish in $ONE_SHOT_TIMEOUT_MINUTES minutes; its last status was ${status:-unknown}." \
    "$aftermath" 'If it needs longer, raise the input one_shot_timeout_minutes.'
}

wait_until_stopped() {
  failures=0
  while :; do
    if assume_role && describe_task; then
      failures=0
      [ "$status" != STOPPED ] || return 0
    else
      failures=$((failures + 1))
      [ "$failures" -le "$tolerated_failures" ] ||
        fail "its status could not be read $failures times in a row; the last cause is above." \
          "The task may go on by itself: $task_arn" "$(how_to_stop)"
      complain "$ONE_SHOT_NAME: its status could not be read; trying again."
    fi
    if [ "$(elapsed)" -ge "$((ONE_SHOT_TIMEOUT_MINUTES * 60))" ]; then fail_timed_out; fi
    pause
  done
}

judge() {
  trap - INT TERM # the task is over: nothing goes on any more
  if [ "$exit_code" = 0 ]; then
    say "succeeded after $(elapsed) s"
  elif [ -z "$exit_code" ]; then
    show_log_tail 1 || :
    fail "ECS stopped the task before container $ONE_SHOT_CONTAINER had run to its end: $stop_code" "$reasons"
  else
    show_log_tail 4 || complain 'Its log is empty, or cannot be read.' "$log"
    fail "container $ONE_SHOT_CONTAINER exited with code $exit_code." "$reasons"
  fi
}

trap 'interrupted 130' INT
trap 'interrupted 143' TERM
require_aws_cli
assume_role ||
  fail "the role $ONE_SHOT_ASSUME_ROLE_ARN could not be assumed; the AWS CLI says above why." \
    'It is the input one_shot_assume_role_arn, in a tenants file by default provider.assume_role.'
start_task
wait_until_stopped
judge
