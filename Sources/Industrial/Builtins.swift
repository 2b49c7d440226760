/// An industrial protocol that this library understands.
public struct IndustrialProtocol: Sendable, Equatable {
  /// How far the implementation has come.
  public enum Maturity: String, Sendable {
    case experimental, beta, stable
  }

  /// Which direction of the bytes is expected to be hostile.
  public enum Posture: String, Sendable {
    /// Both peers may be hostile: requests and replies are parsed fully and built anew.
    case hostileBothWays = "hostile clients and devices"
  }

  /// The name in configuration and logs, such as `modbus`.
  public let name: String
  /// The registered TCP port in clear.
  public let port: Int
  /// The registered TCP port inside TLS; nil where there is none.
  public let securePort: Int?
  public let maturity: Maturity
  public let posture: Posture

  /// Modbus/TCP (Modbus Application Protocol V1.1b3, Messaging Guide V1.0b).
  public static let modbus = IndustrialProtocol(
    name: "modbus", port: 502, securePort: 802, maturity: .beta, posture: .hostileBothWays)

  /// Every protocol, one a line.
  public static let all: [IndustrialProtocol] = [
    .modbus
  ]
}
