"""Parts of an OpenAPI document in words, for the reference and for the page /docs."""

from collections.abc import Iterator
from typing import Any, Final

#: Keywords of JSON Schema that say what a value may be.
_BOUNDS: Final = {
    "minimum": "at least",
    "maximum": "at most",
    "default": "unless said",
    "maxLength": "characters up to",
}


def answers_of(answers: dict[str, Any]) -> Iterator[str]:
    """Each status with the shape of its answer, as Markdown."""
    for status, answer in answers.items():
        if int(status) < 400:
            shapes = [type_of(content.get("schema", {})) for content in answer.get("content", {}).values()]
            yield f"{status} {' '.join(shapes) or answer['description'].rstrip('.')}"
    if problems := [status for status in answers if int(status) >= 400]:
        yield f"{', '.join(problems)} [ProblemDetails](#problemdetails)"


def type_of(schema: dict[str, Any]) -> str:
    """A type with its bounds and its default, as Markdown."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(type_of(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {type_of(schema.get('items', {}))}"
    bounds = [f"{name} {schema[key]}" for key, name in _BOUNDS.items() if schema.get(key) not in (None, "")]
    return ", ".join([str(schema.get("type", "any")), *bounds])


def example_of(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """What one could send, of the examples of the fields."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "examples" in schema:
        return schema["examples"][0]
    if schema.get("type") == "array":
        return [example_of(schema["items"], schemas)]
    if schema.get("type") == "object":
        return {name: example_of(one, schemas) for name, one in schema.get("properties", {}).items()}
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], schemas)
    return schema.get("enum", [None])[0]
