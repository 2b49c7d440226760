import Glibc
import SecLang

/// What must hold for any text as rules: they are refused with at most so many issues, or they compile and run to their
/// end within their time. The fuzzer and the tests check the same.
enum RuleProperties {
  private static let budgetNanoseconds: UInt64 = 1_000_000_000

  /// - Returns: the first property that doesn't hold, or nil.
  static func firstFailure(of bytes: [UInt8]) -> String? {
    let files = RuleTexts()
    let rules: RuleSet
    do throws(RuleIssues) {
      let document = try RuleParser.parse(bytes, named: "rules.conf", loader: files)
      rules = try RuleSet.compile(document, data: files)
    } catch {
      if error.issues.isEmpty || error.issues.count > RuleLimits.issues { return "\(error.issues.count) issues" }
      return error.issues.allSatisfy { $0.line > 0 && $0.column > 0 && !$0.message.isEmpty } ? nil : "\(error)"
    }
    let transaction = Transaction(
      rules,
      workspace: Workspace(
        timeBudgetNanoseconds: budgetNanoseconds, collections: CollectionStore(), nowNanoseconds: processorTime,
        wallClock: {
          WallClock(
            epochSeconds: 1_800_000_000, year: 2027, month: 1, day: 15, hour: 8, minute: 0, second: 0, weekday: 5)
        }))
    for request in FixedRequest.all {
      transaction.reset(rules)
      request.run(transaction)
      for match in transaction.matches {
        if let failure = failure(match) { return failure }
      }
    }
    return nil
  }

  private static func failure(_ match: RuleMatch) -> String? {
    if match.ruleID < 1 || !(1...5).contains(match.phase) { return "rule \(match.ruleID) in phase \(match.phase)" }
    for target in match.targets {
      if target.valueOffset < 0 || target.value.count > EngineLimits.recordedValueBytes {
        return "rule \(match.ruleID): \(target.value.count) bytes from \(target.valueOffset)"
      }
    }
    return nil
  }

  static func processorTime() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(max(0, time.tv_sec)) &* 1_000_000_000 &+ UInt64(max(0, time.tv_nsec))
  }
}

/// Files that rules may include and name.
private struct RuleTexts: RuleSourceLoader, RuleDataSource {
  private static let files: [String: String] = [
    "a.conf": "SecRule ARGS \"@contains x\" \"id:9001,phase:2,pass\"\n", "b.conf": "Include c.conf\n",
    "c.conf": "Include b.conf\n", "words.data": "# words\nselect\nunion all\n", "addresses.data": "10.0.0.0/8\n::1\n",
    "unicode.mapping": "20127 (US-ASCII)\n00a0:20 ff1c:3c\n",
  ]

  func resolve(_ reference: String, from includingFile: String?) -> String { reference }

  func expand(_ pattern: String, from includingFile: String?) throws(RuleSourceError) -> [String] {
    pattern.hasSuffix("*.conf") ? Self.files.keys.filter { $0.hasSuffix(".conf") } : []
  }

  func read(_ path: String, limit: Int) throws(RuleSourceError) -> [UInt8] {
    guard let text = Self.files[path] else { throw RuleSourceError(message: "no such file", isMissing: true) }
    return Array(text.utf8)
  }

  func data(_ name: String, relativeTo ruleFile: String) -> [UInt8]? { Self.files[name].map { Array($0.utf8) } }
}

/// A request that rules of all kinds see.
private struct FixedRequest {
  var method = "POST"
  var target = "/a/b.php?x=1&y=%3Cscript%3E&x=1'%20or%20'1'='1"
  var type: String
  var body: String

  static let all = [
    FixedRequest(method: "GET", type: "", body: ""),
    FixedRequest(type: "application/x-www-form-urlencoded", body: "a=1&b=union+all+select&c=%zz"),
    FixedRequest(
      type: "multipart/form-data; boundary=B",
      body: "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.php\"\r\n\r\n<?php\r\n--B--\r\n"),
    FixedRequest(type: "application/json", body: "{\"a\":[1,{\"b\":\"4000-0000-0000-0002\"}],\"c\":null}"),
    FixedRequest(type: "text/xml", body: "<a b='c'>d<e f='10.1.2.3'>x</e></a>"),
  ]

  func run(_ transaction: Transaction) {
    let client = Array("10.1.2.3".utf8)
    transaction.connection(client: client.span, clientPort: 1_024, server: client.span, serverPort: 443)
    transaction.identify(Array("id".utf8).span)
    transaction.requestLine(
      method: Array(method.utf8).span, target: Array(target.utf8).span, version: Array("HTTP/1.1".utf8).span)
    for (name, value) in [
      ("Host", "plant.example:443"), ("Cookie", "s=1; t=\"<b>\""), ("User-Agent", "x\u{1}y"), ("Content-Type", type),
    ] where !value.isEmpty {
      transaction.requestHeader(name: Array(name.utf8).span, value: Array(value.utf8).span)
    }
    _ = transaction.evaluateRequestHead()
    let body = Array(body.utf8)
    _ = transaction.requestBody(body.span.extracting(first: body.count / 2))
    _ = transaction.requestBody(body.span.extracting(last: body.count - body.count / 2))
    _ = transaction.evaluateRequestBody()
    transaction.responseStatus(500, version: Array("HTTP/1.1".utf8).span)
    transaction.responseHeader(name: Array("Content-Type".utf8).span, value: Array("text/html; x".utf8).span)
    _ = transaction.evaluateResponseHead()
    _ = transaction.responseBody(Array("<pre>SQL syntax error at line 7</pre>".utf8).span)
    _ = transaction.evaluateResponseBody()
    transaction.evaluateLogging()
  }
}
