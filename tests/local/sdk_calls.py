"""What the tests ask of the SDK, as a person's script would write it; every answer is plain data."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from azureml.core import Environment, Image, Model, Workspace
from azureml.core.authentication import MsiAuthentication
from azureml.core.model import InferenceConfig
from azureml.core.webservice import AciWebservice, Webservice

_services: dict[str, Any] = {}


def workspace() -> Workspace:
    """By from_config, from a folder that has the file."""
    return Workspace.from_config()


def workspace_facts() -> dict[str, Any]:
    found = workspace()
    again = Workspace.get(
        found.name, subscription_id=found.subscription_id, resource_group=found.resource_group
    )
    constructed = Workspace(found.subscription_id, found.resource_group, found.name, auth=MsiAuthentication())
    return {
        "name": found.name,
        "again": again.name,
        "constructed": constructed.name,
        "details": found.get_details(),
        "location": found.location,
        "images": Image.list(found),
        "listed": list(Workspace.list(found.subscription_id, resource_group=found.resource_group)),
    }


def workspace_of(name: str) -> str:
    found = workspace()
    return str(
        Workspace.get(name, subscription_id=found.subscription_id, resource_group=found.resource_group).name
    )


def register(name: str, path: str, **options: Any) -> dict[str, Any]:
    return model_facts(Model.register(workspace(), model_path=path, model_name=name, **options))


def model(**wanted: Any) -> dict[str, Any]:
    return model_facts(Model(workspace(), **wanted))


def models(**wanted: Any) -> list[dict[str, Any]]:
    return [model_facts(found) for found in Model.list(workspace(), **wanted)]


def model_names() -> list[str]:
    return sorted(workspace().models)


def download(name: str, version: int, target: str) -> str:
    return str(Model(workspace(), name, version=version).download(target, exist_ok=True))


def change_model(
    name: str, tags: dict[str, str], properties: dict[str, str], description: str
) -> dict[str, Any]:
    found = Model(workspace(), name)
    found.add_tags(tags)
    found.add_properties(properties)
    found.update(description=description)
    return model_facts(Model(workspace(), name))


def remove_tag(name: str, tag: str) -> dict[str, Any]:
    found = Model(workspace(), name)
    found.remove_tags([tag])
    return model_facts(Model(workspace(), name))


def delete_model(name: str, version: int | None = None) -> None:
    Model(workspace(), name, version=version).delete()


def model_facts(found: Any) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "version": found.version,
        "tags": found.tags,
        "properties": found.properties,
        "description": found.description,
        "framework": found.model_framework,
        "created": found.created_time,
    }


def environment(name: str, path: str) -> Environment:
    return Environment.from_conda_specification(name, path)


def register_environment(name: str, path: str, variables: dict[str, str] | None = None) -> dict[str, Any]:
    made = environment(name, path)
    if variables:
        made.environment_variables = variables
    return environment_facts(made.register(workspace()))


def get_environment(name: str, version: str | None = None, label: str | None = None) -> dict[str, Any]:
    return environment_facts(Environment.get(workspace(), name, version=version, label=label))


def register_again(name: str, package: str) -> list[str]:
    """Get an environment, add a package to it, register it; the versions before and after."""
    found = Environment.get(workspace(), name)
    before = str(found.version)
    found.python.conda_dependencies.add_pip_package(package)
    return [before, str(found.register(workspace()).version)]


def environments() -> dict[str, str]:
    return {name: str(found.version) for name, found in Environment.list(workspace()).items()}


def environment_facts(found: Environment) -> dict[str, Any]:
    return {
        "name": found.name,
        "version": found.version,
        "packages": list(found.python.conda_dependencies.pip_packages),
        "variables": found.environment_variables,
    }


def deploy(
    service: str,
    models: list[str],
    source: str,
    environment_path: str,
    entry: str = "score.py",
    overwrite: bool = True,
    wait: bool = True,
    **options: Any,
) -> dict[str, Any]:
    """Model.deploy and wait_for_deployment; options go to AciWebservice.deploy_configuration."""
    found = workspace()
    configuration = AciWebservice.deploy_configuration(**{"cpu_cores": 0.5, "memory_gb": 0.5, **options})
    deployed = Model.deploy(
        found,
        service,
        [Model(found, id=model_id) for model_id in models],
        inference(source, environment_path, entry),
        configuration,
        overwrite=overwrite,
    )
    at_once = deployed.state
    _services[service] = deployed
    if wait:
        deployed.wait_for_deployment(show_output=True)
    return {**service_facts(deployed), "state_at_once": at_once}


def inference(source: str, environment_path: str, entry: str = "score.py") -> InferenceConfig:
    made = environment(Path(environment_path).stem, environment_path)
    return InferenceConfig(entry_script=entry, source_directory=source, environment=made)


def wait(service: str) -> dict[str, Any]:
    """Wait for the deployment that this process began."""
    _services[service].wait_for_deployment(show_output=True)
    return service_facts(_services[service])


def deploy_without_configuration(service: str, model_id: str) -> None:
    found = workspace()
    Model.deploy(found, service, [Model(found, id=model_id)])


def service(name: str) -> dict[str, Any]:
    return service_facts(Webservice(workspace(), name))


def services(**wanted: Any) -> list[str]:
    return [found.name for found in Webservice.list(workspace(), **wanted)]


def run(service: str, data: str = '{"data": [3]}') -> Any:
    return Webservice(workspace(), service).run(data)


def keys(service: str) -> list[str]:
    return list(Webservice(workspace(), service).get_keys())


def regenerate(service: str, which: str, value: str | None = None) -> list[str]:
    found = Webservice(workspace(), service)
    found.regen_key(which, set_key=value)
    return list(found.get_keys())


def logs(service: str, lines: int = 5000, init: bool = False) -> str:
    return str(Webservice(workspace(), service).get_logs(num_lines=lines, init=init))


def update_record(service: str, **changes: Any) -> dict[str, Any]:
    found = Webservice(workspace(), service)
    found.update(**changes)
    found.wait_for_deployment(show_output=True)
    return service_facts(Webservice(workspace(), service))


def update_content(service: str, models: list[str], source: str, environment_path: str) -> dict[str, Any]:
    found = Webservice(workspace(), service)
    named = [Model(workspace(), id=model_id) for model_id in models]
    found.update(models=named, inference_config=inference(source, environment_path))
    found.wait_for_deployment(show_output=True)
    return service_facts(found)


def change_tags(service: str, tags: dict[str, str], properties: dict[str, str]) -> dict[str, Any]:
    found = Webservice(workspace(), service)
    found.add_tags(tags)
    found.add_properties(properties)
    return service_facts(Webservice(workspace(), service))


def delete(service: str) -> float:
    """Delete a service; the seconds it took."""
    started = time.monotonic()
    Webservice(workspace(), service).delete()
    return time.monotonic() - started


def token(service: str) -> Any:
    return Webservice(workspace(), service).get_token()


def service_facts(found: Any) -> dict[str, Any]:
    return {
        "name": found.name,
        "state": found.state,
        "error": found.error,
        "scoring_uri": found.scoring_uri,
        "swagger_uri": found.swagger_uri,
        "tags": found.tags,
        "properties": found.properties,
        "description": found.description,
        "auth": found.auth_enabled,
        "models": [model.id for model in found.models],
        "cpu": found.container_resource_requirements.cpu,
        "memory": found.container_resource_requirements.memory_in_gb,
        "environment": found.environment.name if found.environment else None,
        "compute": found.compute_type,
    }
