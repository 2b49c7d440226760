import Access
import Cedar
import Industrial
import SluiceModel
import Testing

/// The built-in schema says of every question what the gate puts into it.
@Suite struct SchemaTests {
  private let schema: Schema

  init() throws { schema = try Schema(parsing: BuiltInSchema.text) }

  @Test func everyActionIsDeclared() {
    let declared = Set(schema.actions.keys.map(\.id))
    let asked = HTTPAction.allCases.map(\.id) + ModbusAction.ids
    #expect(asked.filter { !declared.contains($0) } == [])
    let groups = Set(IndustrialOperationClass.allCases.map(\.rawValue))
      .union(["http", "http:read", "http:write", "modbus"])
    #expect(declared == groups.union(asked))
  }

  @Test func everyModbusFunctionIsInItsClass() {
    for code in UInt8(1)...127 {
      for subfunction in code == 8 || code == 43 ? Array(0...30) : [nil] as [UInt16?] {
        let function = ModbusFunction(code: code, subfunction: subfunction)
        guard function.isKnown else { continue }
        let action = schema.actions[EntityKind.action.uid("modbus:\(function.name)")]
        let parents = Set((action?.parents ?? []).map(\.id))
        #expect(parents == ["modbus", function.operationClass.rawValue], "\(function.name)")
      }
    }
    #expect(
      Set((schema.actions[EntityKind.action.uid("modbus:other")]?.parents ?? []).map(\.id)) == ["modbus", "program"])
  }

  @Test func everyTypeIsDeclared() {
    let declared = Set(schema.entityTypes.keys.map(\.text))
    #expect(declared == Set(EntityKind.allCases.map(\.rawValue)).subtracting(["Action"]))
    for kind in [EntityKind.user, .service, .certificate, .client] {
      #expect(schema.entityTypes[kind.name]?.parents == [EntityKind.group.name, EntityKind.zone.name])
    }
  }

  @Test func everyAttributeOfAContextIsKnown() {
    let declared = Set(schema.actions.values.flatMap(\.context.keys))
    #expect(declared == Set(ContextAttribute.allCases.map(\.rawValue)))
  }

  /// All that the gate may put into a context, and nothing that the schema asks for is missing.
  @Test(
    arguments: [
      [3, 0, 98, 0, 8], [5, 0, 0, 0xff, 0], [6, 0, 100, 0, 1], [15, 0, 0, 0, 3, 1, 5],
      [16, 0, 99, 0, 2, 4, 0, 1, 0, 2],
      [22, 0, 100, 0xff, 0xff, 0, 0], [23, 0, 90, 0, 2, 0, 100, 0, 1, 2, 0, 7], [24, 0, 100], [7], [8, 0, 1, 0, 0],
      [17], [43, 14, 1, 0], [43, 13, 1], [20, 7, 6, 0, 4, 0, 1, 0, 2], [90, 1, 2],
    ] as [[UInt8]])
  func questionsFitTheSchema(_ pdu: [UInt8]) throws {
    // A policy that takes the context as a whole has all of it put together.
    let loaded = try load("permit(principal, action, resource) when { context == context };")
    var asker = Asker(loaded)
    asker.tls = facts(peer(spiffeID: "spiffe://plant/hmi", role: "operator"))
    let request = try ModbusRequest(pdu: pdu.span, header: ModbusHeader(transaction: 1, unit: 1))
    let caller = Caller(
      client: IPAddress(v4: 0x0a00_0507), tls: asker.tls, listener: "door", unixMilliseconds: asker.milliseconds)
    var count = 0
    _ = asker.decider.request(
      asker.snapshot, caller, request, on: try #require(asker.snapshot.asset("press-1")), mode: .deny
    ) { _, isAllowed in
      count += 1
      #expect(isAllowed)
      #expect(throws: Never.self) { try schema.validate(request: #require(asker.decider.frame.request)) }
      return true
    }
    #expect(count > 0)
  }

  @Test func requestsFitTheSchema() throws {
    let loaded = try load("permit(principal, action, resource) when { context == context };")
    for tls in [nil, facts(nil), facts(peer()), facts(peer(spiffeID: "spiffe://plant/x", role: "r"), group: nil)] {
      for client in ["10.0.5.7", "192.0.2.1", "2001:db8::7"] {
        var asker = Asker(loaded)
        (asker.tls, asker.client) = (tls, client)
        for action in HTTPAction.allCases {
          #expect(try asker.http(action))
          #expect(throws: Never.self) { try schema.validate(request: #require(asker.decider.frame.request)) }
        }
      }
    }
  }
}
