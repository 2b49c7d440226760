/// A value that must not be shown: it prints and encodes as `<redacted>`.
public struct Secret: Sendable, Hashable {
  private let value: String

  public init(_ value: String) { self.value = value }

  /// The value itself, for the one place that needs it.
  public func reveal() -> String { value }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "<redacted>" }
  public var debugDescription: String { "<redacted>" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Secret: Encodable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
