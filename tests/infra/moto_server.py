"""moto's server with values that the provider reads and moto forgets: `python -m tests.infra.moto_server HOST PORT`.

Each patch closes one gap. Without the patch, a second plan would differ from the first, or a create would fail. moto
checks nothing: it only keeps the resources of EC2, ECS, load balancers, scaling and alarms that Terraform made.
"""

import functools
import inspect
import json
import sys
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.ec2.models.launch_templates import LaunchTemplateBackend
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.server import main

#: Fields of DescribeServices: the request's parameter, the model's attribute, the value without the parameter.
SERVICE_FIELDS: Final[tuple[tuple[str, str, object], ...]] = (
    ("capacityProviderStrategy", "capacity_provider_strategy", []),
    ("healthCheckGracePeriodSeconds", "health_check_grace_period_seconds", None),
    ("availabilityZoneRebalancing", "availability_zone_rebalancing", "DISABLED"),
    ("enableECSManagedTags", "enable_ecs_managed_tags", False),
    ("enableExecuteCommand", "enable_execute_command", False),
    ("deploymentConfiguration", "deployment_configuration", None),
)

_scaling_tags: defaultdict[str, dict[str, str]] = defaultdict(dict)


def remember_scaling_tags() -> None:
    """Application Auto Scaling: the provider reads the tags of every target."""
    response: Any = ApplicationAutoScalingResponse
    register = response.register_scalable_target

    def register_with_tags(self: Any) -> str:
        answer = str(register(self))
        _scaling_tags[json.loads(answer)["ScalableTargetARN"]].update(self._get_param("Tags") or {})
        return answer

    def tag(self: Any) -> str:
        _scaling_tags[self._get_param("ResourceARN")].update(self._get_param("Tags") or {})
        return "{}"

    def untag(self: Any) -> str:
        for key in self._get_param("TagKeys") or []:
            _scaling_tags[self._get_param("ResourceARN")].pop(key, None)
        return "{}"

    response.register_scalable_target = register_with_tags
    response.list_tags_for_resource = lambda self: json.dumps({"Tags": _scaling_tags[self._get_param("ResourceARN")]})
    response.tag_resource = tag
    response.untag_resource = untag


def remember_service_fields() -> None:
    for name in ("create_service", "update_service"):
        original = getattr(EC2ContainerServiceResponse, name)
        setattr(EC2ContainerServiceResponse, name, _keeping_fields(original))


def _keeping_fields(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @functools.wraps(original)
    def call(self: Any) -> Any:
        answer = original(self)
        service = answer.result["service"]
        for parameter, attribute, default in SERVICE_FIELDS:
            value = self._get_param(parameter)
            if value is not None or not hasattr(service, attribute):
                setattr(service, attribute, default if value is None else value)
        if service.capacity_provider_strategy:
            service.launch_type = None
        return answer

    return call


def describe_every_rule() -> None:
    """Security group rules: moto keeps the description of an address range, not that of a group or a prefix list."""
    rule: Any = SecurityGroupRule
    original = rule.__init__

    arguments = inspect.signature(original)

    def build(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.prefix_list = arguments.bind(self, *args, **kwargs).arguments.get("prefix_list_id") or {}

    def description(self: Any) -> str | None:
        for target in (self.ip_range, self.source_group, self.prefix_list):
            if "Description" in (target or {}):
                return str(target["Description"])
        return None

    rule.__init__ = build
    rule.description = property(description)


def leave_template_tags_alone() -> None:
    """Launch templates: moto treats the template's own tags as tags of the instances."""
    backend: Any = LaunchTemplateBackend
    original = backend.create_launch_template

    def create(self: Any, name: str, description: str, data: dict[str, Any], tag_spec: Any) -> Any:
        if tags := data.get("TagSpecifications"):
            data["TagSpecifications"] = [tag for tag in tags if tag["ResourceType"] != "launch-template"]
        return original(self, name, description, data, tag_spec)

    backend.create_launch_template = create


if __name__ == "__main__":
    remember_scaling_tags()
    remember_service_fields()
    describe_every_rule()
    leave_template_tags_alone()
    main(["-H", sys.argv[1], "-p", sys.argv[2]])
