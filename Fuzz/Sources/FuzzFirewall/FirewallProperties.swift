import SecLang

/// What must hold for any request: scans, automata and caches change nothing about what the rules find, and nor does how
/// the body is cut. The fuzzer and the tests check the same.
///
/// The bytes are a request as HTTP has it, read as far as it goes: line, fields, an empty line, the body. The reply is
/// made of the same body.
enum FirewallProperties {
  private struct Engine {
    let scanned: RuleSet
    let plain: RuleSet
    let transaction: Transaction
  }

  nonisolated(unsafe) private static let engine: Engine? = {
    guard let document = try? RuleParser.parse(Array(SampleRules.text.utf8), named: "rules"),
      let rules = try? RuleSet.compile(document, data: NoFiles())
    else { return nil }
    rules.attachDatabases(saved: { _ in nil }, save: { _, _ in })
    let transaction = Transaction(
      rules,
      workspace: Workspace(
        timeBudgetNanoseconds: .max, nowNanoseconds: { 0 },
        wallClock: {
          WallClock(
            epochSeconds: 1_800_000_000, year: 2027, month: 1, day: 15, hour: 8, minute: 0, second: 0, weekday: 5)
        }))
    return Engine(scanned: rules, plain: rules.withoutScans(), transaction: transaction)
  }()

  /// - Returns: the first property that doesn't hold, or nil.
  static func firstFailure(of bytes: [UInt8]) -> String? {
    guard let engine else { return "the rules don't compile" }
    let request = RequestParts(bytes)
    let scanned = verdict(engine, engine.scanned, request, cut: request.body.count)
    let plain = verdict(engine, engine.plain, request, cut: request.body.count)
    if scanned.failure != nil || plain.failure != nil { return nil }
    if let failure = difference(scanned, plain) { return "scans: \(failure)" }
    let cut = verdict(engine, engine.scanned, request, cut: request.body.count / 3)
    return difference(cut, scanned).map { "a body in two pieces: \($0)" }
  }

  /// The rules that find something in a request.
  static func matchedRules(_ bytes: [UInt8]) -> [Int] {
    let request = RequestParts(bytes)
    return engine.map { verdict($0, $0.scanned, request, cut: 0).matches.map(\.ruleID) } ?? []
  }

  private struct Verdict {
    var matches: [RuleMatch]
    var failure: EngineFailure?
  }

  private static func verdict(_ engine: Engine, _ rules: RuleSet, _ request: RequestParts, cut: Int) -> Verdict {
    engine.transaction.reset(rules)
    request.run(engine.transaction, cut: cut)
    return Verdict(matches: engine.transaction.matches, failure: engine.transaction.failure)
  }

  private static func difference(_ left: Verdict, _ right: Verdict) -> String? {
    let ids = left.matches.map(\.ruleID)
    if ids != right.matches.map(\.ruleID) { return "rules \(ids) instead of \(right.matches.map(\.ruleID))" }
    for (one, other) in zip(left.matches, right.matches) {
      if one.score != other.score { return "rule \(one.ruleID) scores \(one.score) instead of \(other.score)" }
      let (mine, its) = (targets(one), targets(other))
      // Records are bounded: which of many targets they keep depends on the order.
      if one.targets.count < EngineLimits.recordedTargets, mine != its {
        return "rule \(one.ruleID): \(mine) instead of \(its)"
      }
    }
    return nil
  }

  /// In an order of their own: scans find values source by source, rules look target by target.
  private static func targets(_ match: RuleMatch) -> [String] {
    match.targets.map { "\($0.name) \($0.range) \($0.valueOffset) \($0.value)" }.sorted()
  }
}

private struct NoFiles: RuleDataSource {
  func data(_ name: String, relativeTo ruleFile: String) -> [UInt8]? { nil }
}

/// A request taken apart at its line ends, whatever they are.
private struct RequestParts {
  private var line: [ArraySlice<UInt8>] = []
  private var fields: [(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)] = []
  private(set) var body: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) {
    body = bytes[...]
    line = Self.takeLine(&body).split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
    while fields.count < 40, !body.isEmpty {
      let text = Self.takeLine(&body)
      if text.isEmpty { break }
      let colon = text.firstIndex(of: 0x3a) ?? text.endIndex
      fields.append((text[..<colon], text[colon...].dropFirst().drop { $0 == 0x20 }))
    }
  }

  private static func takeLine(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let end = rest.firstIndex(of: 0x0a) ?? rest.endIndex
    var line = rest[..<end]
    rest = rest[end...].dropFirst()
    if line.last == 0x0d { line.removeLast() }
    return line
  }

  func run(_ transaction: Transaction, cut: Int) {
    let address = Array("10.1.2.3".utf8)
    transaction.connection(client: address.span, clientPort: 1_024, server: address.span, serverPort: 443)
    func part(_ index: Int) -> ArraySlice<UInt8> { index < line.count ? line[index] : [] }
    transaction.requestLine(method: part(0).span, target: part(1).span, version: part(2).span)
    for field in fields { transaction.requestHeader(name: field.name.span, value: field.value.span) }
    _ = transaction.evaluateRequestHead()
    _ = transaction.requestBody(body.span.extracting(first: cut))
    _ = transaction.requestBody(body.span.extracting(last: body.count - cut))
    _ = transaction.evaluateRequestBody()
    transaction.responseStatus(body.first == 0x21 ? 500 : 200, version: Array("HTTP/1.1".utf8).span)
    for field in fields { transaction.responseHeader(name: field.name.span, value: field.value.span) }
    if transaction.wantsResponseBody == false {
      transaction.responseHeader(name: Array("Content-Type".utf8).span, value: Array("text/html".utf8).span)
    }
    _ = transaction.evaluateResponseHead()
    _ = transaction.responseBody(body.span)
    _ = transaction.evaluateResponseBody()
    transaction.evaluateLogging()
  }
}
