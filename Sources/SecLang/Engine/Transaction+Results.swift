// What embedders need besides phases: the engine's mode and time by exchange, and what came of it in their terms.

extension Transaction {
  // MARK: Before a phase

  /// The mode for this transaction, whatever the rules' settings say; between ``reset(_:)`` and the first phase.
  public func begin(in mode: EngineMode) { self.mode = mode }

  /// Goes on with the buffers of another thread's workspace: between two phases, when the transaction changes threads.
  public func move(to workspace: Workspace) { self.workspace = workspace }

  /// Allows the phases from now on so much time less what the ones before took; waiting between phases costs nothing.
  public func limitTime(toNanoseconds budget: UInt64) {
    var spent: UInt64 = 0
    for phase in 1...5 { spent &+= phaseNanoseconds[phase] }
    let (deadline, isOverflow) = workspace.nowNanoseconds().addingReportingOverflow(budget > spent ? budget - spent : 0)
    clock.deadline = isOverflow ? .max : deadline
  }

  /// Counts time that was spent for a phase outside of it, such as taking a body apart.
  public func addTime(nanoseconds: UInt64, phase: Int) {
    guard (1...5).contains(phase) else { return }
    phaseNanoseconds[phase] &+= nanoseconds
  }

  // MARK: Bodies

  /// Whether rules will see anything of a body of this request's type. Known after phase 1, which may change it.
  public var wantsRequestBody: Bool {
    guard mode != .off, inspectsRequestBody else { return false }
    return forcesRequestBody || requestProcessor != nil || kindByContentType() != nil
  }

  /// The bytes of the request body that rules see at most: `SecRequestBodyLimit`, or `SecRequestBodyNoFilesLimit` for a
  /// body that holds no files.
  public var requestBodyLimit: Int {
    let settings = rules.settings
    guard (requestProcessor ?? kindByContentType()) != .multipart else { return settings.requestBodyLimit }
    return min(settings.requestBodyLimit, max(1, settings.requestBodyNoFilesLimit))
  }

  /// The request body goes on behind what was given: rules see its beginning.
  public func cutRequestBody() { body.isTruncated = true }

  /// The reply body goes on behind what was given.
  public func cutResponseBody() { reply.isTruncated = true }

  /// A message of a connection that this request has upgraded, in place of a request body: JSON as its values, anything
  /// else as one argument, `message`; and all of it as `REQUEST_BODY`.
  public func requestMessage(_ payload: Span<UInt8>) {
    guard mode != .off else { return }
    set(.requestBody, payload)
    body.receivedBytes = payload.count
    if Self.mayBeJSON(payload) {
      var limits = BodyLimits(arguments: rules.settings.argumentsLimit)
      limits.jsonDepth = rules.settings.jsonDepthLimit
      limits.storedBytes = max(payload.count, 1)
      var json = JSONProcessor(limits: limits)
      json.received(payload)
      json.finished(truncated: false)
      // What is no JSON after all is text, and what has too many values must not pass unseen.
      if json.error == nil {
        take(json.fields, into: .argsPost)
        return
      }
      if json.exceedsArguments { note(json.error) }
    }
    add(.argsPost, name: arena.append(Array("message".utf8).span), value: arena.append(payload))
  }

  private static func mayBeJSON(_ payload: Span<UInt8>) -> Bool {
    for index in payload.indices {
      switch payload[index] {
      case 0x20, 0x09, 0x0a, 0x0d: continue
      case 0x7b, 0x5b, 0x22: return true
      default: return false
      }
    }
    return false
  }

  // MARK: What came of it

  /// The tags of the rule that matched.
  public func tags(of match: RuleMatch) -> [String] { rule(of: match)?.actions.tags ?? [] }

  /// Where the rule that matched stands: file and line.
  public func place(of match: RuleMatch) -> (file: String, line: Int)? {
    guard let rule = rule(of: match) else { return nil }
    let file = Int(rule.position.file)
    guard rules.files.indices.contains(file) else { return nil }
    return (rules.files[file], Int(rule.position.line))
  }

  private func rule(of match: RuleMatch) -> CompiledRule? {
    rules.rules.indices.contains(match.ruleIndex) ? rules.rules[match.ruleIndex] : nil
  }

  /// Where what a rule matched stands in the value as it was received; nil when it came about by transformations.
  public func receivedRange(of target: RuleMatch.Target) -> Range<Int>? {
    let inside = target.range.lowerBound - target.valueOffset
    let end = target.range.upperBound - target.valueOffset
    guard inside >= 0, inside < end, end <= target.value.count else { return nil }
    let matched = target.value[inside..<end]
    let colon = target.name.firstIndex(of: 0x3a) ?? target.name.endIndex
    guard let variable = Variable(rawValue: String(decoding: target.name[..<colon], as: UTF8.self)) else { return nil }
    let selector = target.name[colon...].dropFirst()
    for part in Sources.parts(variable) {
      for item in stores[Int(part.source.rawValue)].prefix(1_024)
      where arena.read(item.name, { TextOperators.equals($0, selector.span) }) {
        let value = arena.array(part.isNames ? item.name : item.value)
        let start = target.range.lowerBound
        if start + matched.count <= value.count, value[start..<(start + matched.count)].elementsEqual(matched) {
          return target.range
        }
        if let found = value.prefix(65_536).firstRange(of: matched) { return found }
      }
    }
    return nil
  }

  /// The number in a variable of `TX`; nil when it is not set.
  public func number(_ variable: TXVariable) -> Int? {
    guard tx.slots.indices.contains(variable.slot), tx[variable.slot].kind != .unset else { return nil }
    return number(tx[variable.slot])
  }
}

/// A variable of the collection `TX`, found once for many transactions of a rule set.
public struct TXVariable: Sendable {
  let slot: Int

  /// - Parameter name: in lower case.
  /// - Returns: nil when no rule names it.
  public init?(_ name: String, in rules: RuleSet) {
    let name = Array(name.utf8)
    guard let slot = rules.txNames.names.firstIndex(of: name) else { return nil }
    self.slot = slot
  }
}
