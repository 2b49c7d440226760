import Wire

/// What must hold for any bytes on an HTTP/1.1 connection. The fuzzer and the tests check the same.
enum HTTP1Properties {
  enum Outcome: Equatable {
    case incomplete
    case complete(Int)
    case failed(HeadError.Reason)
  }

  /// - Returns: the first property that doesn't hold, or nil.
  static func firstFailure(of bytes: [UInt8]) -> String? {
    for limits in [HeadLimits(), HeadLimits(lineBytes: 48, headBytes: 160, fields: 3)] {
      if let failure = splitFailure(bytes, limits, "request", { requestOutcome($0, limits).0 })
        ?? splitFailure(bytes, limits, "reply", { replyOutcome($0, limits).0 })
      {
        return failure
      }
    }
    return requestFailure(bytes) ?? replyFailure(bytes) ?? bodyFailure(bytes, 0, .chunked)
      ?? bodyFailure(bytes, 0, .length(bytes.count / 2)) ?? bodyFailure(bytes, 0, .untilClose) ?? pathFailure(bytes)
  }

  // MARK: Heads in pieces

  static func requestOutcome(_ bytes: ArraySlice<UInt8>, _ limits: HeadLimits) -> (Outcome, RequestHead) {
    var head = RequestHead()
    do throws(HeadError) {
      return (try head.parse(bytes.span, limits: limits) ? .complete(head.length) : .incomplete, head)
    } catch {
      return (.failed(error.reason), head)
    }
  }

  static func replyOutcome(_ bytes: ArraySlice<UInt8>, _ limits: HeadLimits) -> (Outcome, ReplyHead) {
    var head = ReplyHead()
    do throws(HeadError) {
      return (try head.parse(bytes.span, limits: limits) ? .complete(head.length) : .incomplete, head)
    } catch {
      return (.failed(error.reason), head)
    }
  }

  /// Every split of short input, some of longer.
  private static func splits(_ count: Int) -> StrideTo<Int> { stride(from: 0, to: count, by: max(1, count / 24)) }

  private static func splitFailure(
    _ bytes: [UInt8], _ limits: HeadLimits, _ side: String, _ parse: (ArraySlice<UInt8>) -> Outcome
  ) -> String? {
    let whole = parse(bytes[...])
    var scanner = HeadScanner()
    for split in Array(splits(bytes.count)) + [bytes.count] {
      let outcome = parse(bytes[..<split])
      switch (outcome, whole) {
      case (.incomplete, .complete(let length)) where length <= split:
        return "\(side): incomplete at \(split) of \(length)"
      case (.complete, _) where outcome != whole, (.failed, _) where outcome != whole:
        return "\(side): \(outcome) at \(split), \(whole) at the end"
      default: break
      }
      let found = scanner.foundEnd(bytes.span.extracting(first: split))
      if found, outcome == .incomplete { return "\(side): an end at \(split), but incomplete" }
      if case .complete = outcome, !found { return "\(side): complete at \(split), but no end" }
      if outcome == .incomplete, split >= limits.headBytes { return "\(side): incomplete at the limit" }
      if found || outcome != .incomplete { break }
    }
    return nil
  }

  // MARK: Requests

  private static func requestFailure(_ bytes: [UInt8]) -> String? {
    let (outcome, head) = requestOutcome(bytes[...], HeadLimits())
    guard case .complete = outcome else { return nil }
    guard let first = emit(head, bytes) else { return nil }
    let (again, second) = requestOutcome(first[...], HeadLimits(headBytes: first.count &+ 1))
    guard again == .complete(first.count) else { return "emitted request reads \(again)" }
    if second.method != head.method || second.minorVersion != head.minorVersion { return "another request line" }
    if second.framing != head.framing { return "framing \(head.framing) became \(second.framing)" }
    if second.keepsAlive != head.keepsAlive { return "another persistence" }
    if first[second.hostRange] != bytes[head.hostRange] { return "another host" }
    if first[second.authorityRange] != bytes[head.authorityRange] { return "another authority" }
    if keptFields(head.section, bytes) != keptFields(second.section, first) { return "other fields" }
    if emit(second, first) != first { return "emission isn't stable" }
    return bodyFailure(bytes, head.length, head.framing)
  }

  /// The head as a gateway sends it on, path in normal form; nil when the path has none.
  static func emit(_ head: RequestHead, _ bytes: [UInt8]) -> [UInt8]? {
    var out = Array(bytes[..<head.methodLength])
    out.append(0x20)
    if head.hasEmptyPath { out.append(0x2f) }
    do { try PathNormalizer.normalize(bytes.span, head.pathRange, into: &out) } catch { return nil }
    out.append(contentsOf: bytes[head.pathRange.upperBound..<head.targetRange.upperBound])
    out.append(head.minorVersion == 1 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n")
    if !head.authorityRange.isEmpty {
      out.append("Host: ")
      out.append(contentsOf: bytes[head.authorityRange])
      out.append("\r\n")
    }
    head.section.copy(bytes.span, into: &out, policy: FieldPolicy(keeping: keptKinds), edits: FieldEdits())
    appendFraming(head.framing, &out)
    appendPersistence(head.keepsAlive, head.minorVersion, &out)
    return out
  }

  private static func appendFraming(_ framing: BodyFraming, _ out: inout [UInt8]) {
    switch framing {
    case .none, .untilClose: break
    case .chunked: out.append("Transfer-Encoding: chunked\r\n")
    case .length(let length):
      out.append("Content-Length: ")
      out.appendDecimal(length)
      out.append("\r\n")
    }
  }

  private static func appendPersistence(_ keepsAlive: Bool, _ minorVersion: Int, _ out: inout [UInt8]) {
    if !keepsAlive, minorVersion == 1 { out.append("Connection: close\r\n") }
    if keepsAlive, minorVersion == 0 { out.append("Connection: keep-alive\r\n") }
    out.append("\r\n")
  }

  // MARK: Fields

  private static let keptKinds: [FieldKind] = [
    .expect, .forwarded, .xForwardedFor, .xForwardedHost, .xForwardedProto, .xForwardedPort, .xRealIP, .via,
    .xRequestID, .date,
  ]

  /// Names in lower case and values, found without the codec's own list parser.
  private static func keptFields(_ section: FieldSection, _ bytes: [UInt8]) -> [[UInt8]] {
    func lower(_ slice: ArraySlice<UInt8>) -> [UInt8] { slice.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 } }
    var ended: Set<[UInt8]> = []
    for field in section.fields where field.kind == .connection {
      for option in bytes[field.valueRange].split(separator: 0x2c) {
        var token = option.drop { $0 == 0x20 || $0 == 0x09 }
        while token.last == 0x20 || token.last == 0x09 { token.removeLast() }
        ended.insert(lower(token))
      }
    }
    return section.fields.compactMap { field in
      let name = lower(bytes[field.nameRange])
      guard field.kind == .other || keptKinds.contains(field.kind) else { return nil }
      if ended.contains(name), !["close", "keep-alive", "upgrade"].contains(String(decoding: name, as: UTF8.self)) {
        return nil
      }
      return name + [0x3a] + bytes[field.valueRange]
    }
  }

  // MARK: Replies

  private static func replyFailure(_ bytes: [UInt8]) -> String? {
    let (outcome, head) = replyOutcome(bytes[...], HeadLimits())
    guard case .complete = outcome else { return nil }
    let first = emit(head, bytes)
    let (again, second) = replyOutcome(first[...], HeadLimits(headBytes: first.count &+ 1))
    guard again == .complete(first.count) else { return "emitted reply reads \(again)" }
    if second.status != head.status || second.minorVersion != head.minorVersion { return "another status line" }
    if first[second.reasonRange] != bytes[head.reasonRange] { return "another reason" }
    for toHead in [false, true] where second.framing(toHead: toHead) != head.framing(toHead: toHead) {
      return "reply framing \(head.framing(toHead: toHead)) became \(second.framing(toHead: toHead))"
    }
    if second.keepsAlive != head.keepsAlive { return "another reply persistence" }
    if keptFields(head.section, bytes) != keptFields(second.section, first) { return "other reply fields" }
    if emit(second, first) != first { return "reply emission isn't stable" }
    return bodyFailure(bytes, head.length, head.framing(toHead: false))
  }

  static func emit(_ head: ReplyHead, _ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    out.append(head.minorVersion == 1 ? "HTTP/1.1 " : "HTTP/1.0 ")
    out.appendDecimal(head.status)
    out.append(0x20)
    out.append(contentsOf: bytes[head.reasonRange])
    out.append("\r\n")
    head.section.copy(bytes.span, into: &out, policy: FieldPolicy(keeping: keptKinds), edits: FieldEdits())
    if head.section.isChunked {
      appendFraming(.chunked, &out)
    } else if let length = head.section.contentLength {
      appendFraming(.length(length), &out)
    }
    appendPersistence(head.keepsAlive, head.minorVersion, &out)
    return out
  }

  // MARK: Bodies

  struct Body: Equatable {
    var data: [UInt8] = []
    /// Where the next message starts, once the body ended.
    var next: Int?
    var failure: HeadError.Reason?
    var trailer: [UInt8] = []
    var sentTrailer: [UInt8] = []
  }

  /// Decodes from `start` on, in pieces that end at `ends`.
  static func decode(_ bytes: [UInt8], _ start: Int, _ framing: BodyFraming, ends: [Int]) -> Body {
    var decoder = BodyDecoder(framing)
    var body = Body()
    var position = start
    pieces: for end in ends where end >= position {
      do throws(HeadError) {
        reading: while true {
          switch try decoder.next(bytes.span.extracting(first: end), from: position) {
          case .data(let range):
            body.data.append(contentsOf: bytes[range])
            position = range.upperBound
          case .needMore:
            position = end
            break reading
          case .end(let next):
            body.next = next
            break pieces
          }
        }
      } catch {
        body.failure = error.reason
        break pieces
      }
    }
    body.trailer = decoder.isDone ? decoder.trailer : []
    if decoder.isDone { decoder.copyTrailer(into: &body.sentTrailer) }
    return body
  }

  private static func bodyFailure(_ bytes: [UInt8], _ start: Int, _ framing: BodyFraming) -> String? {
    let whole = decode(bytes, start, framing, ends: [bytes.count])
    for split in splits(bytes.count) where split >= start {
      let split = decode(bytes, start, framing, ends: [split, bytes.count])
      if split != whole { return "body differs in two pieces" }
    }
    if decode(bytes, start, framing, ends: Array(start...bytes.count)) != whole { return "body differs by bytes" }
    guard framing == .chunked, whole.next != nil else { return nil }
    var emitted: [UInt8] = []
    if !whole.data.isEmpty {
      emitted.appendChunkSize(whole.data.count)
      emitted.append(contentsOf: whole.data)
      emitted.append("\r\n")
    }
    emitted.append("0\r\n")
    emitted.append(contentsOf: whole.sentTrailer)
    emitted.append("\r\n")
    let again = decode(emitted, 0, .chunked, ends: [emitted.count])
    guard again.data == whole.data, again.next == emitted.count, again.sentTrailer == whole.sentTrailer else {
      return "emitted chunks read differently"
    }
    return nil
  }

  // MARK: Paths

  static func normalized(_ path: [UInt8]) -> [UInt8]? {
    var out: [UInt8] = []
    do { try PathNormalizer.normalize(path.span, 0..<path.count, into: &out) } catch { return nil }
    return out
  }

  private static func pathFailure(_ bytes: [UInt8]) -> String? {
    let (outcome, head) = requestOutcome(bytes[...], HeadLimits())
    if case .complete = outcome, !head.needsNormalization {
      let path = Array(bytes[head.pathRange])
      if normalized(path) != path { return "a path that needs no normal form has another" }
    }
    for path in [bytes, [0x2f] + bytes] {
      guard let normal = normalized(path) else { continue }
      if normalized(normal) != normal { return "normal form isn't stable" }
      let segments = normal.dropFirst().split(separator: 0x2f, omittingEmptySubsequences: false)
      if segments.contains([0x2e]) || segments.contains([0x2e, 0x2e]) { return "dot segments left" }
      if segments.dropLast().contains([]) { return "empty segments left" }
    }
    return nil
  }
}
