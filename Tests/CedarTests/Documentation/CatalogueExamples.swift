import Cedar
import Synchronization
import Testing

/// The examples of the library's documentation, as they stand there: `CatalogueTests` holds the two together.
@Suite struct CatalogueExamples {
  @Test func overview() throws {
    let policies = try PolicySet(
      parsing: """
        permit (
          principal in Group::"operators",
          action == Action::"write",
          resource == Point::"press-1/setpoint"
        )
        when { context.value <= 8500 };
        """)
    let operator7 = Entity(
      try EntityUID(parsing: #"User::"operator-7""#), parents: [try EntityUID(parsing: #"Group::"operators""#)])
    let engine = try PolicyEngine(policies, entities: try EntityStore([operator7]))

    let decision = engine.decide(
      Request(
        principal: operator7.uid, action: try EntityUID(parsing: #"Action::"write""#),
        resource: try EntityUID(parsing: #"Point::"press-1/setpoint""#), context: ["value": .long(7_200)]))
    // decision.isAllowed == true, decision.reasons == ["policy0"]
    #expect(decision.isAllowed && decision.reasons == ["policy0"])
  }

  // MARK: Getting started

  @Test func errorsHavePlaces() {
    var shown: [String] = []
    func print(_ error: SyntaxError) { shown.append("\(error)") }
    do {
      _ = try PolicySet(parsing: "permit (principal, action, resource) when { context.value < };")
    } catch {
      // 1:61: …
      print(error)
    }
    #expect(shown.count == 1 && shown[0].hasPrefix("1:61: "), "\(shown)")
  }

  @Test func policiesAndTemplates() throws {
    var policies = PolicySet()
    try policies.add(
      Policy.parse(#"permit (principal, action in Action::"read", resource);"#, id: "everybody-reads"))
    try policies.add(
      Policy.parse(#"forbid (principal, action, resource) unless { context.local };"#, id: "local-only"))
    try policies.add(
      Policy.parse("permit (principal == ?principal, action, resource in ?resource);", id: "works-in"))
    try policies.link(
      TemplateLink(
        template: "works-in", id: "anna-works-in-packaging",
        values: [
          .principal: try EntityUID(parsing: #"User::"anna""#),
          .resource: try EntityUID(parsing: #"Zone::"packaging""#),
        ]))
    #expect(policies.policies.map(\.id) == ["everybody-reads", "local-only", "anna-works-in-packaging"])
  }

  @Test func schemas() throws {
    let schema = try Schema(
      parsing: """
        entity Zone;
        entity Point in [Zone] = { maximum: Long };
        entity User;
        action read, write appliesTo {
          principal: User, resource: Point, context: { value: Long, from: ipaddr }
        };
        """)
    let entities = try EntityReader.read(
      Array(
        """
        [
          { "uid": { "type": "Point", "id": "setpoint" }, "attrs": { "maximum": 8500 },
            "parents": [{ "type": "Zone", "id": "packaging" }] }
        ]
        """.utf8), schema: schema)
    let request = try RequestReader.read(
      Array(
        """
        { "principal": "User::\\"anna\\"", "action": "Action::\\"write\\"", "resource": "Point::\\"setpoint\\"",
          "context": { "value": 7200, "from": "10.0.5.7" } }
        """.utf8), schema: schema)
    try schema.validate(request: request)

    var shown: [String] = []
    func print(_ text: String) { shown.append(text) }
    let misspelt = try PolicySet(
      parsing: #"permit (principal, action == Action::"write", resource) when { context.value <= resource.maximun };"#)
    let result = Validator(schema).validate(misspelt)
    for finding in result.findings {
      // there is no attribute `maximun` in `Point` …
      print("\(finding.position): \(finding.message)")
    }
    #expect(!result.isValid && shown.count == 1 && shown[0].contains("`maximun`"), "\(shown)")

    let bounded = try PolicySet(
      parsing: #"permit (principal, action == Action::"write", resource) when { context.value <= resource.maximum };"#)
    let engine = try PolicyEngine(bounded, entities: try EntityStore(entities))
    let decision = engine.decide(request, mode: .deny)
    #expect(decision.isAllowed && Validator(schema).validate(bounded).isValid)
  }

  // MARK: Embedding

  final class AccessControl: Sendable {
    private let current: Mutex<PolicyEngine>

    init(_ engine: PolicyEngine) { current = Mutex(engine) }

    var engine: PolicyEngine { current.withLock { $0 } }

    /// One entity is something else now. What did not change is shared with the engine of before.
    func update(_ entity: Entity) throws {
      try current.withLock { engine in engine = try engine.replacing(entity) }
    }

    /// All policies are replaced, or none.
    func load(_ policies: PolicySet) throws {
      let engine = try PolicyEngine(policies, entities: engine.entities)
      current.withLock { $0 = engine }
    }
  }

  @Test func enginesAreReplaced() throws {
    let policies = try PolicySet(parsing: #"permit (principal in Group::"operators", action, resource);"#)
    let access = AccessControl(try PolicyEngine(policies, entities: try EntityStore([])))
    let anna = try EntityUID(parsing: #"User::"anna""#)
    let request = Request(principal: anna, action: anna, resource: anna)
    let before = access.engine
    try access.update(Entity(anna, parents: [try EntityUID(parsing: #"Group::"operators""#)]))
    #expect(!before.decide(request).isAllowed && access.engine.decide(request).isAllowed)
    try access.load(PolicySet())
    #expect(!access.engine.decide(request).isAllowed)
  }

  struct Gate {
    let engine: PolicyEngine
    let frame = RequestFrame()
    let service: EntityTypeID
    let point: EntityTypeID
    let write: EntityID
    let value: AttributeID

    init(_ engine: PolicyEngine) throws {
      self.engine = engine
      service = engine.entityTypeID(try EntityUID(parsing: #"Service::"""#).type)
      point = engine.entityTypeID(try EntityUID(parsing: #"Point::"""#).type)
      write = engine.entityID(try EntityUID(parsing: #"Action::"write""#)) ?? RequestFrame().action
      value = engine.attributeID("value")
    }

    func mayWrite(_ client: Span<UInt8>, to name: Span<UInt8>, _ number: Int64) -> Bool {
      frame.begin(engine)
      frame.principal = frame.entity(service, id: client)
      frame.action = write
      frame.resource = frame.entity(point, id: name)
      frame.set(value, long: number)
      return engine.decide(frame, mode: .deny)
    }
  }

  @Test func framesDecide() throws {
    let policies = try PolicySet(
      parsing: """
        permit (principal == Service::"historian", action == Action::"write", resource == Point::"setpoint")
        when { context.value <= 8500 };
        """)
    let gate = try Gate(try PolicyEngine(policies, entities: try EntityStore([])))
    let (client, point) = (Array("historian".utf8), Array("setpoint".utf8))
    let answers = [
      gate.mayWrite(client.span, to: point.span, 8_500), gate.mayWrite(client.span, to: point.span, 8_501),
      gate.mayWrite(point.span, to: point.span, 1),
    ]
    #expect(answers == [true, false, false])
  }

  func decide(
    _ frame: RequestFrame, _ engine: PolicyEngine, _ clients: EntityTypeID, address: [UInt8], zone: EntityID
  ) -> Bool {
    frame.begin(engine)
    let client = frame.entity(clients, id: address.span)
    let parents = [zone]
    frame.join(client, parents.span)
    frame.principal = client
    return engine.decide(frame)
  }

  @Test func clientsJoinZones() throws {
    let policies = try PolicySet(parsing: #"permit (principal in Zone::"office", action, resource);"#)
    let engine = try PolicyEngine(policies, entities: try EntityStore([]))
    let office = try #require(engine.entityID(try EntityUID(parsing: #"Zone::"office""#)))
    let clients = engine.entityTypeID(try EntityUID(parsing: #"Client::"""#).type)
    let frame = RequestFrame()
    #expect(decide(frame, engine, clients, address: Array("10.40.2.7".utf8), zone: office))
    frame.begin(engine)
    let address = Array("10.40.2.7".utf8)
    frame.principal = frame.entity(clients, id: address.span)
    #expect(!engine.decide(frame))
  }

  // MARK: Explaining

  func whyNot(_ request: Request, _ engine: PolicyEngine) -> [String] {
    engine.explain(request).policies.map { policy in
      switch policy.outcome {
      case .satisfied: "\(policy.policy) applies"
      case .outOfScope(let part): "\(policy.policy) is about another \(part.rawValue)"
      case .conditionFailed(.when, let clause): "\(policy.policy): `\(clause)` is false, at \(clause.position)"
      case .conditionFailed(.unless, let clause): "\(policy.policy): `\(clause)` is true, at \(clause.position)"
      case .failed(let error): "\(policy.policy) can't be evaluated: \(error.message)"
      }
    }
  }

  @Test func explanations() throws {
    let policies = try PolicySet(
      parsing: """
        permit (principal, action == Action::"read", resource);
        permit (principal, action, resource) when { context.local && context.value <= 8500 };
        forbid (principal, action, resource) unless { context.local };
        forbid (principal, action, resource) when { principal.level > 3 };
        """)
    let anna = try EntityUID(parsing: #"User::"anna""#)
    let request = Request(
      principal: anna, action: anna, resource: anna, context: ["local": .bool(true), "value": .long(9_000)])
    let lines = whyNot(request, try PolicyEngine(policies, entities: try EntityStore([])))
    #expect(lines.count == 4)
    #expect(lines[0] == "policy0 is about another action")
    #expect(lines[1].hasPrefix("policy1: `context.value <= 8500` is false, at 2:"), "\(lines[1])")
    #expect(lines[2].hasPrefix("policy2: `context.local` is true, at 3:"), "\(lines[2])")
    #expect(lines[3].hasPrefix("policy3 can't be evaluated: "))
  }

  @Test func annotations() throws {
    let policies = try PolicySet(
      parsing: """
        @reason("Safety controllers are written from their own panel only.")
        forbid (principal, action == Action::"write", resource in Zone::"safety");
        """)
    let sentence = policies.policies.first?.annotation("reason")
    #expect(sentence?.hasPrefix("Safety") == true)
  }
}
