import Cedar
import Foundation
import Testing

/// What Cedar and the reference accept as texts, over texts with something wrong in them.
@Suite(.enabled(if: CedarOracle.isThere, "set PYTHON to one that has cedarpy")) struct ReaderAgreementTests {
  enum Language: String, CaseIterable, Sendable {
    case policies, schema, schemaJSON, policyJSON, entities, typedEntities

    var vocabulary: [String] {
      switch self {
      case .policies: TextMutator.policyTokens
      case .schema: TextMutator.schemaTokens
      case .schemaJSON, .policyJSON, .entities, .typedEntities: TextMutator.jsonTokens
      }
    }

    var kind: String { self == .typedEntities ? "entities" : rawValue }

    /// A text that is right.
    func text(_ question: DifferentialCase) -> String {
      var question = question
      question.style.hasSchemaJSON = self == .schemaJSON
      switch self {
      case .policies:
        question.keepPolicies { $0 < 4 }
        return question.policyText
      case .schema, .schemaJSON: return question.schemaText
      case .policyJSON:
        question.keepPolicies { $0 < 3 }
        return (try? PolicySet(parsing: question.policyText).json()) ?? ""
      case .entities, .typedEntities:
        question.entities = Array(question.entities.prefix(4))
        return question.entitiesText
      }
    }

    func schema(_ question: DifferentialCase) -> String? {
      guard self == .typedEntities else { return nil }
      var question = question
      question.style.hasSchemaJSON = false
      return question.schemaText
    }

    /// Whether Cedar refuses a JSON object with a key twice, which the reference overlooks where it does not read the key.
    func isStricter(_ refusal: String?) -> Bool {
      guard let refusal, self != .policies, self != .schema else { return false }
      return refusal.contains("the key `") && refusal.contains("is there twice")
    }

    /// Why Cedar refuses a text; nil when it accepts it.
    func refusal(_ text: String, _ schema: Schema?) -> String? {
      do {
        switch self {
        case .policies: _ = try PolicySet(parsing: text)
        case .schema: _ = try Schema(parsing: text)
        case .schemaJSON: _ = try Schema(json: Array(text.utf8))
        case .policyJSON: _ = try PolicySet(json: Array(text.utf8))
        case .entities, .typedEntities: _ = try EntityStore(EntityReader.read(Array(text.utf8), schema: schema))
        }
        return nil
      } catch { return "\(error)" }
    }
  }

  @Test(arguments: Language.allCases) func acceptsWhatTheReferenceAccepts(_ language: Language) throws {
    let seed = SeededRandom.chosenSeed(20_260_103)
    let count = (DifferentialTests.number("SLUICE_CEDAR_REQUESTS") ?? 2_000) / 4
    let oracle = try CedarOracle()
    var accepted = 0
    var wrong = 0
    for number in 0..<max(count / 20, 1) {
      let question = DifferentialCase(seed: seed, number: number, requests: 0)
      var mutator = TextMutator(random: SeededRandom(seed: seed, part: -number))
      let text = language.text(question)
      let schemaText = language.schema(question)
      let schema = try? schemaText.map { try Schema(parsing: $0) }
      if schemaText != nil, schema == nil { continue }
      func reference(_ texts: [String]) throws -> [String?] {
        try oracle.refusals(language.kind, texts, schema: schemaText)
      }
      let texts = (0..<20).map { _ in mutator.mutated(text, vocabulary: language.vocabulary) }
      for (text, refusal) in zip(texts, try reference(texts)) {
        if refusal == nil { accepted += 1 }
        let own = language.refusal(text, schema)
        guard (own == nil) != (refusal == nil), !language.isStricter(own) else { continue }
        wrong += 1
        guard wrong <= 10 else { continue }
        let smallest = TextMutator.smallest(text) { smaller in
          guard let other = try? reference([smaller])[0] else { return language.refusal(smaller, schema) != nil }
          return !other.isEmpty && language.refusal(smaller, schema) == nil
        }
        Issue.record(
          """
          seed \(seed), text \(number): Cedar: \(language.refusal(smallest, schema) ?? "accepted"); \
          reference: \(try reference([smallest])[0] ?? "accepted")
          \(smallest)
          \(schemaText.map { "with \($0)" } ?? "")
          """)
      }
    }
    print("seed \(seed), \(language): \(count) texts, \(accepted) accepted by the reference, \(wrong) mismatches")
    #expect(wrong == 0)
  }
}
