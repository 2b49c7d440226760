import Wire

/// What must hold for any bytes on a WebSocket connection. The fuzzer and the tests check the same.
enum WebSocketProperties {
  static let limit = 1_000

  /// What came out of the bytes, and what of them may go on.
  struct Outcome: Equatable {
    var events: [String] = []
    /// Bytes of data frames and of control frames, in the order in which they were read.
    var data: [UInt8] = []
    var control: [UInt8] = []
    var failure: WebSocketError.Reason?
  }

  /// Reads the bytes in pieces that end at `cuts`.
  static func outcome(_ bytes: [UInt8], from side: WebSocketReader.Side, cuts: [Int] = []) -> Outcome {
    var reader = WebSocketReader(from: side, limit: limit)
    var outcome = Outcome()
    var start = 0
    for end in cuts + [bytes.count] {
      let piece = Array(bytes[start..<end])
      start = end
      do throws(WebSocketError) {
        try read(piece, &reader, &outcome)
      } catch {
        outcome.failure = error.reason
        return outcome
      }
    }
    return outcome
  }

  private static func read(
    _ piece: [UInt8], _ reader: inout WebSocketReader, _ outcome: inout Outcome
  ) throws(WebSocketError) {
    var position = 0
    while true {
      switch try reader.next(piece.span, from: position) {
      case .data(let range):
        position = range.upperBound
        outcome.data += piece[range]
      case .message(let opcode):
        outcome.events.append("\(opcode) \(reader.message)")
      case .control(let opcode, let next):
        position = next
        outcome.control += reader.control
        outcome.events.append("\(opcode)")
      case .needMore: return
      }
    }
  }

  /// - Returns: the first property that doesn't hold, or nil.
  static func firstFailure(of bytes: [UInt8]) -> String? {
    for side in [WebSocketReader.Side.client, .server] {
      let whole = outcome(bytes, from: side)
      if whole.data.count + whole.control.count > bytes.count { return "more goes on than came" }
      for split in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 40)) {
        var cut = outcome(bytes, from: side, cuts: [split])
        // An error may be found before the bytes that lead to it are handed over, depending on where they end.
        if whole.failure != nil { (cut.data, cut.control) = (whole.data, whole.control) }
        if cut != whole { return "\(side), cut at \(split): \(cut) instead of \(whole)" }
      }
      if let failure = forwardingFailure(whole, side) { return failure }
    }
    return nil
  }

  /// What goes on reads as it was, although control frames may have overtaken fragments.
  private static func forwardingFailure(_ whole: Outcome, _ side: WebSocketReader.Side) -> String? {
    guard whole.failure == nil else { return nil }
    let again = outcome(whole.data, from: side)
    let messages = whole.events.filter { $0.hasPrefix("text") || $0.hasPrefix("binary") }
    return again.failure == nil && again.events == messages ? nil : "passed on as \(again), was \(whole)"
  }
}
