import Cedar
import Testing

@Suite struct EntityStoreTests {
  private func entity(_ name: String, _ parents: [String] = [], _ attributes: [String: Value] = [:]) throws -> Entity {
    Entity(
      try Engine.uid("E::\"\(name)\""), attributes: attributes,
      parents: Set(try parents.map { try Engine.uid("E::\"\($0)\"") }))
  }

  private func names(_ store: EntityStore, _ name: String) throws -> Set<String> {
    Set(store.ancestors(of: try Engine.uid("E::\"\(name)\"")).map(\.id))
  }

  @Test func ancestorsAreTransitive() throws {
    let store = try EntityStore([
      try entity("a", ["b", "c"]), try entity("b", ["d"]), try entity("d", ["nowhere"]), try entity("c"),
    ])
    #expect(try names(store, "a") == ["b", "c", "d", "nowhere"])
    #expect(try names(store, "c").isEmpty)
    #expect(store.count == 4)
    #expect(store[try Engine.uid("E::\"nowhere\"")] == nil)
    #expect(try store[Engine.uid("E::\"b\"")] == entity("b", ["d"]))
  }

  @Test func cyclesAndContradictionsAreRefused() throws {
    let (a, b, c) = (try entity("a", ["b"]), try entity("b", ["c"]), try entity("c", ["a"]))
    #expect(throws: EntityStoreError.self) { try EntityStore([a, b, c]) }
    let own = try entity("a", ["a"])
    #expect(throws: EntityStoreError.cycle(own.uid)) { try EntityStore([own]) }
    #expect(throws: EntityStoreError.self) { try EntityStore([a, b]).replacing(c) }
    let other = try entity("a", ["b"], ["x": .long(1)])
    #expect(throws: EntityStoreError.duplicate(a.uid)) { try EntityStore([a, b, other]) }
    #expect(try EntityStore([a, b, a]).count == 2)
  }

  @Test func longChainsNeedNoStack() throws {
    let chain = try (0..<3_000).map { try entity("\($0)", ["\($0 + 1)"]) }
    let store = try EntityStore(chain)
    #expect(store.ancestors(of: chain[0].uid).count == 3_000)
    let closed = try entity("3000", ["0"])
    #expect(throws: EntityStoreError.self) { try EntityStore(chain + [closed]) }
  }

  @Test func hierarchiesPastTheLimitAreRefused() throws {
    let chain = try (0..<8_000).map { try entity("\($0)", ["\($0 + 1)"]) }
    #expect(throws: EntityStoreError.tooMany) { try EntityStore(chain) }
  }

  @Test func changesReachDescendants() throws {
    let store = try EntityStore([
      try entity("leaf", ["middle"]), try entity("middle", ["top"]), try entity("top"), try entity("other", ["roof"]),
      try entity("roof"),
    ])
    let moved = try store.replacing(try entity("middle", ["other"]))
    #expect(try names(moved, "leaf") == ["middle", "other", "roof"])
    #expect(try names(store, "leaf") == ["middle", "top"], "the original stays as it is")
    let removed = try moved.removing(try Engine.uid("E::\"middle\""))
    #expect(try names(removed, "leaf") == ["middle"])
    #expect(removed.count == 4)
    let back = try removed.replacing(try entity("middle", ["top"]))
    #expect(try names(back, "leaf") == ["middle", "top"])
    #expect(Set(back.entities) == Set(store.entities))
    let grown = try store.replacing(try entity("top", ["sky"]))
    #expect(try names(grown, "leaf") == ["middle", "top", "sky"])
  }

  @Test func enginesFollowTheirEntities() throws {
    let entities = try Engine.plant()
    let engine = try Engine.engine(#"permit(principal in Group::"staff", action, resource);"#, entities)
    #expect(engine.decide(try Engine.request()).isAllowed)
    let alice = try Engine.uid(#"User::"alice""#)
    let dismissed = try engine.replacing(Entity(alice))
    #expect(!dismissed.decide(try Engine.request()).isAllowed)
    #expect(engine.decide(try Engine.request()).isAllowed)
    let hired = try dismissed.with(
      try dismissed.entities.replacing(Entity(alice, parents: [try Engine.uid(#"Group::"staff""#)])))
    #expect(hired.decide(try Engine.request()).isAllowed)
    let foreign = try engine.with(try EntityStore(entities))
    #expect(foreign.decide(try Engine.request()).isAllowed)
    #expect(try !engine.with(EntityStore()).decide(try Engine.request()).isAllowed)
  }

  @Test func storesThatWentTwoWaysAreNotTakenForEachOther() throws {
    let base = try EntityStore(try Engine.plant())
    let engine = try PolicyEngine(
      try PolicySet(parsing: #"permit(principal == User::"new", action, resource);"#), entities: base)
    // The number that the policy's entity has in the engine's store is another's in this one.
    let other = try base.replacing(Entity(try Engine.uid(#"User::"other""#)))
    let changed = try engine.with(other)
    #expect(!changed.decide(try Engine.request(#"User::"other""#)).isAllowed)
    #expect(changed.decide(try Engine.request(#"User::"new""#)).isAllowed)
    let own = try engine.with(try engine.entities.replacing(Entity(try Engine.uid(#"User::"other""#))))
    #expect(!own.decide(try Engine.request(#"User::"other""#)).isAllowed)
    #expect(own.decide(try Engine.request(#"User::"new""#)).isAllowed)
  }
}
