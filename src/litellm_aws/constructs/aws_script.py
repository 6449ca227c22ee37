"""A script of the module that uses the AWS CLI."""

from collections.abc import Mapping

from cdktf import LocalExecProvisioner

from .expressions import Expression, argument, call, module_file, text


def aws_script(name: str, environment: Mapping[str, str | Expression]) -> LocalExecProvisioner:
    """Returns the provisioner that runs a script of the module's folder.

    The shared functions are put in front of it. It is passed as a variable, because Terraform repeats the command in
    each error.
    """
    script = text(*(call("file", module_file(file)) for file in ("shared_functions.sh", name)))
    return LocalExecProvisioner(
        type="local-exec",
        interpreter=["/bin/sh", "-c"],
        command='exec /bin/sh -c "$SCRIPT"',
        environment=argument({"SCRIPT": script, **environment}),
    )
