#!/usr/bin/env python3
"""Answers for the reference implementation of Cedar (PyPI cedarpy), one JSON object per line in and out.

  {"op": "case", "schema": {"text": T} | {"json": T} | null, "text": policies, "policyJSON": T?, "links": [link],
   "entities": T, "requests": [{"principal", "action", "resource": {"type", "id"}, "context": T}]}
      -> "policies", "schema", "entities", "typedEntities": null, or why it is refused
         "invalid": ids of the policies that do not validate against the schema
         "plain": one answer per request without the schema, "typed": with it; [allowed, reasons, errors]
                  with errors such as "policy0 overflow", or a text that says why the request is refused
  {"op": "parse", "kind": "policies" | "schema" | "schemaJSON" | "entities" | "policyJSON", "texts": [T], "schema": T?}
      -> "refusals": null or why, per text
  {"op": "policyJSON", "text": policies} -> "json": the policy set as JSON

The first line that it writes is {"ready": version}. Without cedarpy it ends with status 3.
"""
import json
import re
import sys

try:
    import cedarpy
except ImportError:
    sys.stderr.write("cedarpy is missing: pip install cedarpy==4.12.2\n")
    sys.exit(3)

ERRING = re.compile(r"while evaluating policy `([^`]*)`: (.*)", re.DOTALL)
# The first pattern that a message has says what kind of error it is.
KINDS = [
    ("type", r"^type error"), ("overflow", r"^integer overflow"), ("missingEntity", r" does not exist$"),
    ("missingAttribute", r"does not have the attribute"), ("missingTag", r"does not have the tag"),
    ("malformedExtension", r"^error while evaluating `(decimal|ip|ipaddr|datetime|duration)` extension function"),
    ("overflow", r"^error while evaluating `\w+` extension function: overflow"), ("limit", r"recursion limit"),
]


def refusal(make):
    """What was made, and why it could not be."""
    try:
        return make(), None
    except Exception as error:  # the reason is the answer
        return None, reason(error)


def reason(error):
    causes = [str(error)]
    while error.__cause__ is not None:
        error = error.__cause__
        causes.append(str(error))
    return ": ".join(causes)[:400] or "refused"


def schema_of(form):
    if form is None:
        return None
    return cedarpy.Schema.from_json_str(form["json"]) if "json" in form else cedarpy.Schema.from_str(form["text"])


def policies_of(case):
    if case.get("policyJSON") is not None:
        return cedarpy.PolicySet.from_json_str(case["policyJSON"])
    policies = cedarpy.PolicySet.from_str(case["text"])
    links = [{"template_id": l["templateId"], "new_id": l["newId"], "values": l["values"]} for l in case["links"]]
    return policies.with_linked_batch(links) if links else policies


def entities_of(text, schema):
    entities, refused = refusal(lambda: cedarpy.Entities.from_json_str(text, schema))
    if refused is None:
        return entities, None
    # Only this says what is wrong with them.
    request = {"principal": 'A::"a"', "action": 'Action::"a"', "resource": 'A::"a"', "context": "{}"}
    errors = cedarpy.is_authorized(request, cedarpy.PolicySet.from_str(""), text, schema).diagnostics.errors
    return None, "; ".join(errors)[-400:] or refused


def answers(requests, policies, entities, schema):
    results = []
    for result in cedarpy.is_authorized_batch(requests, policies, entities, schema):
        errors = result.diagnostics.errors
        if result.decision == cedarpy.Decision.NoDecision:
            results.append("; ".join(errors)[:400])
        else:
            results.append([result.allowed, sorted(result.diagnostics.reasons), sorted(map(error_of, errors))])
    return results


def error_of(text):
    match = ERRING.search(text)
    if match is None:
        return text
    kinds = [kind for kind, pattern in KINDS if re.search(pattern, match.group(2))]
    return match.group(1) + " " + (kinds[0] if kinds else match.group(2))


def answer_case(case):
    policies, policies_refused = refusal(lambda: policies_of(case))
    schema, schema_refused = refusal(lambda: schema_of(case["schema"]))
    entities, entities_refused = entities_of(case["entities"], None)
    answer = {
        "policies": policies_refused, "schema": schema_refused, "entities": entities_refused, "typedEntities": None,
        "invalid": [], "plain": [], "typed": [],
    }
    if policies is not None and entities is not None:
        answer["plain"] = answers(case["requests"], policies, entities, None)
    if schema is None:
        return answer
    typed, answer["typedEntities"] = entities_of(case["entities"], schema)
    if policies is None:
        return answer
    verdict = cedarpy.validate_policies(case["text"], schema)
    answer["invalid"] = sorted({error.policy_id for error in verdict.errors})
    answer["findings"] = [f"{error.policy_id}: {error.error}" for error in verdict.errors][:50]
    if typed is not None:
        answer["typed"] = answers(case["requests"], policies, typed, schema)
    return answer


READERS = {
    "policies": lambda text, schema: cedarpy.PolicySet.from_str(text),
    "policyJSON": lambda text, schema: cedarpy.PolicySet.from_json_str(text),
    "schema": lambda text, schema: cedarpy.Schema.from_str(text),
    "schemaJSON": lambda text, schema: cedarpy.Schema.from_json_str(text),
    "entities": lambda text, schema: cedarpy.Entities.from_json_str(text, schema),
}


def answer_line(line):
    question = json.loads(line)
    if question["op"] == "case":
        return answer_case(question)
    if question["op"] == "policyJSON":
        return {"json": cedarpy.policies_to_json_str(question["text"])}
    read = READERS[question["kind"]]
    schema = cedarpy.Schema.from_str(question["schema"]) if question.get("schema") is not None else None
    return {"refusals": [refusal(lambda: read(text, schema))[1] for text in question["texts"]]}


def main():
    print(json.dumps({"ready": "cedarpy"}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer_line(line)), flush=True)


if __name__ == "__main__":
    main()
