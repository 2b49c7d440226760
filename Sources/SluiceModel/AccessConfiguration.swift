/// A file, or several by a glob in the last part of the path.
///
/// Equal when written alike: the same configuration names the same files wherever it is read.
public struct FilePattern: Sendable, Hashable {
  /// As it stands in the configuration.
  public var text: String
  /// As seen from the working directory.
  public var path: String

  public init(_ text: String, path: String? = nil) {
    self.text = text
    self.path = path ?? text
  }

  public static func == (left: FilePattern, right: FilePattern) -> Bool { left.text == right.text }

  public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

/// Decides by policies who may do what; what none permits is refused.
public struct AccessFilterConfiguration: Sendable, Equatable {
  /// In detect mode a refusal is recorded and the exchange or operation passes.
  public var mode: GuardMode = .block
  public var onPolicyError: PolicyErrorMode = .deny

  public init() {}
}

/// What follows when a policy that forbids can't be evaluated.
public enum PolicyErrorMode: String, Sendable, Codable, CaseIterable {
  /// It counts as if it forbade.
  case deny
  /// It is left out, as the policy language says.
  case skip
}

/// A zone of the plant (IEC 62443) and its level in the Purdue model.
public struct ZoneConfiguration: Sendable, Equatable {
  public var name = ""
  public var purdue: Int?
  /// The zone that it is a part of.
  public var parent: String?
  /// Clients with an address in one of these are in the zone; of several zones, the longest prefix decides.
  public var networks: [AddressRange] = []

  public init() {}
}

/// A table of a Modbus device.
public enum PointTable: String, Sendable, Codable, CaseIterable {
  case coil, discrete, input, holding
}

/// Addresses of an asset that belong together and have a name.
public struct PointConfiguration: Sendable, Equatable {
  public var name = ""
  public var table = PointTable.holding
  /// From 0.
  public var addresses: [ClosedRange<Int>] = []
  /// Unit ids; empty means all.
  public var units: [ClosedRange<Int>] = []

  public init() {}
}
