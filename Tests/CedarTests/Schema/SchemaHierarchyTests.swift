import Cedar
import Testing

@Suite struct SchemaHierarchyTests {
  @Test func ancestorsOfEntityTypes() throws {
    let schema = try Schema(
      parsing:
        "entity A in [B, C]; entity B in D; entity C in D; entity D; entity L in R; entity R in [L]; entity S in S;")
    func ancestors(_ name: String) throws -> Set<Name> {
      try #require(schema.entityTypes[try Schemas.name(name)]).ancestors
    }
    let names = try Set(["B", "C", "D"].map(Schemas.name))
    #expect(try ancestors("A") == names)
    #expect(try ancestors("D").isEmpty)
    #expect(try ancestors("L") == Set(["L", "R"].map(Schemas.name)))
    #expect(try ancestors("S") == [try Schemas.name("S")])
  }

  @Test func ancestorsOfActionsAcrossNamespaces() throws {
    let schema = try Schema(
      parsing: """
        namespace A { action x in B::Action::"y"; }
        namespace B { action y in [z, w]; action w; }
        action z;
        """)
    let x = try Schemas.uid(#"A::Action::"x""#)
    let y = try Schemas.uid(#"B::Action::"y""#)
    let all = try Set([#"B::Action::"y""#, #"B::Action::"w""#, #"Action::"z""#].map(Schemas.uid))
    #expect(schema.actions[x]?.ancestors == all)
    #expect(schema.actions[x]?.parents == [y])
    let entities = schema.actionEntities
    #expect(entities.map(\.uid) == schema.actions.keys.sorted())
    #expect(entities.first { $0.uid == x } == Entity(x, parents: [y]))
  }

  /// Each type is twice the one before it.
  @Test func typesThatGrowAreRefused() throws {
    var text = "type T0 = Long;\n"
    for level in 1...60 { text += "type T\(level) = {a: T\(level - 1), b: T\(level - 1)};\n" }
    let error = try #require(Schemas.error(text))
    #expect(error.contains("types in it"), "\(error)")
  }

  @Test func depthIsBounded() throws {
    func nested(_ depth: Int) -> String {
      "type T = " + String(repeating: "Set<", count: depth) + "Long" + String(repeating: ">", count: depth) + ";"
    }
    #expect(Schemas.error(nested(CedarLimits.typeDepth - 1)) == nil)
    #expect(Schemas.error(nested(CedarLimits.typeDepth + 1))?.contains("deeper than 64") == true)
    #expect(Schemas.error(nested(100_000)) != nil)
    var chain = "type T0 = Long;"
    for level in 1...100 { chain += "type T\(level) = Set<T\(level - 1)>;" }
    #expect(Schemas.error(chain)?.contains("64 levels") == true)
    let records = String(repeating: #"{"type": "Record", "attributes": {"a": "#, count: 10_000)
    #expect(Schemas.jsonError(#"{"": {"commonTypes": {"T": "# + records) != nil)
  }

  /// Names of other names are as good as these, however many there are.
  @Test func chainsOfNamesAreFine() {
    var chain = "type T0 = Long;"
    for level in 1...20_000 { chain += "type T\(level) = T\(level - 1);" }
    #expect(Schemas.error(chain) == nil)
  }

  @Test func productsAreBounded() throws {
    let names = (0..<5_000).map { "E\($0)" }.joined(separator: ", ")
    let types = "entity \(names);"
    #expect(Schemas.error("\(types) action a appliesTo {principal: [\(names)], resource: [\(names)]};") != nil)
    #expect(Schemas.error("\(types) entity \(names.replacing("E", with: "F")) in [\(names)];") != nil)
    var chain = "entity C0;"
    for level in 1...5_000 { chain += "entity C\(level) in C\(level - 1);" }
    #expect(Schemas.error(chain)?.contains("hierarchy") == true)
  }
}
