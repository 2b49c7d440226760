public import SluiceModel
public import Wire

import NIOCore

/// One HTTP request and its reply on their way through the gate. Filters read and change it; a connection owns it and
/// uses it again for its next request. It lives on one event loop.
public final class Exchange {
  public internal(set) var id = ExchangeID(high: 0, low: 0) {
    didSet { idText = id.text }
  }
  public internal(set) var trace = DecisionTrace()
  /// The request as understood; offsets into `requestBytes`.
  public internal(set) var request = RequestHead()
  public internal(set) var requestBytes: [UInt8] = []
  /// The final reply as understood; offsets into `replyBytes`. Valid from the reply-head point on.
  public internal(set) var reply = ReplyHead()
  public internal(set) var replyBytes: [UInt8] = []
  /// Changes to the request's fields before they go upstream.
  public var requestEdits = FieldEdits()
  /// Changes to the reply's fields before they go to the client.
  public var replyEdits = FieldEdits()
  /// The client: the peer, or what a trusted proxy said.
  public internal(set) var client = IPAddress(v4: 0)
  /// The client's port on its connection; of a client that a trusted proxy names it is the proxy's.
  public internal(set) var clientPort: UInt16 = 0
  /// What the client's connection negotiated and who it proved to be; nil without TLS.
  public internal(set) var tls: TLSFacts?
  /// Whether the peer is one of the listener's trusted proxies.
  public internal(set) var isPeerTrusted = false
  /// The status that the client was sent; 0 before a reply.
  public internal(set) var status = 0
  /// Body bytes so far, framing left out.
  public internal(set) var requestBodyBytes = 0
  public internal(set) var replyBodyBytes = 0
  /// At the `requestBody` and `replyBody` points: whether the filter sees the whole body. False for the beginning of one
  /// that is longer than what the filter asked to be held.
  public internal(set) var isHeldBodyComplete = false
  /// At the `requestBody` and `replyBody` points: what the filter was given, to be kept or read on another thread.
  public internal(set) var heldBody = HeldBody()

  // What follows is the connection's.
  var idText = InlineArray<36, UInt8>(repeating: 0)
  var route: RouteRuntime?
  var startNanoseconds: UInt64 = 0
  var errorType: StaticString?
  var upstream: UpstreamEndpoint?
  var upstreamTLS: TLSFacts?
  /// The path in normal form, when it differs from the one received.
  var normalizedPath: [UInt8]?
  /// Bytes of the path that the matched rule covers.
  var matchedPathLength = 0
  /// The request body as far as it is held.
  var bufferedBody: ByteBuffer?
  var requestHold = HoldState.none
  /// The reply body as far as it is held.
  var bufferedReply = ByteBuffer()
  /// What follows a held chunked reply: its trailer section.
  var replyTrailer: [UInt8] = []
  /// What filters asked for, in the order of their points.
  var holds: [BodyHold?] = []
  /// Bytes that are held before filters are called, and those past which the body is refused.
  var holdLimit = 0
  var refusalLimit = Int.max
  var isWebSocket = false
  /// Who looks at the messages of the upgraded connection, and how long they may be.
  var messageFilters: [any Filter] = []
  var messageLimit = Int.max
  var attempts = 0
  var interimReplies = 0
  var bytesIn: UInt64 = 0
  var bytesOut: UInt64 = 0
  /// Where a filter waits, and who takes its answer.
  var resumption: ((FilterAction) -> Void)?

  private var slots: [FilterSlot] = []

  init() {}

  /// The request's method as sent.
  public var method: String { String(decoding: requestBytes.prefix(request.methodLength), as: UTF8.self) }

  /// The path in its normal form, without the query.
  public var path: String {
    if let normalizedPath { return String(decoding: normalizedPath, as: UTF8.self) }
    return String(decoding: requestBytes[request.pathRange], as: UTF8.self)
  }

  /// Calls `body` with the path in its normal form, without the query.
  public func withPath<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
    if let normalizedPath { return body(normalizedPath.span) }
    let bytes = requestBytes
    return body(bytes.span.extracting(request.pathRange))
  }

  /// The request asks to open a WebSocket, and no other upgrade.
  public var opensWebSocket: Bool { isWebSocket }

  /// The name of the route that took the request.
  public var routeName: LogName? { route?.logName }

  /// Whether a body follows the request's head. Without one, the `requestBody` point is not called.
  public var requestHasBody: Bool { request.framing != .none }

  /// Whether a body follows the reply's head. Without one, the `replyBody` point is not called.
  public var replyHasBody: Bool {
    switch reply.framing(toHead: request.method == .head) {
    case .none, .length(0): false
    case .length, .chunked, .untilClose: true
    }
  }

  /// The value of the first request field with this name.
  public func requestHeader(_ name: String) -> String? { values(name, request.section, requestBytes).first }

  /// The values of all request fields with this name, in order.
  public func requestHeaders(_ name: String) -> [String] { values(name, request.section, requestBytes) }

  /// The value of the first reply field with this name.
  public func replyHeader(_ name: String) -> String? { values(name, reply.section, replyBytes).first }

  private func values(_ name: String, _ section: FieldSection, _ bytes: [UInt8]) -> [String] {
    var found: [String] = []
    let wanted = Array(name.utf8)
    var start = 0
    while let index = section.index(of: wanted.span, in: bytes.span, from: start) {
      found.append(String(decoding: bytes[section.fields[index].valueRange], as: UTF8.self))
      start = index + 1
    }
    return found
  }

  /// This filter's state for exchanges on this connection; made once and then reused.
  public func state<State: AnyObject>(of filter: some Filter, make: () -> State) -> State {
    for slot in slots where slot.owner === filter {
      if let state = slot.state as? State { return state }
    }
    let state = make()
    if slots.count >= 32 { slots.removeFirst() }
    slots.append(FilterSlot(owner: filter, state: state))
    return state
  }

  /// Goes on with an exchange that a filter held. An exchange object serves one request after another, so the filter
  /// keeps the id it waits for; nothing happens when that exchange is over.
  public func resume(_ waiting: ExchangeID, _ action: FilterAction = .next) {
    guard waiting == id, let resumption else { return }
    self.resumption = nil
    resumption(action)
  }

  /// Records what a guard found.
  public func record(_ finding: Finding) { trace.record(finding) }

  /// Records what a firewall made of the exchange.
  public func record(_ totals: FirewallTotals) { trace.record(totals) }

  func record(_ source: String, _ rule: String, _ verdict: Verdict, _ reason: String, matched: String? = nil) {
    trace.record(Finding(source: source, rule: rule, verdict: verdict, reason: reason, matched: matched))
  }

  func reset() {
    trace.reset()
    requestBytes.removeAll(keepingCapacity: requestBytes.capacity <= 8_192)
    replyBytes.removeAll(keepingCapacity: replyBytes.capacity <= 8_192)
    if !requestEdits.isEmpty { requestEdits.reset() }
    if !replyEdits.isEmpty { replyEdits.reset() }
    isPeerTrusted = false
    requestBodyBytes = 0
    replyBodyBytes = 0
    route = nil
    status = 0
    errorType = nil
    upstream = nil
    tls = nil
    upstreamTLS = nil
    normalizedPath = nil
    matchedPathLength = 0
    bufferedBody = nil
    if !holds.isEmpty { forgetHolds() }
    if isWebSocket {
      isWebSocket = false
      messageFilters = []
    }
    attempts = 0
    interimReplies = 0
    bytesIn = 0
    bytesOut = 0
    resumption = nil
    if !slots.isEmpty { slots.removeAll(keepingCapacity: true) }
  }
}

extension Exchange {
  /// How far a body that filters hold has come.
  enum HoldState {
    /// Nothing is held. → filling
    case none
    /// → whole, partial
    case filling
    /// All of it is held.
    case whole
    /// Its beginning is held; the rest streams once filters have let it pass.
    case partial
  }

  /// Adds up what the filters of a point want held.
  /// - Returns: whether any of them wants it.
  func plan(_ filters: [any Filter], _ wish: (any Filter) -> BodyHold?) -> Bool {
    holds.removeAll(keepingCapacity: true)
    holdLimit = 0
    refusalLimit = .max
    var isWanted = false
    for filter in filters {
      let hold = wish(filter)
      holds.append(hold)
      guard let hold else { continue }
      isWanted = true
      holdLimit = max(holdLimit, hold.bytes)
      if hold.overflow == .refuse { refusalLimit = min(refusalLimit, hold.bytes) }
    }
    holdLimit = min(holdLimit, refusalLimit)
    return isWanted
  }

  /// Sets what the filter at this place of its point is given of a body.
  /// - Returns: nil when it did not want the body held.
  func show(_ body: ByteBuffer, to index: Int, isWhole: Bool) -> HeldBody? {
    guard index < holds.count, let hold = holds[index] else { return nil }
    let count = min(body.readableBytes, hold.bytes)
    isHeldBodyComplete = isWhole && count == body.readableBytes
    heldBody = HeldBody(body.getSlice(at: body.readerIndex, length: count) ?? ByteBuffer())
    return heldBody
  }

  /// Lets go of what was held of the reply.
  func forgetReply() {
    bufferedReply = ByteBuffer()
    heldBody = HeldBody()
    replyTrailer = []
  }

  private func forgetHolds() {
    requestHold = .none
    holds.removeAll(keepingCapacity: true)
    isHeldBodyComplete = false
    forgetReply()
  }
}

private struct FilterSlot {
  let owner: any Filter
  let state: AnyObject
}

/// One industrial request on its way through the gate, as the operation point sees it.
public final class OperationExchange {
  public let id: ExchangeID
  public let client: IPAddress
  /// What the client's connection negotiated and who it proved to be; nil without TLS.
  public let tls: TLSFacts?
  public let asset: String
  public let message: IndustrialMessage
  public internal(set) var trace = DecisionTrace()
  var resumption: ((FilterAction) -> Void)?

  init(id: ExchangeID, client: IPAddress, tls: TLSFacts?, asset: String, message: IndustrialMessage) {
    self.id = id
    self.client = client
    self.tls = tls
    self.asset = asset
    self.message = message
  }

  /// Records what a guard found.
  public func record(_ finding: Finding) { trace.record(finding) }

  /// Goes on with an operation that a filter held.
  public func resume(_ action: FilterAction = .next) {
    guard let resumption else { return }
    self.resumption = nil
    resumption(action)
  }
}
