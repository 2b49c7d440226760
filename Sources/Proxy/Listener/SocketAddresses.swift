import NIOCore
import SluiceModel

#if canImport(Glibc)
  import Glibc
#endif

extension SocketAddress {
  /// - Throws: when the path of a Unix socket is too long.
  init(_ address: BindAddress) throws {
    switch address {
    case .ip(let ip, let port): self = try SocketAddress(ipAddress: ip.description, port: port)
    case .unix(let path): self = try SocketAddress(unixDomainSocketPath: path)
    }
  }

  /// The address without its port; nil for a Unix socket.
  var ip: IPAddress? { ipAddress.flatMap { IPAddress($0) } }
}

/// SO_REUSEPORT, which NIO does not name.
enum ReusePort {
  static let option = ChannelOptions.Types.SocketOption(
    level: .socket, name: NIOBSDSocket.Option(rawValue: CInt(SO_REUSEPORT)))
}

extension ByteBuffer {
  mutating func writeSpan(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBytes { _ = writeBytes($0) }
  }
}
