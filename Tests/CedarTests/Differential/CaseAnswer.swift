/// What an implementation says of a case.
struct CaseAnswer: Decodable {
  /// Why the text is refused; nil when it is accepted.
  var policies: String?
  var schema: String?
  var entities: String?
  /// The same of the entities when they are read with the schema.
  var typedEntities: String?
  /// Policies that do not validate against the schema.
  var invalid: [String] = []
  /// What is wrong with them.
  var findings: [String]?
  /// What the reference makes of the policies' text, where it was asked.
  var policyJSON: String?
  /// One answer per request, from entities and requests that were read without the schema; none where these are refused.
  var plain: [RequestAnswer] = []
  /// The same with the schema.
  var typed: [RequestAnswer] = []

  enum RequestAnswer: Decodable, CustomStringConvertible {
    case decided(isAllowed: Bool, reasons: [String], errors: [String])
    case refused(String)

    init(from decoder: any Decoder) throws {
      if let text = try? decoder.singleValueContainer().decode(String.self) {
        self = .refused(text)
        return
      }
      var parts = try decoder.unkeyedContainer()
      self = .decided(
        isAllowed: try parts.decode(Bool.self), reasons: try parts.decode([String].self),
        errors: try parts.decode([String].self))
    }

    var description: String {
      switch self {
      case .decided(let isAllowed, let reasons, let errors):
        "\(isAllowed ? "allow" : "deny"), reasons \(reasons), errors \(errors)"
      case .refused(let reason): "refused: \(reason)"
      }
    }

    /// Equal up to why a request is refused and what kind of error a policy has: where several are in it, the order of
    /// evaluation decides.
    func agrees(with other: RequestAnswer) -> Bool {
      switch (self, other) {
      case (.refused, .refused): true
      case (.decided(let isAllowed, let reasons, _), .decided(let otherIsAllowed, let otherReasons, _)):
        isAllowed == otherIsAllowed && reasons == otherReasons && erring == other.erring
      default: false
      }
    }

    /// Errors such as `policy0 overflow`.
    var errors: [String] { if case .decided(_, _, let errors) = self { errors } else { [] } }

    private var erring: [Substring] { errors.map { $0.prefix { $0 != " " } } }
  }

  /// Errors of requests, and those of them that are of another kind than the reference says.
  func errorKinds(comparedTo reference: CaseAnswer) -> (all: Int, different: [String]) {
    let pairs = zip(plain + typed, reference.plain + reference.typed).map { ($0.errors, $1.errors) }
    let different = pairs.flatMap { own, other in zip(own, other).filter { $0 != $1 }.map { "\($0), not \($1)" } }
    return (pairs.reduce(0) { $0 + $1.0.count }, different)
  }

  /// What two answers can differ in.
  enum Part: String, CaseIterable {
    case policies, schema, entities, typedEntities, validation, plain, typed
  }

  /// Where this answer and the reference differ, with both sides.
  func differences(from reference: CaseAnswer) -> [Part: String] {
    var found: [Part: String] = [:]
    func compare(_ part: Part, _ own: String?, _ other: String?) {
      guard (own == nil) != (other == nil) else { return }
      found[part] = "Cedar: \(own.map { "refused: " + $0 } ?? "accepted"); reference: \(other ?? "accepted")"
    }
    compare(.policies, policies, reference.policies)
    compare(.schema, schema, reference.schema)
    compare(.entities, entities, reference.entities)
    compare(.typedEntities, typedEntities, reference.typedEntities)
    guard policies == nil, reference.policies == nil else { return found }
    if schema == nil, reference.schema == nil, invalid != reference.invalid {
      found[.validation] =
        "Cedar: \(invalid) \(findings ?? []); reference: \(reference.invalid) \(reference.findings ?? [])"
    }
    for (part, own, other) in [(Part.plain, plain, reference.plain), (.typed, typed, reference.typed)]
    where own.count == other.count {
      guard let index = own.indices.first(where: { !own[$0].agrees(with: other[$0]) }) else { continue }
      found[part] = "request \(index): Cedar: \(own[index]); reference: \(other[index])"
    }
    return found
  }
}
