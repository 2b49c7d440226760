/// A name that appears in every log line, escaped for JSON once and shared.
public final class LogName: Sendable {
  public let text: String
  /// The UTF-8 bytes of `text` as the inside of a JSON string.
  public let json: [UInt8]

  public init(_ text: String) {
    self.text = text
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case 0x22, 0x5c: bytes += [0x5c, byte]
      case 0..<0x20:
        bytes +=
          Array("\\u00".utf8) + [byte >> 4 &+ 0x30, (byte & 15) < 10 ? (byte & 15) &+ 0x30 : (byte & 15) &+ 0x57]
      default: bytes.append(byte)
      }
    }
    json = bytes
  }
}

/// The numbers and names of an HTTP exchange that ended.
public struct ExchangeRecord: Sendable {
  public var id: ExchangeID
  /// Wall-clock start, milliseconds since the Unix epoch.
  public var startUnixMilliseconds: UInt64
  public var durationNanoseconds: UInt64
  public var listener: LogName
  /// Nil when no route matched.
  public var route: LogName?
  /// The endpoint that answered; nil when the gate answered itself.
  public var upstream: LogName?
  /// The client's address: the peer's, or what a trusted proxy said.
  public var client: IPAddress
  /// 0 when no reply was sent.
  public var status: Int
  public var bytesIn: UInt64
  public var bytesOut: UInt64
  /// `error.type` of the semantic conventions; nil when all went well.
  public var errorType: StaticString?
  /// The client's connection; nil without TLS.
  public var tls: TLSFacts?
  /// The endpoint's connection; nil without TLS.
  public var upstreamTLS: TLSFacts?

  public init(
    id: ExchangeID, startUnixMilliseconds: UInt64, durationNanoseconds: UInt64, listener: LogName, route: LogName?,
    upstream: LogName?, client: IPAddress, status: Int, bytesIn: UInt64, bytesOut: UInt64, errorType: StaticString?,
    tls: TLSFacts? = nil, upstreamTLS: TLSFacts? = nil
  ) {
    self.id = id
    self.startUnixMilliseconds = startUnixMilliseconds
    self.durationNanoseconds = durationNanoseconds
    self.listener = listener
    self.route = route
    self.upstream = upstream
    self.client = client
    self.status = status
    self.bytesIn = bytesIn
    self.bytesOut = bytesOut
    self.errorType = errorType
    self.tls = tls
    self.upstreamTLS = upstreamTLS
  }

  /// Who the client proved to be; nil without a client certificate.
  public var principal: String? { tls?.peer?.principal }
}

/// An industrial operation that was decided and, when allowed, answered.
public struct OperationRecord: Sendable {
  public var id: ExchangeID
  public var startUnixMilliseconds: UInt64
  public var durationNanoseconds: UInt64
  public var listener: LogName
  public var asset: LogName
  public var client: IPAddress
  /// `modbus`, later others.
  public var `protocol`: StaticString
  public var unit: Int
  public var function: Int
  /// The function's name, such as `WriteSingleRegister`.
  public var functionName: StaticString
  public var operationClass: OperationClass
  /// What it touches, such as `holding-register 100-119`; nil when it has no address.
  public var target: String?
  /// The values it writes, cut to `Limits.matchedTextBytes`; nil for reads.
  public var values: String?
  /// The exception code of the reply, from the device or from the gate.
  public var exception: Int?
  public var bytesIn: UInt64
  public var bytesOut: UInt64
  /// The client's connection; nil without TLS.
  public var tls: TLSFacts?
  /// The device's connection; nil without TLS.
  public var upstreamTLS: TLSFacts?

  public init(
    id: ExchangeID, startUnixMilliseconds: UInt64, durationNanoseconds: UInt64, listener: LogName, asset: LogName,
    client: IPAddress, protocol: StaticString, unit: Int, function: Int, functionName: StaticString,
    operationClass: OperationClass, target: String?, values: String?, exception: Int?, bytesIn: UInt64,
    bytesOut: UInt64, tls: TLSFacts? = nil, upstreamTLS: TLSFacts? = nil
  ) {
    self.id = id
    self.startUnixMilliseconds = startUnixMilliseconds
    self.durationNanoseconds = durationNanoseconds
    self.listener = listener
    self.asset = asset
    self.client = client
    self.protocol = `protocol`
    self.unit = unit
    self.function = function
    self.functionName = functionName
    self.operationClass = operationClass
    self.target = target
    self.values = values
    self.exception = exception
    self.bytesIn = bytesIn
    self.bytesOut = bytesOut
    self.tls = tls
    self.upstreamTLS = upstreamTLS
  }

  /// Who the client proved to be; nil without a client certificate.
  public var principal: String? { tls?.peer?.principal }
}

/// A connection that ended: a TCP relay, an upgraded connection, an industrial session.
public struct FlowRecord: Sendable {
  public var status: FlowStatus
  public var durationNanoseconds: UInt64
  /// Why it ended: `client closed`, `idle timeout`, `closed by operator`, ….
  public var reason: StaticString

  public init(status: FlowStatus, durationNanoseconds: UInt64, reason: StaticString) {
    self.status = status
    self.durationNanoseconds = durationNanoseconds
    self.reason = reason
  }
}

/// What the data path counts besides exchanges and operations.
public enum LoopCounter: Int, Sendable, CaseIterable {
  case connectionsAccepted
  case connectionsClosed
  case connectionsRefused
  case upstreamConnectionsOpened
  case upstreamConnectionsClosed
  case upstreamConnectFailures
  case upstreamRetries
  case deviceConnectionsOpened
  case deviceConnectionsClosed
  case lateRepliesDiscarded
  case unsolicitedBytesFromUpstream
  case workRefused
}

/// The data path's way to the event stream: one observer per event loop, called on that loop only.
///
/// The data path knows no sink. An implementation must not block; what it can't keep it counts.
public protocol LoopObserver: AnyObject {
  /// The method, host and target bytes are valid for the length of the call.
  func exchangeEnded(
    _ record: borrowing ExchangeRecord, trace: borrowing DecisionTrace, method: Span<UInt8>, host: Span<UInt8>,
    path: Span<UInt8>)
  func operationEnded(_ record: borrowing OperationRecord, trace: borrowing DecisionTrace)
  func flowEnded(_ record: borrowing FlowRecord, trace: borrowing DecisionTrace)
  /// A TLS handshake on any leg ended, well or not.
  func handshakeEnded(_ record: borrowing HandshakeRecord)
  func count(_ counter: LoopCounter)
  /// Whether a decision record can be kept now; false once the backlog is full.
  var canRecordDecisions: Bool { get }
  /// A line for the firewall's audit log: one JSON object without a line feed, secrets taken out.
  func audit(_ line: Span<UInt8>)
  /// Called a few times a second: hand over what waits.
  func tick(nowUnixMilliseconds: UInt64)
}
