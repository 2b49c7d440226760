import Wire

/// What must hold for any bytes from a TLS client or server. The fuzzer and the tests check the same.
enum TLSProperties {
  enum Outcome: Equatable {
    case incomplete
    case hello(ClientHello, length: Int)
    case failed(TLSHelloError.Reason)
  }

  /// - Returns: the first property that doesn't hold, or nil.
  static func firstFailure(of bytes: [UInt8]) -> String? {
    for limits in [ClientHelloLimits(), ClientHelloLimits(helloBytes: 300, records: 3, extensions: 8, entries: 2)] {
      if let failure = helloFailure(bytes, limits) { return failure }
    }
    for limit in [128 << 10, 100] {
      if let failure = tapFailure(bytes, limit: limit) { return failure }
    }
    return nil
  }

  // MARK: ClientHello

  /// Reads the bytes as they arrive in pieces that end at `ends`.
  static func outcome(
    _ bytes: [UInt8], ends: [Int], limits: ClientHelloLimits = ClientHelloLimits()
  ) -> Outcome {
    var reader = ClientHelloReader(limits: limits)
    for end in ends {
      do throws(TLSHelloError) {
        if let hello = try reader.read(bytes.span.extracting(first: end)) {
          return .hello(hello, length: reader.length)
        }
      } catch {
        return .failed(error.reason)
      }
    }
    return .incomplete
  }

  static func outcome(_ bytes: [UInt8]) -> Outcome { outcome(bytes, ends: [bytes.count]) }

  private static func helloFailure(_ bytes: [UInt8], _ limits: ClientHelloLimits) -> String? {
    let whole = outcome(bytes, ends: [bytes.count], limits: limits)
    if outcome(bytes, ends: Array(0...bytes.count), limits: limits) != whole { return "hello differs by bytes" }
    for split in splits(bytes.count) {
      let early = outcome(bytes, ends: [split], limits: limits)
      switch (early, whole) {
      case (.incomplete, .hello(_, let length)) where length <= split: return "incomplete at \(split) of \(length)"
      case (.incomplete, _): break
      default: if early != whole { return "\(early) at \(split), \(whole) at the end" }
      }
      if outcome(bytes, ends: [split, bytes.count], limits: limits) != whole { return "hello differs in two pieces" }
    }
    guard case .hello(let hello, let length) = whole else { return nil }
    guard length <= bytes.count, outcome(bytes, ends: [length - 1], limits: limits) == .incomplete else {
      return "a hello of \(length) bytes is taken before its end"
    }
    return ja4Failure(hello) ?? packingFailure(hello, Array(bytes[..<length]))
  }

  /// A hello means the same however it is spread over records.
  private static func packingFailure(_ hello: ClientHello, _ bytes: [UInt8]) -> String? {
    guard let message = message(in: bytes) else { return "no message in the records of a hello" }
    for size in [message.count, message.count / 2 + 1, message.count / 7 + 1, message.count / 60 + 1] {
      guard size <= 1 << 14 else { continue }
      let packed = records(of: message, size: size)
      guard outcome(packed) == .hello(hello, length: packed.count) else { return "another hello in records of \(size)" }
    }
    return nil
  }

  /// What the records carry; nil when the last isn't whole.
  static func message(in bytes: [UInt8]) -> [UInt8]? {
    var message: [UInt8] = []
    var position = 0
    while position < bytes.count {
      guard position + 5 <= bytes.count else { return nil }
      let end = position + 5 + (Int(bytes[position + 3]) << 8 | Int(bytes[position + 4]))
      guard end <= bytes.count else { return nil }
      message += bytes[(position + 5)..<end]
      position = end
    }
    return message
  }

  /// The message in records of this size.
  static func records(of message: [UInt8], size: Int) -> [UInt8] {
    var out: [UInt8] = []
    for start in stride(from: 0, to: message.count, by: size) {
      let piece = message[start..<min(start + size, message.count)]
      out += [22, 3, 1, UInt8(piece.count >> 8), UInt8(piece.count & 255)] + piece
    }
    return out
  }

  private static func ja4Failure(_ hello: ClientHello) -> String? {
    let print = JA4.fingerprint(of: hello)
    let parts = print.split(separator: "_", omittingEmptySubsequences: false)
    guard parts.map(\.utf8.count) == [10, 12, 12] else { return "JA4 `\(print)`" }
    guard
      print.utf8.allSatisfy({ (0x30...0x39).contains($0) || ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7a || $0 == 0x5f })
    else { return "JA4 `\(print)` has other characters" }
    guard JA4.rawFingerprint(of: hello).hasPrefix(parts[0] + "_") else { return "JA4_r begins otherwise" }
    return nil
  }

  // MARK: Server

  /// What a tap says after each piece that ends at `ends`.
  static func negotiated(_ bytes: [UInt8], ends: [Int], limit: Int = 128 << 10) -> (TLSNegotiation, isDone: Bool) {
    var tap = ServerHelloTap(limit: limit)
    var start = 0
    for end in ends where end >= start {
      tap.read(bytes[start..<end].span)
      start = end
    }
    return (tap.negotiated, tap.isDone)
  }

  private static func tapFailure(_ bytes: [UInt8], limit: Int) -> String? {
    let (whole, isDone) = negotiated(bytes, ends: [bytes.count], limit: limit)
    guard negotiated(bytes, ends: Array(0...bytes.count), limit: limit) == (whole, isDone) else {
      return "the tap reads otherwise by bytes"
    }
    for split in splits(bytes.count) {
      guard negotiated(bytes, ends: [split, bytes.count], limit: limit) == (whole, isDone) else {
        return "the tap reads otherwise in two pieces"
      }
      let (early, isDoneEarly) = negotiated(bytes, ends: [split], limit: limit)
      if isDoneEarly, (early, true) != (whole, isDone) { return "the tap goes on when done" }
    }
    if whole.version == nil, whole.cipherSuite != nil || whole.group != nil || whole.wasResumed {
      return "the tap knows more than the version"
    }
    if bytes.count >= limit, !isDone { return "the tap looks on behind its limit" }
    return nil
  }

  /// Every split of short input, some of longer.
  private static func splits(_ count: Int) -> StrideTo<Int> { stride(from: 0, to: count, by: max(1, count / 24)) }
}
