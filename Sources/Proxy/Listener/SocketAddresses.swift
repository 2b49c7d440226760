import CLinux
import NIOCore
import NIOSSL
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
  var ip: IPAddress? {
    // invariant: behind the family and the port, `sockaddr_in` has four bytes of address, `sockaddr_in6` four others and
    // then sixteen; they are read within the closures alone.
    switch self {
    case .v4(let address):
      return withUnsafeBytes(of: address.address) { bytes in
        IPAddress(v4: UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
      }
    case .v6(let address):
      return withUnsafeBytes(of: address.address) { bytes in
        IPAddress(
          high: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
          low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)))
      }
    case .unixDomainSocket: return nil
    }
  }
}

/// SO_REUSEPORT, which NIO does not name.
enum ReusePort {
  static let option = ChannelOptions.Types.SocketOption(
    level: .socket, name: NIOBSDSocket.Option(rawValue: CInt(SO_REUSEPORT)))
}

/// TCP_NOTSENT_LOWAT, which NIO does not name: how much of a reply waits in the kernel for a client that takes it slowly.
/// Without it the kernel's own tuning lets every slow reader hold megabytes of the machine's TCP memory.
enum NotSentLowWater {
  static let bytes = 64 << 10
  static let option = ChannelOptions.Types.SocketOption(
    level: .tcp, name: NIOBSDSocket.Option(rawValue: CInt(TCP_NOTSENT_LOWAT)))
}

extension Channel {
  /// Bytes written and not yet taken by the socket.
  var pendingWriteBytes: Int { (try? syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }

  /// Bytes in the socket's send queue that the peer has not acknowledged (SIOCOUTQ).
  var socketQueueBytes: Int {
    let count = try? pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { socket in
      Int(clinux_unacknowledged_bytes(socket))
    }
    return max(0, (count ?? nil) ?? 0)
  }

  /// Lets a close send a reset instead of an orderly end (SO_LINGER with no time).
  func resetOnClose() {
    _ = (self as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
  }

  /// Closes with a reset, and beneath TLS: its close_notify would tell the other side that nothing is missing.
  func reset() {
    resetOnClose()
    closeBeneathTLS()
  }

  /// Closes after an error. When it is the socket's own, nobody is left for TLS to take leave of, and its handler would
  /// wait seconds for the answer with all that the connection holds.
  func close(after error: any Error) {
    if error is IOError { closeBeneathTLS() } else { close(promise: nil) }
  }

  private func closeBeneathTLS() {
    let pipeline = pipeline.syncOperations
    let tls =
      (try? pipeline.context(handlerType: NIOSSLServerHandler.self))
      ?? (try? pipeline.context(handlerType: NIOSSLClientHandler.self))
    // A context's own close goes to the handlers before it.
    if let tls { tls.close(promise: nil) } else { close(promise: nil) }
  }
}

extension ByteBuffer {
  mutating func writeSpan(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBytes { _ = writeBytes($0) }
  }
}
