/// Looks for the end of a head as its bytes arrive, so that a dribbled head is read once and parsed once.
///
/// One value per direction of a connection; `reset()` when the head's bytes were consumed. It knows no limit: parse as
/// well when the bytes reach `HeadLimits.headBytes`.
public struct HeadScanner: Sendable {
  private var looked = 0

  public init() {}

  /// Looks at the bytes that came since the last call.
  /// - Parameter bytes: the head's bytes from its first one on, those of earlier calls included.
  /// - Returns: true when they have an empty line or a bare line feed, so that parsing them decides.
  public mutating func foundEnd(_ bytes: Span<UInt8>) -> Bool {
    let count = bytes.count
    var position = looked
    while true {
      position = bytes.firstControl(from: position)
      guard position < count else { break }
      if bytes[position] == 0x0a {
        guard position > 0, bytes[position &- 1] == 0x0d else { return true }
        if position >= 3, bytes[position &- 2] == 0x0a, bytes[position &- 3] == 0x0d { return true }
      }
      position &+= 1
    }
    looked = count
    return false
  }

  /// Starts over with the next head.
  public mutating func reset() { looked = 0 }
}
