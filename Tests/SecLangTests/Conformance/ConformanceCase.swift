import Foundation
import SecLang
import Testing

/// A case of `conformance/seclang` with all that the engine answers to.
struct ConformanceCase: Decodable {
  let param: String?
  let input: String
  let output: String?
  let ret: Int
  /// What the groups of a regular expression hold after a match, `TX:0` first.
  let groups: [String]?

  private enum CodingKeys: String, CodingKey {
    case param, input, output, ret
    case groups = "re_groups"
  }

  static func read(_ kind: String, _ name: String) throws -> [ConformanceCase] {
    let file = URL(filePath: PublicRules.conformance).appending(path: "seclang/\(kind)/\(name).json")
    return try JSONDecoder().decode([ConformanceCase].self, from: try Data(contentsOf: file))
  }
}

/// One rule on its way through parser, compiler and engine, once with scans and once without.
struct RuleOnTrial {
  private let sets: [RuleSet]

  private init(_ document: RuleDocument, files: [String: String]) throws {
    let rules = try RuleSet.compile(document, data: DataFiles(files: files))
    sets = [rules, rules.withoutScans()]
  }

  /// `SecRule ARGS "@name argument" "id:1,…"`.
  ///
  /// - Parameter isWritten: whether the parser reads the argument; otherwise it goes in as the parser would give it, which
  ///   is the only way for what can't be written and for what the parser refuses.
  init(
    operator name: String, _ argument: String, actions: String, files: [String: String] = [:], isWritten: Bool = true
  ) throws {
    func text(_ argument: String) -> [UInt8] {
      Array("SecRule ARGS \"@\(name) \(argument)\" \"id:1,phase:2,pass,log,\(actions)\"".utf8)
    }
    guard !isWritten else {
      let quoted = text(argument.replacingOccurrences(of: "\"", with: "\\\""))
      try self.init(try RuleParser.parse(quoted, named: "rules.conf"), files: files)
      return
    }
    let takesNone = ["unconditionalMatch", "noMatch"].contains(name)
    var document = try RuleParser.parse(text(takesNone ? "" : "1"), named: "rules.conf")
    if case .rule(let variables, var comparison, let actions) = document.statements[0].directive {
      comparison.argument = Array(argument.utf8)
      document.statements[0].directive = .rule(variables: variables, operator: comparison, actions: actions)
    }
    try self.init(document, files: files)
  }

  /// What the rule does with an argument of this value: nil without a match, its `logdata` with one.
  func answers(to value: [UInt8]) -> [[UInt8]?] {
    sets.map { set in
      let workspace = Workspace(
        timeBudgetNanoseconds: .max, nowNanoseconds: { 0 },
        wallClock: {
          WallClock(epochSeconds: 0, year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, weekday: 4)
        })
      let transaction = Transaction(set, workspace: workspace)
      let digits = Array("0123456789abcdef".utf8)
      let target = Array("/?a=".utf8) + value.flatMap { [0x25, digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
      transaction.requestLine(
        method: Array("GET".utf8).span, target: target.span, version: Array("HTTP/1.1".utf8).span)
      _ = transaction.evaluateRequestHead()
      _ = transaction.evaluateRequestBody()
      #expect(transaction.failure == nil)
      return transaction.matches.first?.data
    }
  }
}

private struct DataFiles: RuleDataSource {
  let files: [String: String]

  func data(_ name: String, relativeTo ruleFile: String) -> [UInt8]? { files[name].map { Array($0.utf8) } }
}
