/// A reply's body on its way.
struct ReplyBodyState {
  var bytes: [UInt8] = []
  var receivedBytes = 0
  var isTruncated = false
  var processor: BodyProcessorKind?

  mutating func reset() {
    bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 20)
    receivedBytes = 0
    isTruncated = false
    processor = nil
  }
}

extension Transaction {
  /// Phase 3: the head of the reply is in.
  public func evaluateResponseHead() -> Intervention? { run(phase: 3) }

  /// Whether rules want to see the body of a reply of this type: `SecResponseBodyAccess`, `SecResponseBodyMimeType`.
  public var wantsResponseBody: Bool {
    guard mode != .off, inspectsResponseBody else { return false }
    let type = String(decoding: arena.array(value(.responseContentType)), as: UTF8.self)
    return rules.settings.responseBodyTypes.contains(type)
  }

  /// A piece of the reply's body, decompressed.
  /// - Returns: what to do when the body is longer than rules allow.
  public func responseBody(_ part: Span<UInt8>) -> Intervention? {
    guard wantsResponseBody, !part.isEmpty else { return nil }
    let (total, isOverflow) = reply.receivedBytes.addingReportingOverflow(part.count)
    reply.receivedBytes = isOverflow ? Int.max : total
    let room = max(0, rules.settings.responseBodyLimit - reply.bytes.count)
    reply.bytes.append(copying: part.extracting(first: min(room, part.count)))
    guard part.count > room else { return nil }
    reply.isTruncated = true
    guard !rules.settings.processesPartialResponseBodies, mode == .on else { return nil }
    intervention = Intervention(kind: .deny, status: 502, ruleID: 0, phase: 4)
    return intervention
  }

  /// Phase 4: the reply's body is in, or as much of it as rules see.
  public func evaluateResponseBody() -> Intervention? {
    if mode != .off, !reply.bytes.isEmpty { set(.responseBody, reply.bytes) }
    return run(phase: 4)
  }

  /// Phase 5, at the end.
  public func evaluateLogging() { _ = run(phase: 5) }
}
