/// What the MBAP header says beside the length (MG 3.1.3).
public struct ModbusHeader: Sendable, Hashable {
  public var transaction: UInt16
  public var unit: UInt8

  @inlinable
  public init(transaction: UInt16, unit: UInt8) {
    self.transaction = transaction
    self.unit = unit
  }

  /// Appends the seven bytes of the header for a PDU of so many bytes.
  func append(pduBytes: Int, into bytes: inout [UInt8]) {
    bytes.appendWord(transaction)
    bytes.appendWord(0)
    bytes.appendWord(UInt16(truncatingIfNeeded: pduBytes &+ 1))
    bytes.append(unit)
  }
}

/// A whole frame at the front of the stream.
public struct ModbusFrame: Sendable, Hashable {
  public var header: ModbusHeader
  /// Bytes of the frame; the caller drops so many from the front of the stream.
  public var length: Int

  public init(header: ModbusHeader, length: Int) {
    self.header = header
    self.length = length
  }

  /// Where the PDU lies, counted from the frame's first byte.
  public var pdu: Range<Int> { ModbusLimits.headerBytes..<length }
}

/// Cuts a stream of bytes into Modbus/TCP frames; it holds no bytes itself.
///
/// After a violation the stream is lost: every later call throws the same violation, none looks for a new beginning.
public struct ModbusFrameDecoder: Sendable {
  /// The outcome of a look at the front of the stream.
  public enum Step: Sendable, Hashable {
    /// So many bytes must be there before the next look.
    case needMore(Int)
    case frame(ModbusFrame)
  }

  /// Bytes of all frames so far.
  public private(set) var consumedBytes: UInt64 = 0
  /// The violation that ended the stream.
  public private(set) var violation: ModbusViolation?

  public init() {}

  /// Looks for a frame in the readable bytes, which must begin where the last frame ended.
  ///
  /// - Throws: The violation as soon as the bytes that show it are there.
  public mutating func next(_ bytes: Span<UInt8>) throws(ModbusViolation) -> Step {
    if let violation { throw violation }
    let count = bytes.count
    if count > 2, bytes[2] != 0 { throw fail(.protocolIdentifier, at: 2) }
    if count > 3, bytes[3] != 0 { throw fail(.protocolIdentifier, at: 3) }
    guard count >= ModbusLimits.lengthPrefixBytes else { return .needMore(ModbusLimits.headerBytes) }
    let length = Int(bytes.word(at: 4))
    guard ModbusLimits.lengthField.contains(length) else { throw fail(.length, at: 4) }
    let total = ModbusLimits.lengthPrefixBytes + length
    guard count >= total else { return .needMore(total) }
    consumedBytes &+= UInt64(total)
    return .frame(ModbusFrame(header: ModbusHeader(transaction: bytes.word(at: 0), unit: bytes[6]), length: total))
  }

  private mutating func fail(_ kind: ModbusViolation.Kind, at offset: Int) -> ModbusViolation {
    let found = ModbusViolation(kind, at: offset)
    violation = found
    return found
  }
}

extension Span where Element == UInt8 {
  /// The big-endian word at an index; the caller has checked that both bytes are there.
  @inline(__always)
  func word(at index: Int) -> UInt16 {
    UInt16(self[index]) << 8 | UInt16(self[index &+ 1])
  }
}

extension [UInt8] {
  @inline(__always)
  mutating func appendWord(_ word: UInt16) {
    append(UInt8(truncatingIfNeeded: word >> 8))
    append(UInt8(truncatingIfNeeded: word))
  }
}
