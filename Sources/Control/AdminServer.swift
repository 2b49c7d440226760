import FoundationEssentials
import Hummingbird
import HummingbirdCore
public import Logging
public import NIOCore
import NIOPosix
public import ServiceLifecycle
public import SluiceModel
import Synchronization

import Glibc

/// The admin API's server, on a Unix socket or a loopback address.
public struct AdminServer: Service {
  let configuration: AdminConfiguration
  let gateway: any GatewayControl
  let logger: Logger
  let eventLoopGroup: any EventLoopGroup
  let onServing: @Sendable (SluiceModel.BindAddress) async -> Void

  /// - Parameters:
  ///   - eventLoopGroup: where the admin API runs, by default the process's shared group; never the loops of the data path.
  ///   - onServing: called once with the bound address, before the first request is served.
  public init(
    configuration: AdminConfiguration, gateway: any GatewayControl, logger: Logger,
    eventLoopGroup: (any EventLoopGroup)? = nil,
    onServing: @escaping @Sendable (SluiceModel.BindAddress) async -> Void = { _ in }
  ) {
    self.configuration = configuration
    self.gateway = gateway
    self.logger = logger
    self.eventLoopGroup = eventLoopGroup ?? MultiThreadedEventLoopGroup.singleton
    self.onServing = onServing
  }

  /// Serves until graceful shutdown or cancellation. Open taps end within `AdminLimits.shutdownTimeout`.
  ///
  /// - Throws: `AdminServerError` when the address or the token file can't be used.
  public func run() async throws {
    let door = try AdminDoor.open(configuration)
    let state = AdminState()
    let application = Application(
      router: AdminRouter.make(gateway: gateway, state: state, logger: logger),
      server: .http1(
        configuration: .init(
          idleTimeout: TimeAmount(AdminLimits.idleTimeout),
          httpDecoderConfiguration: .init(
            maxHeaderFieldSize: AdminLimits.requestHeadBytes, maxHeaderListSize: AdminLimits.requestHeadBytes,
            maxHeaderFieldCount: AdminLimits.requestHeaderFields))),
      configuration: ApplicationConfiguration(
        address: door.bindAddress,
        availableConnectionsDelegate: MaximumAvailableConnections(AdminLimits.connections)),
      onServerRunning: { channel in
        do {
          state.admit(try door.bound(channel), socket: door.socketIdentity())
          await onServing(door.address(of: channel))
        } catch {
          state.fail(error)
          try? await channel.close()
        }
      },
      eventLoopGroupProvider: .shared(eventLoopGroup),
      logger: quiet(logger))
    defer { door.close(state.socket) }
    do {
      try await serve(application)
    } catch let error as IOError {
      throw AdminServerError(
        "the admin address `\(configuration.address)` can't be used: \(systemMessage(error.errnoCode))",
        hint: "is another gateway running? `admin.address` names another address")
    } catch {
      throw state.failure ?? error
    }
  }

  private func serve(_ application: some ApplicationProtocol) async throws {
    try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask {
        try await application.run()
        return true
      }
      group.addTask {
        try? await gracefulShutdown()
        try? await Task.sleep(for: AdminLimits.shutdownTimeout)
        return false
      }
      defer { group.cancelAll() }
      let ended = try await group.next()
      if ended == false { group.cancelAll() }
    }
  }

  /// The framework's own lines are of no use to an operator.
  private func quiet(_ logger: Logger) -> Logger {
    var logger = logger
    logger.logLevel = max(logger.logLevel, .warning)
    return logger
  }
}

/// Where the admin API listens, checked and prepared.
package struct AdminDoor: Sendable {
  let address: SluiceModel.BindAddress
  let token: Secret?

  /// Checks the address, makes the folder and the token file, removes a socket that nobody answers.
  package static func open(_ configuration: AdminConfiguration) throws -> AdminDoor {
    switch configuration.address {
    case .unix(let path):
      try prepareSocket(path)
      return AdminDoor(address: configuration.address, token: nil)
    case .ip(let address, let port):
      guard address.isLoopback else {
        throw AdminServerError(
          "the admin address `\(configuration.address)` is not loopback, and the admin API has no TLS yet",
          hint: "use 127.0.0.1:\(port) or a Unix socket, and reach it from elsewhere through ssh")
      }
      try makeFolder(of: configuration.tokenFile)
      return AdminDoor(address: configuration.address, token: try AdminToken.load(path: configuration.tokenFile))
    }
  }

  var bindAddress: HummingbirdCore.BindAddress {
    switch address {
    case .unix(let path): .unixDomainSocket(path: path)
    case .ip(let ip, let port): .hostname(ip.description, port: port)
    }
  }

  /// The address with the port that the system chose.
  func address(of channel: any Channel) -> SluiceModel.BindAddress {
    guard case .ip(let ip, let port) = address else { return address }
    return .ip(ip, port: channel.localAddress?.port ?? port)
  }

  /// Closes the socket file to others, and says what to check of each request.
  func bound(_ channel: any Channel) throws -> AdminGuard {
    switch address(of: channel) {
    case .ip(_, let port): return AdminGuard(port: port, token: token)
    case .unix(let path):
      guard chmod(path, 0o600) == 0 else {
        throw AdminServerError("the mode of the admin socket `\(path)` can't be set: \(systemMessage())")
      }
      return AdminGuard(port: nil, token: nil)
    }
  }

  /// What tells the bound socket file from a later one at the same path; nil on an IP address.
  func socketIdentity() -> SocketIdentity? {
    guard case .unix(let path) = address else { return nil }
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    return SocketIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }

  /// Removes the socket file, unless another gateway has put its own there since.
  func close(_ bound: SocketIdentity?) {
    guard case .unix(let path) = address, bound != nil, bound == socketIdentity() else { return }
    unlink(path)
  }

  private static func prepareSocket(_ path: String) throws {
    guard !path.isEmpty, path.utf8.count <= 107 else {
      throw AdminServerError(
        "the path of the admin socket, `\(bounded(path))`, must have 1 to 107 bytes",
        hint: "a shorter path, or one relative to the working folder")
    }
    try makeFolder(of: path)
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw AdminServerError("the admin socket's path `\(path)` is taken by a file that is not a socket")
    }
    switch connectError(path) {
    case 0:
      throw AdminServerError(
        "another gateway answers at `\(path)`", hint: "stop it, or give this one its own `admin.address`")
    case ECONNREFUSED:
      guard unlink(path) == 0 else {
        throw AdminServerError("the stale admin socket `\(path)` can't be removed: \(systemMessage())")
      }
    case let code:
      throw AdminServerError("the admin socket `\(path)` can't be probed: \(systemMessage(code))")
    }
  }

  /// Connects to a socket file and hangs up; 0 when somebody listens, else the error number.
  private static func connectError(_ path: String) -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return errno }
    defer { Glibc.close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8).prefix(107)) }
    let length = socklen_t(MemoryLayout<sockaddr_un>.size)
    let result = withUnsafePointer(to: &address) {
      // invariant: `sockaddr_un` begins as every `sockaddr` does, and the length passed is its own.
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, length) }
    }
    return result == 0 ? 0 : errno
  }

  private static func makeFolder(of path: String) throws {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
    let folder = String(path[..<slash])
    var status = stat()
    if stat(folder, &status) == 0 { return }
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw AdminServerError("the folder `\(folder)` can't be made: \(systemMessage())")
    }
  }
}

/// A socket file, whatever its path.
struct SocketIdentity: Sendable, Equatable {
  var device: UInt64
  var inode: UInt64
}

extension IPAddress {
  /// Whether the address is the host itself: 127.0.0.0/8 or ::1.
  var isLoopback: Bool { isV4 ? (low >> 24) & 0xff == 127 : high == 0 && low == 1 }
}

/// What the requests of one admin server share.
package final class AdminState: Sendable {
  private struct Shared {
    var guardian: AdminGuard?
    var socket: SocketIdentity?
    var failure: (any Error)?
    var streams = 0
  }

  private let shared = Mutex(Shared())

  package init() {}

  var guardian: AdminGuard? { shared.withLock { $0.guardian } }
  var failure: (any Error)? { shared.withLock { $0.failure } }

  var socket: SocketIdentity? { shared.withLock { $0.socket } }

  /// Lets requests in, with what to check of them.
  func admit(_ guardian: AdminGuard, socket: SocketIdentity?) {
    shared.withLock {
      $0.guardian = guardian
      $0.socket = socket
    }
  }

  func fail(_ error: any Error) { shared.withLock { $0.failure = error } }

  /// Counts a live tap in; false when there are too many.
  package func beginStream() -> Bool {
    shared.withLock {
      guard $0.streams < AdminLimits.streams else { return false }
      $0.streams += 1
      return true
    }
  }

  package func endStream() { shared.withLock { $0.streams -= 1 } }
}
