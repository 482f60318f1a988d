"""Requests and answers held against PayPal's OpenAPI files.

The folder is KAVI_PAYPAL_SPECS, or ../shared/paypal beside the repository. Where it is
absent nothing is checked, and `note` says so.
"""

import functools
import json
import os
from pathlib import Path

from openapi_schema_validator import OAS30ReadValidator, OAS30Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

ROOT = Path(__file__).resolve().parents[2]
METHODS = ("get", "post", "patch", "delete", "put")
JSON = "application/json"


def folder():
    return Path(
        os.environ.get("KAVI_PAYPAL_SPECS") or ROOT.parent / "shared" / "paypal"
    )


@functools.cache
def load(path=None):
    """The specifications, read once a process."""
    return Specs(Path(path) if path else folder())


class Specs:
    def __init__(self, path):
        self.documents = {}
        self.operations = {}  # (method, template): pointer into its document
        self.issues = {}  # "POST /v2/...": {status: {issue: text}}
        self.note = None
        if not path.is_dir():
            self.note = f"not checked against PayPal's OpenAPI files: no folder {path}"
            return
        issues = path / "error_issues.json"
        if issues.is_file():
            for operations in json.loads(issues.read_text()).values():
                self.issues.update(operations)
        for file in sorted(path.glob("*.json")):
            document = json.loads(file.read_text(), object_hook=mend)
            if "openapi" in document:
                self._add(file.stem, document)
        self.registry = Registry().with_resources(
            (self._uri(name), Resource(contents=document, specification=DRAFT4))
            for name, document in self.documents.items()
        )

    def describe(self, method, template, issue):
        """The text that belongs to an issue code, from the operation's own list."""
        for texts in self.issues.get(f"{method} {template}", {}).values():
            if issue in texts:
                return texts[issue]
        return None

    def request_errors(self, method, template, call):
        """What is wrong with a request, as (field, text)."""
        operation = self._operation(method, template)
        if not operation:
            return []
        name, pointer, content = operation
        errors = []
        for parameter in content.get("parameters", []):
            parameter = self._resolve(name, parameter)
            value = call.parameter(parameter["in"], parameter["name"])
            where = f"{parameter['in']} {parameter['name']}"
            if value is None:
                if parameter.get("required"):
                    errors.append((where, "is required"))
                continue
            if parameter["schema"].get("type") == "integer":
                if not value.isdigit():
                    errors.append((where, f"{value!r} is not of type 'integer'"))
                    continue
                value = int(value)
            checker = OAS30Validator(parameter["schema"], registry=self.registry)
            errors += [(where, error.message) for error in checker.iter_errors(value)]
        body = self._follow(name, f"{pointer}/requestBody")
        if body:
            body_pointer, body = body
            if call.json is None:
                if body.get("required"):
                    errors.append(("body", "is required"))
            # read-only members may be sent (an event that is to be verified has them)
            elif JSON in body.get("content", {}):
                errors += self._check(
                    OAS30Validator,
                    name,
                    f"{body_pointer}/content/application~1json/schema",
                    call.json,
                )
        return errors

    def answer_errors(self, method, template, status, body, foreseen_only=False):
        """What is wrong with an answer. An answer that was told to be wrong
        (foreseen_only) is held only against what the operation itself foresees."""
        operation = self._operation(method, template)
        if not operation:
            return []
        name, pointer, content = operation
        key = str(status) if str(status) in content["responses"] else "default"
        if key == "default" and foreseen_only:
            return []
        found = self._follow(name, f"{pointer}/responses/{key}")
        if not found:
            return [("status", f"{status} is not foreseen")]
        pointer, response = found
        if JSON not in response.get("content", {}):
            return [("body", "must be empty")] if status == 204 and body else []
        return self._check(
            OAS30ReadValidator,
            name,
            f"{pointer}/content/application~1json/schema",
            body,
        )

    # --- pointers

    def _add(self, name, document):
        self.documents[name] = document
        for template, methods in document["paths"].items():
            for method in METHODS:
                if method in methods:
                    pointer = f"/paths/{escape(template)}/{method}"
                    self.operations[method.upper(), template] = name, pointer

    def _uri(self, name):
        return f"urn:paypal:{name}"

    def _operation(self, method, template):
        found = self.operations.get((method, template))
        return found and (*found, self._at(*found))

    def _at(self, name, pointer):
        node = self.documents[name]
        for part in pointer.lstrip("/").split("/"):
            part = part.replace("~1", "/").replace("~0", "~")
            if part not in node:
                return None
            node = node[part]
        return node

    def _resolve(self, name, node):
        while "$ref" in node:
            node = self._at(name, node["$ref"].lstrip("#"))
        return node

    def _follow(self, name, pointer):
        """Where a pointer leads to when what it points at is a $ref."""
        node = self._at(name, pointer)
        while node and "$ref" in node:
            pointer = node["$ref"].lstrip("#")
            node = self._at(name, pointer)
        return node and (pointer, node)

    def _check(self, validator, name, pointer, value):
        checker = self._checker(validator, name, pointer)
        return [
            ("/".join(["body", *map(str, error.absolute_path)]), brief(error))
            for error in checker.iter_errors(value)
        ]

    @functools.cache  # noqa: B019  one object for the process
    def _checker(self, validator, name, pointer):
        return validator(
            {"$ref": f"{self._uri(name)}#{pointer}"}, registry=self.registry
        )


def mend(schema):
    """Where a list of values and a length contradict each other (GUEST_CHECKOUT, 14
    letters of at most 13), the list counts."""
    values, longest = schema.get("enum"), schema.get("maxLength")
    if isinstance(values, list) and isinstance(longest, int):
        schema["maxLength"] = max([longest, *map(len, values)])
    return schema


def escape(text):
    return text.replace("~", "~0").replace("/", "~1")


def brief(error):
    message = error.message
    return message if len(message) < 300 else f"{message[:300]} ..."
