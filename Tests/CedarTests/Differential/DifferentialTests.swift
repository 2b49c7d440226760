import Cedar
import Foundation
import Testing

/// Cedar beside the reference implementation over generated schemas, policies, entities and requests.
///
/// `SLUICE_CEDAR_REQUESTS` says how many requests there are, `SLUICE_SEED` repeats a run, and `SLUICE_CEDAR_CASE` one case
/// of it.
@Suite(.enabled(if: CedarOracle.isThere, "set PYTHON to one that has cedarpy")) struct DifferentialTests {
  static let requestsPerCase = 16

  static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }

  @Test func agreesWithTheReference() throws {
    let seed = SeededRandom.chosenSeed(20_260_102)
    let cases = max((Self.number("SLUICE_CEDAR_REQUESTS") ?? 2_000) / Self.requestsPerCase, 1)
    let oracle = try CedarOracle()
    var tally = DifferentialTally()
    for number in Self.number("SLUICE_CEDAR_CASE").map({ $0..<($0 + 1) }) ?? 0..<cases {
      let question = DifferentialCase(seed: seed, number: number, requests: Self.requestsPerCase)
      let reference = try oracle.answer(question)
      let answer = CedarAnswers.answer(question, reference)
      tally.add(question, reference)
      let kinds = answer.errorKinds(comparedTo: reference)
      tally.errors += kinds.all
      tally.otherKinds += kinds.different
      for (part, text) in answer.differences(from: reference).sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
        tally.mismatches[part, default: 0] += 1
        guard tally.mismatches[part] == 1 || tally.mismatches.values.reduce(0, +) <= 5 else { continue }
        let smallest = Self.shrink(question, part, oracle)
        Issue.record(
          "seed \(seed), case \(number), \(part.rawValue): \(text)\n\(Self.description(smallest, part, oracle))")
      }
    }
    print("seed \(seed): \(tally)")
    if cases >= 20 { expectBalance(tally) }
    #expect(tally.mismatches.isEmpty, "seed \(seed): \(tally)")
    #expect(tally.otherKinds.count * 20 < tally.errors, "seed \(seed): \(tally)")
  }

  /// Every kind of answer is there often enough to mean something.
  private func expectBalance(_ tally: DifferentialTally) {
    let requests = tally["requests"]
    for answer in ["plain allowed", "plain denied", "plain forbidden", "plain with errors", "typed allowed"] {
      #expect(tally[answer] * 20 > requests, "\(answer): \(tally)")
    }
    #expect(tally["typed refused requests"] * 200 > requests, "\(tally)")
    #expect(tally["links"] * 20 > tally["policies"], "\(tally)")
    let share = tally["invalid policies"] * 100 / max(tally["policies"] + tally["templates"], 1)
    #expect((5...95).contains(share), "\(share) percent of the policies are invalid: \(tally)")
  }

  private static func shrink(
    _ question: DifferentialCase, _ part: CaseAnswer.Part, _ oracle: CedarOracle
  ) -> DifferentialCase {
    var shrinker = CaseShrinker { smaller in
      guard let reference = try? oracle.answer(smaller) else { return false }
      return CedarAnswers.answer(smaller, reference).differences(from: reference)[part] != nil
    }
    return shrinker.shrink(question)
  }

  private static func description(
    _ question: DifferentialCase, _ part: CaseAnswer.Part, _ oracle: CedarOracle
  ) -> String {
    let difference = (try? oracle.answer(question)).flatMap {
      CedarAnswers.answer(question, $0).differences(from: $0)[part]
    }
    let links = question.links.map {
      "\($0.id) of \($0.template): \($0.principal?.description ?? "-") \($0.resource?.description ?? "-")"
    }
    let requests = question.requests.map { request in
      "\(request.principal) \(request.action) \(request.resource) \(question.contextText(request))"
    }
    return """
      smallest case, by \(question.style.route): \(difference ?? "no longer different")
      --- schema
      \(question.schemaText)
      --- policies
      \(question.policyText)
      --- links
      \(links.joined(separator: "\n"))
      --- entities
      \(question.entitiesText)
      --- requests
      \(requests.joined(separator: "\n"))
      """
  }
}

/// How many of what there were, as the reference sees it.
struct DifferentialTally: CustomStringConvertible {
  var mismatches: [CaseAnswer.Part: Int] = [:]
  var errors = 0
  /// Errors of another kind than the reference's.
  var otherKinds: [String] = []
  private var counts: [String: Int] = [:]

  subscript(_ what: String) -> Int { counts[what] ?? 0 }

  private mutating func add(_ what: String, _ count: Int = 1) { counts[what, default: 0] += count }

  mutating func add(_ question: DifferentialCase, _ reference: CaseAnswer) {
    add("cases")
    add("requests", question.requests.count)
    add("policies", question.policies.filter { !$0.isTemplate }.count)
    add("templates", question.policies.filter(\.isTemplate).count)
    add("links", question.links.count)
    if reference.schema == nil, reference.policies == nil {
      add("invalid policies", reference.invalid.count)
      if reference.invalid.isEmpty { add("sets that validate") }
    }
    let refusals = [
      ("policies", reference.policies), ("schemas", reference.schema), ("entities", reference.entities),
      ("entities with schema", reference.typedEntities),
    ]
    for (what, refusal) in refusals where refusal != nil { add("refused " + what) }
    for (what, answers) in [("plain", reference.plain), ("typed", reference.typed)] {
      for answer in answers {
        switch answer {
        case .refused: add(what + " refused requests")
        case .decided(let isAllowed, let reasons, let errors):
          add(what + (isAllowed ? " allowed" : reasons.isEmpty ? " denied" : " forbidden"))
          if !errors.isEmpty { add(what + " with errors") }
        }
      }
    }
  }

  var description: String {
    let lines = counts.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    let wrong = mismatches.sorted { $0.key.rawValue < $1.key.rawValue }.map {
      "MISMATCHES \($0.key.rawValue): \($0.value)"
    }
    let kinds = ["errors: \(errors)", "errors of another kind: \(otherKinds.count) \(otherKinds.prefix(3))"]
    return (lines + kinds + wrong).joined(separator: ", ")
  }
}
