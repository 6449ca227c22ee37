#!/bin/sh
# Waits for the deployment of an ECS service, for Terraform's local-exec provisioner. It succeeds only if ECS completes
# the deployment; otherwise it prints what an operator needs to know. It changes nothing. It is a POSIX shell script
# that reads all inputs from the environment, and needs shared_functions.sh in front of it.

: "${STEADY_STATE_REGION:?}"
: "${STEADY_STATE_CLUSTER:?}"
: "${STEADY_STATE_SERVICE:?}"           # name in ECS
: "${STEADY_STATE_TASK_DEFINITION:?}"   # ARN
: "${STEADY_STATE_CONTAINER:?}"         # the container whose log is shown
: "${STEADY_STATE_LOG_GROUP:?}"
: "${STEADY_STATE_LOG_STREAM_PREFIX:?}"
: "${STEADY_STATE_TIMEOUT_MINUTES:?}"
: "${STEADY_STATE_ASSUME_ROLE_ARN:=}"   # empty: use the credentials in the environment
: "${ONE_SHOT_POLL_SECONDS:=10}"        # as for the one-off tasks

service=$STEADY_STATE_SERVICE task_definition=$STEADY_STATE_TASK_DEFINITION
title="deployment of $service" region=$STEADY_STATE_REGION cluster=$STEADY_STATE_CLUSTER
role_arn=$STEADY_STATE_ASSUME_ROLE_ARN session_name=terraform-steady-state
log_group=$STEADY_STATE_LOG_GROUP poll_seconds=$ONE_SHOT_POLL_SECONDS timeout_minutes=$STEADY_STATE_TIMEOUT_MINUTES
log_stream='' primary='' state='' running_now='' reasons='' events='' progress='' has_started='' other_revisions=0
stopped_task='' main_exit_code='' how_to_restart=''
tab=$(printf '\t')

advise() {
  if [ -n "$log_stream" ]; then
    warn "Full log: group $log_group, stream $log_stream, region $region."
  else
    warn "The logs are in group $log_group, region $region."
  fi
  warn "$how_to_restart" "After you fix the cause, \`terraform apply\` deploys, and waits for the deployment again."
}

still_running() { echo 'ECS may still be working on the deployment.'; }

interrupted() {
  warn "$title: interrupted; ECS continues the deployment."
  exit "$1"
}

# tagged TAG TEXT: prints the lines that begin with a tag and a tab, without these
tagged() { printf '%s\n' "$2" | sed -n "s/^$1$tab//p"; }

# Sets primary (the task definition of the primary deployment), state and reasons (of the expected deployment, and of
# the primary one), running_now and events.
describe_service() {
  answer=$(call ecs describe-services --cluster "$cluster" --services "$service" --query "[
    ['status', services[0].status || failures[0].reason || 'unknown'],
    services[].deployments[].['deployment', status, taskDefinition, rolloutState, runningCount, desiredCount,
      failedTasks, rolloutStateReason || ''],
    services[].events[] | [:3].['event', message]]") || return
  seen=$(tagged status "$answer")
  if [ "$seen" != ACTIVE ]; then
    warn "ECS has no active service $service: $seen"
    return 1
  fi
  events=$(tagged event "$answer")
  primary='' state='' running_now='' reasons='' seen=''
  while IFS=$tab read -r status revision rollout running desired failed reason; do
    [ -n "$status" ] || continue
    [ "$running" = 0 ] || running_now="$running_now
Running now: $running of ${revision##*/}."
    if [ "$status" = PRIMARY ]; then primary=$revision; fi
    if [ "$revision" = "$task_definition" ] && { [ "$status" = PRIMARY ] || [ -z "$state" ]; }; then
      state=$rollout
      seen="$rollout, $running of $desired tasks are running, $failed have failed"
    elif [ "$status" != PRIMARY ]; then
      continue
    fi
    reasons="$reasons
$reason"
  done <<END
$(tagged deployment "$answer")
END
  [ "$seen" = "$progress" ] || say "${seen:-no deployment of ${task_definition##*/}} after $(elapsed) s"
  progress=$seen
}

has_completed() {
  if [ "$primary" = "$task_definition" ]; then
    has_started=yes
    if [ "$state" = FAILED ]; then
      how_to_restart="If nothing in Terraform changes, start the deployment again before you apply: $(
        operator_command update-service --service "$service"
      ) --force-new-deployment"
      fail_deployment "ECS could not start the tasks of ${task_definition##*/}, and has ended the deployment."
    fi
    [ "$state" = COMPLETED ]
    return
  fi
  # The API is eventually consistent, so it may not show a new deployment yet.
  other_revisions=$((other_revisions + 1))
  [ -n "$has_started" ] || [ "$state" = FAILED ] || [ "$other_revisions" -gt "$tolerated_failures" ] || return
  fail_deployment "ECS deploys ${primary##*/} instead of ${task_definition##*/}." \
    'It has rolled the deployment back, or somebody has deployed another revision.'
}

# Sets stopped_task (lines for the operator), main_exit_code and log_stream, of the newest task of the expected
# revision that failed.
find_stopped_task() {
  arns=$(call ecs list-tasks --cluster "$cluster" --service-name "$service" --desired-status STOPPED \
    --query 'taskArns[].[@]') || return
  [ -n "$arns" ] || return 0
  # The tasks that a rollback stops have not failed. DescribeTasks takes 100 tasks.
  # shellcheck disable=SC2046
  answer=$(call ecs describe-tasks --cluster "$cluster" --tasks $(lines 1,100 "$arns") --query "
    sort_by(tasks[?taskDefinitionArn=='$task_definition' && stoppedAt &&
      !starts_with(stoppedReason || '', 'Scaling activity')], &stoppedAt) | [-1:].[
      ['task', taskArn], ['stopped', stopCode || '', stoppedReason || ''],
      containers[].['container', name, exitCode || 'none', reason || '']]") || return
  task_arn=$(tagged task "$answer")
  [ -n "$task_arn" ] || return 0
  log_stream="$STEADY_STATE_LOG_STREAM_PREFIX/$STEADY_STATE_CONTAINER/${task_arn##*/}"
  stopped_task="Task ${task_arn##*/} stopped: $(tagged stopped "$answer" | sed "s/$tab/: /")"
  while IFS=$tab read -r name exit_code reason; do
    [ -n "$name" ] || continue
    if [ "$name" = "$STEADY_STATE_CONTAINER" ] && [ "$exit_code" != none ]; then main_exit_code=$exit_code; fi
    stopped_task="$stopped_task
Container $name: exit code $exit_code${reason:+, $reason}"
  done <<END
$(tagged container "$answer")
END
}

# fail_deployment MESSAGE [LINE...]
fail_deployment() {
  trap - INT TERM
  if ! find_stopped_task; then
    stopped_task='Its stopped tasks could not be read; see the error of the AWS CLI above.'
  elif [ -z "$stopped_task" ]; then
    stopped_task="ECS shows no task of ${task_definition##*/} that has failed."
  elif [ -n "$main_exit_code" ]; then
    show_log_tail 4 || warn 'The log is empty or cannot be read.' "$log"
  else
    show_log_tail 1 || : # the container probably did not start
  fi
  fail "$@" "$reasons" "$events" "$stopped_task" "${running_now:-No task of the service is running.}"
}

fail_timed_out() {
  fail_deployment "it was not complete after $timeout_minutes minutes; its last state was ${state:-unknown}." \
    'ECS continues the deployment. If it needs more time, increase the input steady_state_timeout_minutes.'
}

trap 'interrupted 130' INT
trap 'interrupted 143' TERM
log_in
wait_until describe_service has_completed
say "completed after $(elapsed) s"
