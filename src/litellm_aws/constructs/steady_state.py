"""The wait for a service's deployment during an apply."""

from cdktf import DataResource
from constructs import Construct

from .aws_script import aws_script
from .blocks import count_if
from .cluster import Cluster
from .expressions import call
from .input_variables import InputVariables
from .service import Service
from .task_definition import TaskDefinition


class SteadyState(Construct):
    """A wait, `terraform_data.<name>_steady_state`, that fails if the deployment of a service does.

    The provider has a wait of its own. It shows no reason, and succeeds when ECS has rolled the deployment back.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        inputs: InputVariables,
        cluster: Cluster,
        service: Service,
        task: TaskDefinition,
    ) -> None:
        """Declares the wait.

        Args:
            task: that the service runs. Its main container has its name.
        """
        super().__init__(scope, f"{name}_steady_state")
        DataResource(
            self,
            f"terraform_data.{name}_steady_state",
            count=count_if(inputs.wait_for_steady_state),
            triggers_replace={"task_definition": task.arn.as_string, "service": service.id.as_string},
            provisioners=[
                aws_script(
                    "steady_state.sh",
                    {
                        "STEADY_STATE_REGION": inputs.region,
                        "STEADY_STATE_CLUSTER": cluster.name,
                        "STEADY_STATE_SERVICE": service.service_name,
                        "STEADY_STATE_TASK_DEFINITION": task.arn,
                        "STEADY_STATE_CONTAINER": name,
                        "STEADY_STATE_LOG_GROUP": task.log_group_name,
                        "STEADY_STATE_LOG_STREAM_PREFIX": task.log_stream_prefix,
                        "STEADY_STATE_ASSUME_ROLE_ARN": inputs.one_shot_assume_role_arn,
                        "STEADY_STATE_TIMEOUT_MINUTES": call("tostring", inputs.steady_state_timeout_minutes),
                    },
                )
            ],
        )
