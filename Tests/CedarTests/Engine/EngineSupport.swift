import Cedar

/// Policies, entities and a request in few words, for tests of the engine.
enum Engine {
  static func uid(_ text: String) throws -> EntityUID {
    let expression = try Expression(parsing: text)
    guard case .entity(let uid) = expression.kind else { throw SyntaxError("`\(text)` is no entity", at: .none) }
    return uid
  }

  static func request(
    _ principal: String = #"User::"alice""#, _ action: String = #"Action::"read""#,
    _ resource: String = #"Asset::"press""#, _ context: [String: Value] = [:]
  ) throws -> Request {
    Request(principal: try uid(principal), action: try uid(action), resource: try uid(resource), context: context)
  }

  static func engine(_ policies: String, _ entities: [Entity] = []) throws -> PolicyEngine {
    try PolicyEngine(try PolicySet(parsing: policies), entities: try EntityStore(entities))
  }

  /// A small plant.
  static func plant() throws -> [Entity] {
    [
      Entity(
        try uid(#"User::"alice""#),
        attributes: [
          "level": .long(3), "name": .string("Alice"), "home": .entity(try uid(#"Zone::"north""#)),
          "address": .ip(IPNetwork(address: 0x0a01_0203, isV6: false, prefix: 32)),
          "contact": .record(["mail": .string("a@plant.example"), "phone": .record(["short": .long(7)])]),
          "roles": .set([.string("operator"), .string("engineer")]), "since": .datetime(Datetime(milliseconds: 0)),
          "shift": .duration(TimeSpan(milliseconds: 28_800_000)), "rate": .decimal(Decimal(tenThousandths: 15_000)),
        ],
        parents: [try uid(#"Group::"operators""#)], tags: ["badge": .string("b-17")]),
      Entity(try uid(#"Group::"operators""#), parents: [try uid(#"Group::"staff""#)]),
      Entity(try uid(#"Group::"staff""#)),
      Entity(try uid(#"Asset::"press""#), attributes: ["safety": .bool(false)], parents: [try uid(#"Zone::"north""#)]),
      Entity(try uid(#"Zone::"north""#), parents: [try uid(#"Zone::"site""#)]),
    ]
  }
}
