/// What an industrial operation does to the device, in words that hold for every protocol.
///
/// The raw value is the word used in configuration and logs.
public enum IndustrialOperationClass: String, Sendable, Codable, CaseIterable {
  case read, write, control, program, config, diagnostic, discovery, session, file, event, unknown

  /// One bit per class, for sets of classes.
  @inlinable
  public var bit: UInt16 {
    switch self {
    case .read: 1 << 0
    case .write: 1 << 1
    case .control: 1 << 2
    case .program: 1 << 3
    case .config: 1 << 4
    case .diagnostic: 1 << 5
    case .discovery: 1 << 6
    case .session: 1 << 7
    case .file: 1 << 8
    case .event: 1 << 9
    case .unknown: 1 << 10
    }
  }

  /// Whether the operation leaves the device as it was, so that it carries no value into it.
  @inlinable
  public var isPassive: Bool {
    switch self {
    case .read, .diagnostic, .discovery: true
    case .write, .control, .program, .config, .session, .file, .event, .unknown: false
    }
  }
}
