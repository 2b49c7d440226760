extension RuleCompiler {
  mutating func addControl(_ value: [UInt8], _ position: SourcePosition, to result: inout RuleActions) {
    let (name, argument) = Self.split(value)
    let key = String(decoding: name, as: UTF8.self).lowercased()
    let text = String(decoding: argument ?? [], as: UTF8.self)
    if let control = control(key, text, position) { result.effects.append(.control(control)) }
  }

  private mutating func control(_ key: String, _ text: String, _ position: SourcePosition) -> Control? {
    let isOn = text.lowercased() == "on"
    switch key {
    case "ruleengine":
      if let mode = RuleSettings.engineMode(text.lowercased()) { return .ruleEngine(mode) }
    case "auditengine":
      switch text.lowercased() {
      case "on": return .auditEngine(.on)
      case "off": return .auditEngine(.off)
      case "relevantonly": return .auditEngine(.relevantOnly)
      default: break
      }
    case "auditlogparts": return auditLogParts(Array(text.utf8))
    case "requestbodyaccess": return .requestBodyAccess(isOn)
    case "responsebodyaccess": return .responseBodyAccess(isOn)
    case "forcerequestbodyvariable": return .forceRequestBodyVariable(isOn)
    case "forceresponsebodyvariable": return .forceResponseBodyVariable(isOn)
    case "requestbodyprocessor": if let kind = Self.processor(text) { return .requestBodyProcessor(kind) }
    case "responsebodyprocessor": if let kind = Self.processor(text) { return .responseBodyProcessor(kind) }
    case "hashenforcement", "hashengine": return .hashEnforcement
    case "parsexmlintoargs": return .parseXMLIntoArgs(isOn)
    case "ruleremovebyid": return .removeRules(rules(withIDs: text))
    case "ruleremovebytag": return removal(of: text, position, \.tags)
    case "ruleremovebymsg": return removal(of: text, position) { [$0.message] }
    case "ruleremovetargetbyid", "ruleremovetargetbytag", "ruleremovetargetbymsg":
      return targetRemoval(key, text, position)
    default:
      issues.add(position, "`ctl:\(key)` is not supported")
      return nil
    }
    issues.add(position, "`ctl:\(key)` can't be `\(text)`")
    return nil
  }

  private static func processor(_ text: String) -> BodyProcessorKind? {
    switch text.uppercased() {
    case "URLENCODED": .urlencoded
    case "MULTIPART": .multipart
    case "JSON": .json
    case "XML": .xml
    case "RAW", "PLAIN": BodyProcessorKind.none
    default: nil
    }
  }

  private func auditLogParts(_ text: [UInt8]) -> Control {
    switch text.first {
    case 0x2b?: .auditLogParts(added: Array(text.dropFirst()), removed: [], set: nil)
    case 0x2d?: .auditLogParts(added: [], removed: Array(text.dropFirst()), set: nil)
    default: .auditLogParts(added: [], removed: [], set: text)
    }
  }

  // MARK: Selections of rules

  /// Numbers of the rules with these ids and ranges of ids.
  private func rules(withIDs text: String) -> [Int] {
    let ranges = text.utf8.split { $0 == 0x2c || $0 == 0x20 }.compactMap { RuleParser.ruleIDs(Array($0)) }
    return chains.indices.filter { index in ranges.contains { $0.contains(chains[index].id) } }
  }

  private mutating func rules(
    matching pattern: String, _ position: SourcePosition, _ texts: (DraftChain) -> [[UInt8]]
  ) -> [Int]? {
    guard let regex = regex(Array(pattern.utf8), position) else { return nil }
    return chains.indices.filter { index in
      texts(chains[index]).contains { regex.match($0.span, scratch: scratch).isMatch }
    }
  }

  private mutating func removal(
    of pattern: String, _ position: SourcePosition, _ texts: (DraftChain) -> [[UInt8]]
  ) -> Control? {
    rules(matching: pattern, position, texts).map { .removeRules($0) }
  }

  /// `ruleRemoveTargetById=942100;ARGS:comment`.
  private mutating func targetRemoval(_ key: String, _ text: String, _ position: SourcePosition) -> Control? {
    let parts = text.split(separator: ";", maxSplits: 1).map(String.init)
    guard parts.count == 2, let syntax = RuleParser.variables(Array(parts[1].utf8), at: position)?.first,
      let selector = selector(syntax)
    else {
      issues.add(position, "`ctl:\(key)` wants rules and a target", "ctl:ruleRemoveTargetById=942100;ARGS:comment")
      return nil
    }
    let selected: [Int]? =
      switch key {
      case "ruleremovetargetbyid": rules(withIDs: parts[0])
      case "ruleremovetargetbytag": rules(matching: parts[0], position, \.tags)
      default: rules(matching: parts[0], position) { [$0.message] }
      }
    return selected.map { .removeTarget(TargetRemoval(rules: $0, syntax.variable, selector)) }
  }
}
