/// Reads the ClientHello at the start of a connection, over any number of segments and TLS records (RFC 8446 §5.1).
///
/// It takes nothing away: the caller keeps the bytes and replays them to whatever speaks TLS. It remembers how far it
/// looked, so that a hello that arrives byte by byte costs no more than one that arrives whole.
public struct ClientHelloReader: Sendable {
  private enum State: Sendable {
    /// → done, failed
    case reading
    case done(ClientHello)
    case failed(TLSHelloError)
  }

  private let limits: ClientHelloLimits
  private var state = State.reading
  /// Where the next record begins.
  private var recordStart = 0
  private var records = 0
  /// The message so far, when it takes more than one record.
  private var message: [UInt8] = []

  /// A reader for one connection.
  public init(limits: ClientHelloLimits = ClientHelloLimits()) { self.limits = limits }

  /// The bytes that the hello's records take up, once it was read; what follows is early data or the client's second
  /// flight.
  public private(set) var length = 0

  /// Looks at the bytes that came since the last call.
  /// - Parameter bytes: everything that the client sent, from its first byte on.
  /// - Returns: the hello once it is there whole, and again when asked again; nil when it needs more bytes.
  /// - Throws: as soon as the bytes can't become a ClientHello, and again when asked again.
  public mutating func read(_ bytes: Span<UInt8>) throws(TLSHelloError) -> ClientHello? {
    switch state {
    case .reading: break
    case .done(let hello): return hello
    case .failed(let error): throw error
    }
    do throws(TLSHelloError) {
      guard let hello = try readRecords(bytes) else { return nil }
      state = .done(hello)
      message = []
      return hello
    } catch {
      state = .failed(error)
      message = []
      throw error
    }
  }

  private mutating func readRecords(_ bytes: Span<UInt8>) throws(TLSHelloError) -> ClientHello? {
    while recordStart < bytes.count {
      try checkRecordStart(bytes)
      guard bytes.count &- recordStart >= 5 else { return nil }
      let size = Int(bytes[recordStart &+ 3]) << 8 | Int(bytes[recordStart &+ 4])
      guard size > 0 else { throw TLSHelloError(.emptyRecord) }
      guard size <= 1 << 14 else { throw TLSHelloError(.recordTooLarge) }
      let start = recordStart &+ 5
      let end = start &+ size
      // The message's own header is judged before the rest of its record is there.
      let available = min(end, bytes.count)
      guard let expected = try expectedCount(bytes, start..<available) else {
        guard end <= bytes.count else { return nil }
        keep(bytes, start..<end)
        continue
      }
      let rest = expected &- message.count
      guard size <= rest else { throw TLSHelloError(.dataBehindHello) }
      guard end <= bytes.count else { return nil }
      if size < rest {
        keep(bytes, start..<end)
        continue
      }
      length = end
      if message.isEmpty { return try ClientHello(bytes, (start &+ 4)..<end, limits) }
      message.append(bytes, start..<end)
      return try ClientHello(message.span, 4..<message.count, limits)
    }
    return nil
  }

  /// Judges the first three bytes of a record, as far as they are there.
  private func checkRecordStart(_ bytes: Span<UInt8>) throws(TLSHelloError) {
    let kind = bytes[recordStart]
    guard kind == 22 else {
      guard records == 0 else { throw TLSHelloError(.unexpectedRecord) }
      // An SSL 2.0 record: two bytes of length with the top bit set, then the message's type.
      guard kind >= 0x80 else { throw TLSHelloError(.notTLS) }
      guard bytes.count &- recordStart >= 3 else { return }
      throw TLSHelloError(bytes[recordStart &+ 2] == 1 ? .sslv2Hello : .notTLS)
    }
    guard records < limits.records else { throw TLSHelloError(.tooManyRecords) }
    guard bytes.count &- recordStart >= 2 else { return }
    guard bytes[recordStart &+ 1] == 3 else { throw TLSHelloError(.unsupportedRecordVersion) }
  }

  /// The message's bytes with its header, as the header says; nil as long as the header isn't there whole.
  private func expectedCount(_ bytes: Span<UInt8>, _ fragment: Range<Int>) throws(TLSHelloError) -> Int? {
    let kept = message.count
    func byte(_ index: Int) -> UInt8? {
      if index < kept { return message[index] }
      let position = fragment.lowerBound &+ index &- kept
      return position < fragment.upperBound ? bytes[position] : nil
    }
    guard let type = byte(0) else { return nil }
    guard type == 1 else { throw TLSHelloError(.notClientHello) }
    guard let high = byte(1), let middle = byte(2), let low = byte(3) else { return nil }
    let count = Int(high) << 16 | Int(middle) << 8 | Int(low)
    guard count <= limits.helloBytes else { throw TLSHelloError(.helloTooLarge) }
    return count &+ 4
  }

  private mutating func keep(_ bytes: Span<UInt8>, _ fragment: Range<Int>) {
    message.append(bytes, fragment)
    records &+= 1
    recordStart = fragment.upperBound
  }
}
