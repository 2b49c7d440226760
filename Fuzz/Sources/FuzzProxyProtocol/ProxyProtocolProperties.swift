import Wire

/// What must hold for any bytes at the start of a connection from a proxy. The fuzzer and the tests check the same.
enum ProxyProtocolProperties {
  enum Outcome: Equatable {
    case incomplete
    case header(ProxyHeader, length: Int)
    case failed(ProxyProtocolError.Reason)
  }

  static func outcome(
    _ bytes: some Collection<UInt8>, limits: ProxyProtocolLimits = ProxyProtocolLimits()
  ) -> Outcome {
    do throws(ProxyProtocolError) {
      guard let (header, length) = try ProxyHeader.read(Array(bytes).span, limits: limits) else { return .incomplete }
      return .header(header, length: length)
    } catch {
      return .failed(error.reason)
    }
  }

  /// - Returns: the first property that doesn't hold, or nil.
  static func firstFailure(of bytes: [UInt8]) -> String? {
    let whole = outcome(bytes)
    for split in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 40)) {
      let early = outcome(bytes[..<split])
      switch (early, whole) {
      case (.incomplete, .header(_, let length)) where length <= split: return "incomplete at \(split) of \(length)"
      case (.incomplete, _): break
      default: if early != whole { return "\(early) at \(split), \(whole) at the end" }
      }
    }
    guard case .header(let header, let length) = whole else { return nil }
    guard length <= bytes.count, outcome(bytes[..<(length - 1)]) == .incomplete else {
      return "a header of \(length) bytes is taken before its end"
    }
    return writingFailure(header)
  }

  /// What is written reads as it was.
  static func writingFailure(_ header: ProxyHeader) -> String? {
    for checksum in [false, true] {
      var out: [UInt8] = []
      do throws(ProxyProtocolError) { try header.writeBinary(to: &out, checksum: checksum) } catch {
        return "not written: \(error.reason)"
      }
      let again = outcome(out + [0x47], limits: ProxyProtocolLimits(headerBytes: 1 << 17, fields: 100))
      if again != .header(header, length: out.count) { return "\(header) reads \(again)" }
      if checksum, header.origin != .local, header.origin != .unspecified {
        out[16] ^= 0x40
        if outcome(out) != .failed(.wrongChecksum) { return "the checksum is not looked at" }
      }
    }
    var line: [UInt8] = []
    do throws(ProxyProtocolError) { try header.writeLine(to: &line) } catch {
      guard case .unix = header.origin else { return header.isDatagram ? nil : "no line: \(error.reason)" }
      return nil
    }
    var plain = header
    plain.fields = ProxyFields()
    if header.origin == .local { plain.origin = .unspecified }
    if line.count > 107 || outcome(line) != .header(plain, length: line.count) { return "another line: \(line)" }
    return nil
  }
}
