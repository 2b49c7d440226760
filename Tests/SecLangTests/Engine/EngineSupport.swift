import SecLang
import Testing

/// Data files of a test.
struct NoData: RuleDataSource {
  var files: [String: String] = [:]

  func data(_ name: String, relativeTo ruleFile: String) -> [UInt8]? { files[name].map { Array($0.utf8) } }
}

/// Rules and a request, tried in the engine.
struct Trial {
  static let prelude = """
    SecRuleEngine On
    SecRequestBodyAccess On
    SecResponseBodyAccess On

    """

  let set: RuleSet
  let workspace: Workspace
  var method = "GET"
  var target = "/"
  var headers: [(String, String)] = [("Host", "example.com")]
  var body: String?
  var reply: (status: Int, headers: [(String, String)], body: String)?

  init(
    _ rules: String, files: [String: String] = [:], budget: UInt64 = .max, collections: CollectionStore? = nil,
    now: @escaping () -> UInt64 = { 0 }, epoch: @escaping () -> Int = { 1_000 }
  ) throws {
    let document = try RuleParser.parse(Array((Trial.prelude + rules).utf8), named: "test.conf")
    set = try RuleSet.compile(document, data: NoData(files: files))
    workspace = Workspace(
      timeBudgetNanoseconds: budget, collections: collections, nowNanoseconds: now,
      wallClock: {
        WallClock(epochSeconds: epoch(), year: 2026, month: 1, day: 2, hour: 3, minute: 4, second: 5, weekday: 5)
      })
  }

  /// Runs all phases; checks on the way that the same rules without scans find the same.
  func run() -> Transaction {
    let transaction = run(set)
    let plain = run(set.withoutScans())
    #expect(transaction.matches.map(\.ruleID) == plain.matches.map(\.ruleID), "with and without scans")
    #expect(transaction.intervention == plain.intervention)
    return transaction
  }

  func run(_ set: RuleSet) -> Transaction {
    let transaction = Transaction(set, workspace: workspace)
    transaction.connection(
      client: Array("192.0.2.7".utf8).span, clientPort: 4_711, server: Array("192.0.2.1".utf8).span, serverPort: 80)
    transaction.requestLine(
      method: Array(method.utf8).span, target: Array(target.utf8).span, version: Array("HTTP/1.1".utf8).span)
    for (name, value) in headers {
      transaction.requestHeader(name: Array(name.utf8).span, value: Array(value.utf8).span)
    }
    _ = transaction.evaluateRequestHead()
    if let body { _ = transaction.requestBody(Array(body.utf8).span) }
    _ = transaction.evaluateRequestBody()
    if let reply {
      transaction.responseStatus(reply.status, version: Array("HTTP/1.1".utf8).span)
      for (name, value) in reply.headers {
        transaction.responseHeader(name: Array(name.utf8).span, value: Array(value.utf8).span)
      }
      _ = transaction.evaluateResponseHead()
      _ = transaction.responseBody(Array(reply.body.utf8).span)
      _ = transaction.evaluateResponseBody()
    }
    transaction.evaluateLogging()
    return transaction
  }

  /// The ids of the rules that matched.
  func matches() -> [Int] { run().matches.map(\.ruleID) }
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
