import Cedar

/// What Cedar says of a case.
enum CedarAnswers {
  /// - Parameter reference: what it has written is read; its answers are not.
  static func answer(_ question: DifferentialCase, _ reference: CaseAnswer) -> CaseAnswer {
    var answer = CaseAnswer()
    let policies = attempt(&answer.policies) { try self.policies(question, reference) }
    let schema = attempt(&answer.schema) { try self.schema(question) }
    let text = Array(question.entitiesText.utf8)
    let plain = attempt(&answer.entities) { try EntityStore(EntityReader.read(text)) }
    if let policies, let plain { answer.plain = decisions(question, policies, plain, nil) }
    guard let schema else { return answer }
    let typed = attempt(&answer.typedEntities) { try EntityStore(EntityReader.read(text, schema: schema)) }
    guard let policies else { return answer }
    do {
      let result = Validator(schema).validate(policies)
      let links = Set(question.links.map(\.id))
      answer.invalid = Set(result.findings.map(\.policy)).subtracting(links).map(\.text).sorted()
      answer.findings = result.findings.map(\.description)
    }
    if let typed { answer.typed = decisions(question, policies, typed, schema) }
    return answer
  }

  private static func attempt<Result>(_ refusal: inout String?, _ make: () throws -> Result) -> Result? {
    do { return try make() } catch {
      refusal = "\(error)"
      return nil
    }
  }

  private static func schema(_ question: DifferentialCase) throws -> Schema {
    question.style.hasSchemaJSON
      ? try Schema(json: Array(question.schemaText.utf8)) : try Schema(parsing: question.schemaText)
  }

  // MARK: Policies

  static func policies(_ question: DifferentialCase, _ reference: CaseAnswer) throws -> PolicySet {
    var set = PolicySet()
    switch question.style.route {
    case .syntaxTree: for policy in question.policies { try set.add(policy) }
    case .ownPrint: set = try PolicySet(parsing: printed(question))
    case .ownJSON: set = try PolicySet(json: Array(try PolicySet(parsing: question.policyText).json().utf8))
    case .referenceJSON: set = try PolicySet(json: Array((reference.policyJSON ?? "").utf8))
    case .text, .printed, .formatted, .json: set = try PolicySet(parsing: question.policyText)
    }
    for link in question.links {
      var values: [Slot: EntityUID] = [:]
      values[.principal] = link.principal
      values[.resource] = link.resource
      try set.link(TemplateLink(template: link.template, id: link.id, values: values))
    }
    return set
  }

  /// What Cedar prints of the policies, in their order.
  private static func printed(_ question: DifferentialCase) throws -> String {
    let set = try PolicySet(parsing: question.policyText)
    let all = Dictionary((set.policies + set.templates).map { ($0.id, $0) }) { first, _ in first }
    return question.policies.compactMap { all[$0.id]?.description }.joined(separator: "\n")
  }

  /// The text that the reference reads; the usual one where Cedar makes none.
  static func referenceText(_ question: DifferentialCase) -> String {
    let text: String? =
      switch question.style.route {
      case .printed: try? printed(question)
      case .formatted: try? PolicyFormatter.format(question.policyText)
      default: nil
      }
    return text ?? question.policyText
  }

  /// A member of the question with the set in JSON, where the reference is to read that.
  static func referenceJSON(_ question: DifferentialCase) -> String {
    guard question.style.route == .json, let set = try? policies(question, CaseAnswer()) else { return "" }
    return ",\"policyJSON\":" + set.json().json
  }

  // MARK: Decisions

  private static func decisions(
    _ question: DifferentialCase, _ policies: PolicySet, _ entities: EntityStore, _ schema: Schema?
  ) -> [CaseAnswer.RequestAnswer] {
    do {
      let engine = try PolicyEngine(policies, entities: entities)
      return question.requests.map { sample in
        do { return decision(engine.decide(try request(question, sample, schema))) } catch {
          return .refused("\(error)")
        }
      }
    } catch { return question.requests.map { _ in .refused("\(error)") } }
  }

  static func request(_ question: DifferentialCase, _ sample: SampleRequest, _ schema: Schema?) throws -> Request {
    let context = try ContextReader.read(
      Array(question.contextText(sample).utf8), schema: schema, action: schema.map { _ in sample.action })
    let request = Request(
      principal: sample.principal, action: sample.action, resource: sample.resource, context: context)
    try schema?.validate(request: request)
    return request
  }

  static func decision(_ decision: Decision) -> CaseAnswer.RequestAnswer {
    .decided(
      isAllowed: decision.isAllowed, reasons: decision.reasons.map(\.text).sorted(),
      errors: decision.errors.map { "\($0.policy) \($0.kind.rawValue)" }.sorted())
  }
}
