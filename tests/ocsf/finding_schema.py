"""The JSON schema of a Trailwarden finding: OCSF 1.5.0 Detection Finding, made strict.

The published schema comes from the package `ocsf-json-schema`, which carries OCSF's own compiled
schema and so needs no network. What it generates rejects unknown attributes and missing ones, and
is lax in a few places where OCSF's text is not. Each function below closes one of them and says
what the lax schema lets through.
"""

import ipaddress

import jsonschema_rs
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

OCSF_VERSION = "1.5.0"
CLASS_NAME = "detection_finding"
KNOWN_PROFILES = frozenset({"cloud", "host", "security_control"})

# Every enumeration of OCSF uses 99 for "Other", which the event source has to name itself.
OTHER = 99

# A timestamp_t counts milliseconds. This range is 2001 to 2286: seconds fall below it and
# microseconds above.
EARLIEST_MILLISECONDS = 1_000_000_000_000
LATEST_MILLISECONDS = 9_999_999_999_999

# The ids of MITRE ATT&CK Enterprise, which OCSF takes as plain strings.
ATTACK_IDS = {
    "tactic": r"^TA\d{4}$",
    "technique": r"^T\d{4}$",
    "sub_technique": r"^T\d{4}\.\d{3}$",
}

INTEGER_TYPES = ("integer_t", "long_t", "timestamp_t", "port_t")


class WrittenAsInteger:
    """Custom keyword `writtenAsInteger`: JSON Schema counts 1.0 as an integer, typed readers do not."""

    def __init__(self, _parent_schema, _value, _schema_path):
        pass

    def validate(self, instance):
        if isinstance(instance, float):
            raise ValueError(f"{instance} is written with a fraction part, an integer is wanted")


def is_ip_address(text):
    """Tell whether `text` is one IPv4 or IPv6 address, without port, prefix length or spaces."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


class Schemas:
    """Validators for findings, built once for each set of profiles."""

    def __init__(self):
        self._ocsf = get_ocsf_schema(OCSF_VERSION)
        self._validators = {}

    def validator_for(self, profiles):
        """Return the validator for a frozenset out of KNOWN_PROFILES."""
        validator = self._validators.get(profiles)
        if validator is None:
            validator = jsonschema_rs.Draft202012Validator(
                self.schema_for(profiles),
                formats={"ip-address": is_ip_address},
                validate_formats=True,
                ignore_unknown_formats=False,
                keywords={"writtenAsInteger": WrittenAsInteger},
                offline=True,
            )
            self._validators[profiles] = validator
        return validator

    def schema_for(self, profiles):
        """Return the strict JSON schema for a frozenset out of KNOWN_PROFILES."""
        generator = OcsfJsonSchemaEmbedded(self._ocsf)
        schema = generator.get_class_schema(CLASS_NAME, sorted(profiles))
        finding_class = self._ocsf["classes"][CLASS_NAME]
        objects_by_slug = {
            name.replace("/", "_"): definition
            for name, definition in self._ocsf["objects"].items()
        }
        _make_strict(schema, finding_class["attributes"])
        for slug, definition in schema["$defs"].items():
            _make_strict(definition, objects_by_slug[slug]["attributes"])
        _tie_type_to_activity(schema, finding_class)
        _demand_profiles_and_version(schema)
        for name, pattern in ATTACK_IDS.items():
            schema["$defs"][name]["properties"]["uid"]["pattern"] = pattern
        return schema


def _make_strict(schema, attributes):
    """Close the gaps of one object, given OCSF's own description of its attributes."""
    for name, attribute in attributes.items():
        if name not in schema["properties"]:
            continue
        if "@deprecated" in attribute:
            # Published as allowed. A new producer has no reason to send any of them.
            del schema["properties"][name]
            continue
        single = schema["properties"][name]
        _constrain_value(single.get("items", single), attribute["type"])
        if attribute.get("sibling") and attribute.get("enum") and not attribute.get("is_array"):
            _tie_caption_to_id(schema, name, attribute)


def _constrain_value(schema, type_name):
    """Apply what OCSF says about a scalar type and the published schema does not."""
    if type_name in INTEGER_TYPES:
        schema["writtenAsInteger"] = True
    if type_name == "timestamp_t":
        schema["minimum"] = EARLIEST_MILLISECONDS
        schema["maximum"] = LATEST_MILLISECONDS
    if type_name == "ip_t":
        # Published as a pattern whose dots match anything: 1x2x3x4 passes it.
        del schema["pattern"]
        schema["format"] = "ip-address"
    if type_name == "uuid_t":
        # Published without anchors: any text that contains a UUID passes.
        schema["pattern"] = f"^{schema['pattern']}$"


def _tie_caption_to_id(schema, id_name, attribute):
    """Tie `severity` to `severity_id`, and so on: published as any string beside any id."""
    caption_name = attribute["sibling"]
    if caption_name not in schema["properties"]:
        raise LookupError(f"ocsf names {caption_name} as the caption of {id_name}, but it is not there")
    rules = schema.setdefault("allOf", [])
    for value, described in attribute["enum"].items():
        is_value = {"properties": {id_name: {"const": int(value)}}, "required": [id_name]}
        if int(value) == OTHER:
            rules.append({"if": is_value, "then": {"required": [caption_name]}})
        else:
            caption = {"properties": {caption_name: {"const": described["caption"]}}}
            rules.append({"if": is_value, "then": caption})
    schema.setdefault("dependentRequired", {})[caption_name] = [id_name]


def _tie_type_to_activity(schema, finding_class):
    """Tie `type_uid` to `activity_id`: published as any of the class's types beside any activity."""
    for activity in finding_class["attributes"]["activity_id"]["enum"]:
        is_activity = {"properties": {"activity_id": {"const": int(activity)}}, "required": ["activity_id"]}
        type_uid = finding_class["uid"] * 100 + int(activity)
        has_its_type = {"properties": {"type_uid": {"const": type_uid}}}
        schema["allOf"].append({"if": is_activity, "then": has_its_type})


def _demand_profiles_and_version(schema):
    """Demand the profiles and the version, which are published as any strings, the first optional."""
    metadata = schema["$defs"]["metadata"]
    metadata["required"] = sorted({*metadata["required"], "profiles"})
    profiles = metadata["properties"]["profiles"]
    profiles["items"] = {"enum": sorted(KNOWN_PROFILES)}
    profiles["uniqueItems"] = True
    metadata["properties"]["version"]["const"] = OCSF_VERSION


def cross_check(finding):
    """Yield (path, message) for what no JSON schema can say. `finding` already fits the schema."""
    start, end = finding.get("start_time"), finding.get("end_time")
    if start is not None and end is not None and start > end:
        yield "/start_time", f"start_time {start} is after end_time {end}"
    places = [
        ("/attacks", finding.get("attacks", [])),
        ("/finding_info/attacks", finding["finding_info"].get("attacks", [])),
    ]
    for place, attacks in places:
        for index, attack in enumerate(attacks):
            technique = attack.get("technique", {}).get("uid")
            sub_technique = attack.get("sub_technique", {}).get("uid")
            if technique is None or sub_technique is None:
                continue
            if not sub_technique.startswith(f"{technique}."):
                yield (
                    f"{place}/{index}/sub_technique/uid",
                    f"{sub_technique} is not a sub-technique of {technique}",
                )
