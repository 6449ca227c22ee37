#!/bin/sh
# Runs a one-off Fargate task for Terraform's local-exec provisioner, and waits until it stops. It succeeds
# only if the container exits with code 0; otherwise it prints what an operator needs to know. It is a POSIX
# shell script that reads all inputs from the environment, and needs shared_functions.sh in front of it.

: "${ONE_SHOT_NAME:?}"              # the task's name in messages, such as "database bootstrap"
: "${ONE_SHOT_REGION:?}"
: "${ONE_SHOT_CLUSTER:?}"
: "${ONE_SHOT_TASK_DEFINITION:?}"   # ARN
: "${ONE_SHOT_CONTAINER:?}"         # the container whose exit code counts: AWS may add others to a task
: "${ONE_SHOT_SUBNETS:?}"           # separated by commas
: "${ONE_SHOT_SECURITY_GROUPS:?}"   # separated by commas
: "${ONE_SHOT_LOG_GROUP:?}"
: "${ONE_SHOT_LOG_STREAM_PREFIX:?}"
: "${ONE_SHOT_TIMEOUT_MINUTES:?}"
: "${ONE_SHOT_ASSUME_ROLE_ARN:=}"    # empty: use the credentials in the environment
: "${ONE_SHOT_POLL_SECONDS:=5}"

title=$ONE_SHOT_NAME region=$ONE_SHOT_REGION cluster=$ONE_SHOT_CLUSTER role_arn=$ONE_SHOT_ASSUME_ROLE_ARN
log_group=$ONE_SHOT_LOG_GROUP poll_seconds=$ONE_SHOT_POLL_SECONDS timeout_minutes=$ONE_SHOT_TIMEOUT_MINUTES
started_by=terraform-one-shot
session_name=$started_by
task_arn='' log_stream='' status=''

advise() {
  if [ -n "$log_stream" ]; then
    warn "Full log: group $log_group, stream $log_stream, region $region."
  else
    warn "The task probably did not start. Its log would be in group $log_group, region $region."
  fi
  warn "After you fix the cause, \`terraform apply\` runs the $title again."
}

how_to_stop() { printf 'To stop it: %s' "$(operator_command stop-task --task "$task_arn")"; }

still_running() { printf '%s\n' "The task may still be running: $task_arn" "$(how_to_stop)"; }

has_stopped() { [ "$status" = STOPPED ]; }

interrupted() {
  warn "$title: interrupted."
  if [ -n "$task_arn" ]; then
    warn "The task is still running: $task_arn" "$(how_to_stop)"
  else
    warn 'A task may have started anyway.' \
      "To find it: $(operator_command list-tasks --started-by "$started_by")"
  fi
  exit "$1"
}

start_task() {
  network="subnets=[$ONE_SHOT_SUBNETS],securityGroups=[$ONE_SHOT_SECURITY_GROUPS],assignPublicIp=DISABLED"
  answer=$(call ecs run-task --cluster "$cluster" --task-definition "$ONE_SHOT_TASK_DEFINITION" \
    --launch-type FARGATE --count 1 --started-by "$started_by" \
    --network-configuration "awsvpcConfiguration={$network}" \
    --query "[[tasks[0].taskArn || ''], [failures[0].reason || ''], [failures[0].detail || '']]") ||
    fail 'aws ecs run-task failed; see the error of the AWS CLI above.' \
      "The command was for $ONE_SHOT_TASK_DEFINITION in cluster $cluster, region $region." \
      "The AWS CLI reads credentials from the environment, such as AWS_PROFILE, and not from Terraform's provider."
  task_arn=$(lines 1 "$answer")
  [ -n "$task_arn" ] || fail "ECS could not place the task: $(lines 2 "$answer")" "$(lines '3,$' "$answer")"
  log_stream="$ONE_SHOT_LOG_STREAM_PREFIX/$ONE_SHOT_CONTAINER/${task_arn##*/}"
  say "started task $task_arn"
  # Printed now, because an interrupted Terraform may kill its provisioners before they can print anything.
  say "the task keeps running if this command is interrupted. $(how_to_stop)"
}

# Sets status, exit_code, stop_code and reasons.
describe_task() {
  container="tasks[0].containers[?name=='$ONE_SHOT_CONTAINER'] | [0]"
  answer=$(call ecs describe-tasks --cluster "$cluster" --tasks "$task_arn" --query "[
    [tasks[0].lastStatus || ''], [failures[0].reason || ''], [$container.exitCode || ''],
    [tasks[0].stopCode || ''], [tasks[0].stoppedReason || ''], [$container.reason || '']]") || return
  seen=$(lines 1 "$answer")
  if [ -z "$seen" ]; then # describe-tasks may not find a new task yet
    warn "ECS did not find the task: $(lines 2 "$answer")"
    return 1
  fi
  exit_code=$(lines 3 "$answer") stop_code=$(lines 4 "$answer") reasons=$(lines '5,$' "$answer")
  [ "$seen" = "$status" ] || say "$seen after $(elapsed) s"
  status=$seen
}

fail_timed_out() {
  result='ECS is stopping the task.'
  call ecs stop-task --cluster "$cluster" --task "$task_arn" --query task.lastStatus \
    --reason "$title did not finish in $timeout_minutes minutes" >/dev/null ||
    result="The task could not be stopped and may still be running. $(how_to_stop)"
  show_log_tail 1 || :
  fail "it did not finish in $timeout_minutes minutes; its last status was ${status:-unknown}." \
    "$result" 'If it needs more time, increase the input one_shot_timeout_minutes.'
}

report_result() {
  trap - INT TERM # the task has stopped, so an interrupt needs no message
  if [ "$exit_code" = 0 ]; then
    say "succeeded after $(elapsed) s"
  elif [ -z "$exit_code" ]; then
    show_log_tail 1 || :
    fail "ECS stopped the task before container $ONE_SHOT_CONTAINER finished: $stop_code" "$reasons"
  else
    show_log_tail 4 || warn 'The log is empty or cannot be read.' "$log"
    fail "container $ONE_SHOT_CONTAINER exited with code $exit_code." "$reasons"
  fi
}

trap 'interrupted 130' INT
trap 'interrupted 143' TERM
log_in
start_task
wait_until describe_task has_stopped
report_result
