import Cedar
import Foundation
import Testing

/// What holds for the engine's answers whatever they are, over generated cases.
@Suite struct EnginePropertyTests {
  static let cases = max((DifferentialTests.number("SLUICE_CEDAR_REQUESTS") ?? 2_000) / 20, 1)

  struct Prepared {
    var policies: PolicySet
    var entities: [Entity]
    var engine: PolicyEngine
    var requests: [Request]
  }

  /// Nil where something in the case is refused.
  static func prepare(_ seed: UInt64, _ number: Int) -> Prepared? {
    let question = DifferentialCase(seed: seed, number: number, requests: 20)
    guard let policies = try? CedarAnswers.policies(question, CaseAnswer()),
      let entities = try? EntityReader.read(Array(question.entitiesText.utf8)),
      let store = try? EntityStore(entities), let engine = try? PolicyEngine(policies, entities: store)
    else { return nil }
    let requests = question.requests.compactMap { try? CedarAnswers.request(question, $0, nil) }
    return Prepared(policies: policies, entities: entities, engine: engine, requests: requests)
  }

  /// The index only leaves out policies that can't apply.
  @Test func indexAndLinearScanAgree() throws {
    let seed = SeededRandom.chosenSeed(20_260_104)
    var decided = 0
    for number in 0..<Self.cases {
      guard let prepared = Self.prepare(seed, number) else { continue }
      for request in prepared.requests {
        for mode in [PolicyEngine.ErrorMode.skip, .deny] {
          let indexed = prepared.engine.decide(request, mode: mode)
          let linear = prepared.engine.decide(request, mode: mode, usesIndex: false)
          #expect(indexed == linear, "seed \(seed), case \(number), \(request)")
          decided += 1
        }
      }
    }
    print("seed \(seed): \(decided) decisions with the index and without it")
    #expect(decided > Self.cases * 30)
  }

  /// Guarded, a `forbid` that fails denies; nothing else changes.
  @Test func guardedModeDeniesWhereForbidFails() throws {
    let seed = SeededRandom.chosenSeed(20_260_105)
    var denied = 0
    for number in 0..<Self.cases {
      guard let prepared = Self.prepare(seed, number) else { continue }
      let forbids = Set(prepared.policies.policies.filter { $0.effect == .forbid }.map(\.id))
      for request in prepared.requests {
        let usual = prepared.engine.decide(request)
        let guarded = prepared.engine.decide(request, mode: .deny)
        let fails = usual.errors.contains { forbids.contains($0.policy) }
        #expect(guarded.isAllowed == (usual.isAllowed && !fails), "seed \(seed), case \(number), \(request)")
        #expect(guarded.errors == usual.errors, "seed \(seed), case \(number), \(request)")
        if fails, usual.isAllowed { denied += 1 }
      }
    }
    #expect(denied > 0)
  }

  @Test func explanationsAgreeWithDecisions() throws {
    let seed = SeededRandom.chosenSeed(20_260_106)
    for number in 0..<Self.cases {
      guard let prepared = Self.prepare(seed, number) else { continue }
      for request in prepared.requests.prefix(5) {
        let decision = prepared.engine.decide(request)
        let explanation = prepared.engine.explain(request)
        #expect(explanation.decision == decision, "seed \(seed), case \(number), \(request)")
        #expect(explanation.policies.map(\.policy) == prepared.policies.policies.map(\.id))
        let held = explanation.policies.filter { $0.outcome == .satisfied }
        let forbids = held.filter { $0.effect == .forbid }
        let reasons = (forbids.isEmpty ? held : forbids).map(\.policy)
        #expect(reasons == decision.reasons, "seed \(seed), case \(number), \(request)")
        let errors = explanation.policies.compactMap { if case .failed(let error) = $0.outcome { error } else { nil } }
        #expect(errors == decision.errors, "seed \(seed), case \(number), \(request)")
      }
    }
  }

  /// One frame for all requests, filled piece by piece, gives the same answers.
  @Test func framesAgreeWithRequests() throws {
    let seed = SeededRandom.chosenSeed(20_260_107)
    let frame = RequestFrame()
    for number in 0..<Self.cases {
      guard let prepared = Self.prepare(seed, number) else { continue }
      let engine = prepared.engine
      for request in prepared.requests {
        frame.begin(engine)
        func entity(_ uid: EntityUID) -> EntityID {
          frame.entity(engine.entityTypeID(uid.type), id: Array(uid.id.utf8).span)
        }
        frame.principal = entity(request.principal)
        frame.action = entity(request.action)
        frame.resource = entity(request.resource)
        for (name, value) in request.context { frame.set(engine.attributeID(name), value: value) }
        engine.decide(frame)
        #expect(engine.decision(frame) == engine.decide(request), "seed \(seed), case \(number), \(request)")
      }
    }
  }

  /// Stores that were changed step by step are like those made at once.
  @Test func changedStoresAreLikeFreshOnes() throws {
    let seed = SeededRandom.chosenSeed(20_260_108)
    for number in 0..<Self.cases {
      guard let prepared = Self.prepare(seed, number), !prepared.entities.isEmpty else { continue }
      var random = SeededRandom(seed: seed, part: -1 - number)
      var engine = try PolicyEngine(prepared.policies, entities: EntityStore())
      var known: [EntityUID: Entity] = [:]
      for step in 0..<random.int(1...40) {
        let before = known
        var entity = random.pick(prepared.entities)
        if random.chance(30), let other = random.pickOrNone(prepared.entities) { entity.parents.insert(other.uid) }
        if random.chance(20), let other = random.pickOrNone(prepared.entities) { entity.attributes = other.attributes }
        var store: EntityStore?
        if random.chance(25) {
          known[entity.uid] = nil
          store = try? engine.entities.removing(entity.uid)
        } else {
          known[entity.uid] = entity
          store = try? engine.entities.replacing(entity)
        }
        let fresh = try? EntityStore(Array(known.values))
        #expect((store == nil) == (fresh == nil), "seed \(seed), case \(number), step \(step)")
        guard let store, let fresh else {
          known = before
          continue
        }
        engine = try engine.with(store)
        #expect(Set(store.entities) == Set(fresh.entities), "seed \(seed), case \(number), step \(step)")
        #expect(store.count == fresh.count, "seed \(seed), case \(number), step \(step)")
        for uid in known.keys where store.ancestors(of: uid) != fresh.ancestors(of: uid) {
          Issue.record("seed \(seed), case \(number), step \(step): the ancestors of \(uid) differ")
        }
      }
      let fresh = try PolicyEngine(prepared.policies, entities: EntityStore(Array(known.values)))
      for request in prepared.requests {
        #expect(engine.decide(request) == fresh.decide(request), "seed \(seed), case \(number), \(request)")
      }
    }
  }
}
