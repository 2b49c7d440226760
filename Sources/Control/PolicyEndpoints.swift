import Hummingbird

/// The policies that `access` filters ask, and the files that they and the entities come from.
public struct PoliciesInForce: Sendable, Codable, Equatable {
  public struct Policy: Sendable, Codable, Equatable {
    /// Its `@id`, or else its file and its number in it.
    public var id: String
    /// `permit` or `forbid`.
    public var effect: String
    /// `file:line:column`.
    public var place: String
    /// In Cedar, as the gate would write it.
    public var text: String

    public init(id: String, effect: String, place: String, text: String) {
      self.id = id
      self.effect = effect
      self.place = place
      self.text = text
    }
  }

  public struct File: Sendable, Codable, Equatable {
    public var name: String
    /// SHA-256 of its contents, in hexadecimal.
    public var digest: String

    public init(name: String, digest: String) {
      self.name = name
      self.digest = digest
    }
  }

  public var policies: [Policy]
  public var entityFiles: [File]

  public init(policies: [Policy] = [], entityFiles: [File] = []) {
    self.policies = policies
    self.entityFiles = entityFiles
  }
}

/// `/v1/policies`: who may do what.
enum PolicyEndpoints {
  static let all: [AdminEndpoint] = [
    AdminEndpoint(
      method: .get, path: "/v1/policies", id: "listPolicies",
      summary: "the policies in force, and the files of entities",
      replies: [.json("the policies, in their order", AdminSchemas.reference("Policies"))]
    ) { call in try call.json(await call.gateway.policies(), headers: [.eTag: call.entityTag]) }
  ]

  private static let text: JSONValue = ["type": "string"]

  static let schemas: [String: JSONValue] = [
    "Policies": AdminSchemas.object([
      "policies": ["type": "array", "items": AdminSchemas.reference("Policy")],
      "entityFiles": ["type": "array", "items": AdminSchemas.object(["name": text, "digest": text])],
    ]),
    "Policy": AdminSchemas.object([
      "id": text, "effect": ["type": "string", "enum": ["permit", "forbid"]], "place": text, "text": text,
    ]),
  ]
}
