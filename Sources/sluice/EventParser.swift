/// One server-sent event.
package struct ServerEvent: Equatable, Sendable {
  package var id: String?
  /// `message` when the sender doesn't say.
  package var event = "message"
  package var data = ""

  package init(id: String? = nil, event: String = "message", data: String = "") {
    self.id = id
    self.event = event
    self.data = data
  }
}

/// Reads server-sent events from bytes as they come, in pieces of any size.
package struct EventParser: Sendable {
  /// The longest line, and the most data of one event, in bytes.
  package static let eventBytes = 1 << 20

  private var line: [UInt8] = []
  private var event = ServerEvent()
  private var hasData = false
  private var afterCarriageReturn = false

  package init() {}

  /// Takes the next bytes.
  ///
  /// - Returns: the events that they complete; nil once a line or an event is too long.
  package mutating func received(_ bytes: some Sequence<UInt8>) -> [ServerEvent]? {
    var events: [ServerEvent] = []
    for byte in bytes {
      if byte == 0x0a, afterCarriageReturn {
        afterCarriageReturn = false
        continue
      }
      afterCarriageReturn = byte == 0x0d
      guard byte == 0x0a || byte == 0x0d else {
        guard line.count < Self.eventBytes else { return nil }
        line.append(byte)
        continue
      }
      if line.isEmpty {
        if hasData { events.append(event) }
        event = ServerEvent()
        hasData = false
      } else {
        guard endLine() else { return nil }
      }
      line.removeAll(keepingCapacity: true)
    }
    return events
  }

  private mutating func endLine() -> Bool {
    let parts = line.split(separator: 0x3a, maxSplits: 1, omittingEmptySubsequences: false)
    var value = parts.count > 1 ? parts[1] : []
    if value.first == 0x20 { value = value.dropFirst() }
    let text = String(decoding: value, as: UTF8.self)
    switch String(decoding: parts[0], as: UTF8.self) {
    case "data":
      guard event.data.utf8.count + text.utf8.count < Self.eventBytes else { return false }
      event.data += hasData ? "\n" + text : text
      hasData = true
    case "event": event.event = text
    case "id": event.id = text
    default: break
    }
    return true
  }
}
