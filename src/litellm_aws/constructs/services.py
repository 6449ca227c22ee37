"""The three ECS services: gateway, backend and UI."""

from collections.abc import Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.lb_target_group import LbTargetGroup
from constructs import Construct

from .blocks import local
from .cluster import Cluster
from .component_command import ComponentCommands
from .environment import Environment
from .expressions import Expression, call, module_file, text
from .gateway_sidecars import GatewaySidecars
from .images import Images
from .input_variables import InputVariables
from .load_balancer import LoadBalancer
from .naming import Naming
from .network import Network
from .one_off_tasks import OneOffTasks
from .ports import BACKEND_PORT, GATEWAY_PORT, UI_PORT
from .proxy_config import ProxyConfig
from .role import Role
from .roles import Roles
from .secrets import Secrets
from .service import Service
from .steady_state import SteadyState
from .task_definition import TaskDefinition, TaskSize, environment_list, secrets_list, tcp_port


class Services(Construct):
    """The services, each behind its target group.

    Attributes:
        names: of the ECS services, by component: gateway, backend and ui.
        log_groups: names of their log groups, by component.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        inputs: InputVariables,
        naming: Naming,
        network: Network,
        load_balancer: LoadBalancer,
        cluster: Cluster,
        images: Images,
        proxy_config: ProxyConfig,
        secrets: Secrets,
        roles: Roles,
        environment: Environment,
        one_off_tasks: OneOffTasks,
    ) -> None:
        super().__init__(scope, id_)
        self._inputs, self._naming, self._images = inputs, naming, images
        self._network, self._cluster = network, cluster
        self._execution_role, self._secrets_label = roles.task_execution, secrets.versions_label
        self._commands = ComponentCommands(self, "commands", images=images, proxy_config=proxy_config)
        internet = network.vpc.internet_access
        can_start = [*load_balancer.listeners, *load_balancer.routes, *roles.start_permissions]
        versions = [secret.version for secret in secrets.proxy]
        can_work = [*can_start, *roles.task_permissions, one_off_tasks.migration, *versions, *internet]

        gateway = self._gateway_task(roles, environment)
        gateway_name = self._service(
            "gateway",
            gateway,
            GATEWAY_PORT,
            load_balancer.gateway,
            [*can_work, cluster.capacity_providers],
            spot_percentage=inputs.gateway_spot_percentage,
        )
        backend = self._backend_task(roles, environment)
        backend_name = self._service("backend", backend, BACKEND_PORT, load_balancer.backend, can_work)
        ui = self._ui_task(roles)
        ui_name = self._service("ui", ui, UI_PORT, load_balancer.ui, [*can_start, *internet])
        self.names = {"gateway": gateway_name, "backend": backend_name, "ui": ui_name}
        tasks = {"gateway": gateway, "backend": backend, "ui": ui}
        self.log_groups = {service: task.log_group_name for service, task in tasks.items()}

    def _service(
        self,
        name: str,
        task: TaskDefinition,
        port: int,
        target_group: LbTargetGroup,
        depends_on: Sequence[ITerraformDependable],
        *,
        spot_percentage: Expression | None = None,
    ) -> Expression:
        """Makes a service, and what waits for its deployments; returns its name."""
        service = Service(
            self,
            name,
            inputs=self._inputs,
            naming=self._naming,
            network=self._network,
            cluster=self._cluster,
            task=task,
            port=port,
            target_group=target_group,
            depends_on=depends_on,
            spot_percentage=spot_percentage,
        )
        SteadyState(self, name, inputs=self._inputs, cluster=self._cluster, service=service, task=task)
        return service.service_name

    def _gateway_task(self, roles: Roles, environment: Environment) -> TaskDefinition:
        sidecars = GatewaySidecars(
            self, "gateway_sidecars", inputs=self._inputs, images=self._images, commands=self._commands
        )
        workers = call("tostring", self._inputs.gateway_num_workers)
        program = text(environment.gateway.tracer, self._gateway_server(), f" --host 0.0.0.0 --port {GATEWAY_PORT}")
        task = self._task("gateway", roles.task)
        task.add_container(
            {
                "name": "gateway",
                "image": self._images.of("gateway"),
                **self._commands.container("gateway", program, ["--workers", workers]),
                "portMappings": tcp_port(GATEWAY_PORT),
                "environment": environment_list(environment.gateway.values),
                "secrets": secrets_list(environment.gateway.secrets),
                "dockerLabels": self._secrets_label,
                **sidecars.gateway_properties(),
            },
            mounts=sidecars.gateway_mounts(),
            dependencies=sidecars.gateway_dependencies(),
        )
        sidecars.add_to(task, environment.gateway)
        task.open_tmp_folders(self._images.of("gateway"))
        return task

    def _gateway_server(self) -> Expression:
        """Returns what starts the gateway, in the shell's language.

        Only its launcher starts the connection pool, and images up to 1.86 have none: the container finds out.
        """
        program = call("file", module_file("gateway_launcher.py"))
        launcher = local(self, "gateway_launcher", text("$(python -c '\n", program, "')"))
        server = self._inputs.gateway_connection_pool_enabled.then(launcher, "uvicorn gateway.main:app")
        return local(self, "gateway_server", server)

    def _backend_task(self, roles: Roles, environment: Environment) -> TaskDefinition:
        server = f"uvicorn backend.main:app --host 0.0.0.0 --port {BACKEND_PORT}"
        task = self._task("backend", roles.task)
        task.add_container(
            {
                "name": "backend",
                "image": self._images.of("backend"),
                **self._commands.container("backend", text(environment.backend.tracer, server)),
                "portMappings": tcp_port(BACKEND_PORT),
                "environment": environment_list(environment.backend.values),
                "secrets": secrets_list(environment.backend.secrets),
                "dockerLabels": self._secrets_label,
            }
        )
        task.open_tmp_folders(self._images.of("backend"))
        return task

    def _ui_task(self, roles: Roles) -> TaskDefinition:
        task = self._task("ui", roles.ui_task)
        task.add_container(
            {
                "name": "ui",
                "image": self._images.of("ui"),
                "command": self._images.component_command("ui"),
                "portMappings": tcp_port(UI_PORT),
            }
        )
        task.open_tmp_folders(self._images.of("ui"))
        return task

    def _task(self, name: str, role: Role) -> TaskDefinition:
        cpu, memory = (self._inputs.named(f"{name}_{size}").as_string for size in ("cpu", "memory"))
        return TaskDefinition(
            self,
            name,
            inputs=self._inputs,
            naming=self._naming,
            size=TaskSize(cpu, memory),
            execution_role_arn=self._execution_role.arn,
            task_role_arn=role.arn,
        )
