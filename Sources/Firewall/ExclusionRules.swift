import SecLang
import SluiceModel

/// Exclusions as rules: those for one path take effect while a request runs, the others once and for all.
struct ExclusionRules {
  static let name = "exclusions"

  private static let firstID = 4_990_200
  private static let maximum = 800

  /// To stand before the rules.
  private(set) var before = ""
  /// To stand after the rules.
  private(set) var after = ""

  /// - Throws: exclusions that can't be written as rules; their number is the line.
  init(_ exclusions: [FirewallExclusion]) throws(RuleIssues) {
    var issues: [RuleIssue] = []
    for (index, exclusion) in exclusions.enumerated() {
      if let problem = add(exclusion, id: Self.firstID + index, isLast: index >= Self.maximum) {
        issues.append(RuleIssue(file: Self.name, line: index + 1, column: 1, message: problem))
      }
    }
    guard issues.isEmpty else { throw RuleIssues(issues: issues) }
  }

  private mutating func add(_ exclusion: FirewallExclusion, id: Int, isLast: Bool) -> String? {
    guard !isLast else { return "there are more than \(Self.maximum) exclusions" }
    var target: String?
    if let text = exclusion.target {
      guard let quoted = RecommendedRules.quoted(text) else { return "`\(text)` can't be written in a rule" }
      target = quoted
    }
    let selection: (kind: String, text: String)
    switch exclusion.subject {
    case .rules(let ids):
      let isOne = ids.lowerBound == ids.upperBound
      selection = ("Id", isOne ? "\(ids.lowerBound)" : "\(ids.lowerBound)-\(ids.upperBound)")
    case .tag(let tag):
      guard let quoted = RecommendedRules.quoted("^\(Self.literal(tag))$") else {
        return "the tag `\(tag)` can't be written in a rule"
      }
      selection = ("Tag", quoted)
    }
    guard let path = exclusion.path else {
      after += Self.always(selection, target)
      return nil
    }
    guard let pattern = RecommendedRules.quoted(Self.pattern(path)) else {
      return "the path can't be written in a rule"
    }
    let control =
      target.map { "ctl:'ruleRemoveTargetBy\(selection.kind)=\(selection.text);\($0)'" }
      ?? "ctl:'ruleRemoveBy\(selection.kind)=\(selection.text)'"
    before += """
      SecRule REQUEST_FILENAME "@rx \(pattern)" \
      "id:\(id),phase:1,pass,nolog,t:none,t:urlDecode,t:normalizePath,\(control)"

      """
    return nil
  }

  private static func always(_ selection: (kind: String, text: String), _ target: String?) -> String {
    guard let target else { return "SecRuleRemoveBy\(selection.kind) \"\(selection.text)\"\n" }
    return "SecRuleUpdateTargetBy\(selection.kind) \"\(selection.text)\" \"!\(target)\"\n"
  }

  private static func pattern(_ path: PathMatch) -> String {
    switch path {
    case .exact(let text): return "\\A\(literal(text))\\z"
    case .prefix(let text):
      let stem = text.hasSuffix("/") ? String(text.dropLast()) : text
      return "\\A\(literal(stem))(?:/|\\z)"
    }
  }

  /// A text as a pattern that matches nothing else.
  private static func literal(_ text: String) -> String {
    var result = ""
    for character in text {
      if "\\^$.|?*+()[]{}".contains(character) { result.append("\\") }
      result.append(character)
    }
    return result
  }
}
