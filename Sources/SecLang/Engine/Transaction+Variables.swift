/// A value that a rule looks at.
struct TargetValue {
  var variable: Variable
  var name: Slice
  var value: Slice
}

extension Transaction {
  /// Adds the values of a target.
  func collect(_ target: Target, _ rule: CompiledRule?, into values: inout [TargetValue]) {
    let first = values.count
    collectAll(target, into: &values)
    if let rule, removedTargets.concerns(rule.index) {
      var kept = first
      for index in first..<values.count where !isRemoved(rule, target.variable, values[index].name) {
        values[kept] = values[index]
        kept += 1
      }
      values.removeLast(values.count - kept)
    }
    guard target.isCount else { return }
    let count = values.count - first
    values.removeLast(count)
    var name = Slice()
    if case .name(let text) = target.selector { name = arena.append(text.span) }
    values.append(TargetValue(variable: target.variable, name: name, value: arena.append(number: count)))
  }

  private func collectAll(_ target: Target, into values: inout [TargetValue]) {
    guard target.parts.isEmpty else {
      for part in target.parts { collect(part, target, into: &values) }
      return
    }
    switch target.variable {
    case .tx: collectTX(target, into: &values)
    case .matchedVars, .matchedVarsNames: collectMatched(target, into: &values)
    case .matchedVar:
      if let last = matched.last { add(target, last.name, last.value, variable: last.variable, into: &values) }
    case .matchedVarName:
      if let last = matched.last { add(target, Slice(), name(last.variable, last.name), into: &values) }
    case .ip, .global, .session, .user, .resource:
      for (name, value) in collections.values(target.variable, in: self) {
        add(target, arena.append(name.span), arena.append(value.span), into: &values)
      }
    case .env:
      for entry in environment { add(target, entry.name, entry.value, into: &values) }
    case .rule:
      if case .name(let name) = target.selector {
        values.append(
          TargetValue(variable: .rule, name: arena.append(name.span), value: arena.append(ruleFact(name).span)))
      }
    case .xml: collectXML(target, into: &values)
    default:
      if let value = computed(target.variable) {
        values.append(TargetValue(variable: target.variable, name: Slice(), value: value))
      }
    }
  }

  private func add(
    _ target: Target, _ name: Slice, _ value: Slice, variable: Variable? = nil, into values: inout [TargetValue]
  ) {
    guard accepts(target, name) else { return }
    values.append(TargetValue(variable: variable ?? target.variable, name: name, value: value))
  }

  private func collect(_ part: SourcePart, _ target: Target, into values: inout [TargetValue]) {
    let index = Int(part.source.rawValue)
    for position in stores[index].indices {
      let item = stores[index][position]
      guard accepts(target, item.name) else { continue }
      values.append(
        TargetValue(variable: target.variable, name: item.name, value: part.isNames ? item.name : item.value))
    }
  }

  private func collectMatched(_ target: Target, into values: inout [TargetValue]) {
    for index in matched.values.indices {
      let value = matched.values[index]
      let full = name(value.variable, value.name)
      guard accepts(target, value.name) || accepts(target, full) else { continue }
      values.append(
        TargetValue(
          variable: value.variable, name: value.name,
          value: target.variable == .matchedVarsNames ? full : value.value))
    }
  }

  private func collectTX(_ target: Target, into values: inout [TargetValue]) {
    if case .slot(let slot) = target.selector {
      let value = tx[slot]
      guard value.kind != .unset else { return }
      values.append(TargetValue(variable: .tx, name: rules.txNameSlices[slot], value: text(value)))
      return
    }
    guard case .pattern(let pattern) = target.selector else {
      for slot in rules.txNames.names.indices where tx[slot].kind != .unset { addTX(target, slot, into: &values) }
      for index in tx.others.indices where accepts(target, tx.others[index].name) {
        addOtherTX(target, index, into: &values)
      }
      return
    }
    for slot in rules.slots(of: pattern) where tx[slot].kind != .unset { addTX(target, slot, into: &values) }
    let scratch = workspace.match.regex
    for index in tx.others.indices
    where arena.read(tx.others[index].name, { pattern.selects($0, scratch: scratch) }) {
      addOtherTX(target, index, into: &values)
    }
  }

  private func addOtherTX(_ target: Target, _ index: Int, into values: inout [TargetValue]) {
    let other = tx.others[index]
    guard other.value.kind != .unset, !isExcluded(target, other.name) else { return }
    values.append(TargetValue(variable: .tx, name: other.name, value: text(other.value)))
  }

  private func addTX(_ target: Target, _ slot: Int, into values: inout [TargetValue]) {
    let name = rules.txNameSlices[slot]
    guard !isExcluded(target, name) else { return }
    values.append(TargetValue(variable: .tx, name: name, value: text(tx[slot])))
  }

  private func isExcluded(_ target: Target, _ name: Slice) -> Bool {
    target.exclusions.contains { exclusion in
      guard case .slot(let slot) = exclusion else { return selects(exclusion, name) }
      return isNamed(name, rules.txNames.names[slot])
    }
  }

  // MARK: Values that are worked out

  private func computed(_ variable: Variable) -> Slice? {
    if let number = multipartFlags.number(variable) { return arena.append(number: number) }
    if let number = number(variable) { return arena.append(number: number) }
    switch variable {
    case .fullRequest: return fullRequest()
    case .modsecBuild: return arena.append(Array("030000090000".utf8).span)
    case .resource: return value(.resourceID)
    case .time:
      let now = workspace.wallClock()
      return arena.append(Array("\(Self.two(now.hour)):\(Self.two(now.minute)):\(Self.two(now.second))".utf8).span)
    case .resbodyProcessor: return reply.processor.map { arena.append(Array($0.name.utf8).span) }
    default: return nil
    }
  }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  private func number(_ variable: Variable) -> Int? {
    switch variable {
    case .argsCombinedSize: combinedSize()
    case .duration: Int((workspace.nowNanoseconds() &- clock.startNanoseconds) / 1_000_000)
    case .filesCombinedSize: body.filesCombinedBytes
    case .fullRequestLength: fullRequest().count
    case .highestSeverity: highestSeverity
    case .inboundDataError: body.isTruncated ? 1 : 0
    case .outboundDataError: reply.isTruncated ? 1 : 0
    case .mscPCREError, .rxError: matched.regexFailed ? 1 : 0
    case .mscPCRELimitsExceeded: matched.limitsExceeded ? 1 : 0
    case .rxErrorRuleID: matched.failedRule
    case .remotePort: remotePort
    case .serverPort: serverPort
    case .reqbodyError, .reqbodyProcessorError: requestBodyError ? 1 : 0
    case .requestBodyLength: body.receivedBytes
    case .responseContentLength: reply.receivedBytes
    case .resbodyError: 0
    case .urlencodedError: urlencodedError ? 1 : 0
    case .timeEpoch: workspace.wallClock().epochSeconds
    case .timeDay: workspace.wallClock().day
    case .timeHour: workspace.wallClock().hour
    case .timeMin: workspace.wallClock().minute
    case .timeMon: workspace.wallClock().month
    case .timeSec: workspace.wallClock().second
    case .timeWday: workspace.wallClock().weekday
    case .timeYear: workspace.wallClock().year
    default: nil
    }
  }

  private func combinedSize() -> Int {
    var size = 0
    for source in [Source.argsGet, .argsPost, .argsPath] {
      for item in stores[Int(source.rawValue)] { size += item.name.count + item.value.count }
    }
    return size
  }

  private func fullRequest() -> Slice {
    var text = arena.array(value(.requestLine))
    text.append(0x0a)
    for item in items(.requestHeaders) {
      arena.read(item.name) { text.append(copying: $0) }
      text += [0x3a, 0x20]
      arena.read(item.value) { text.append(copying: $0) }
      text.append(0x0a)
    }
    text.append(0x0a)
    text += body.bytes
    return arena.append(text.span)
  }
}
