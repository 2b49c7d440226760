import ArgumentParser
import Control
import Firewall
import Foundation
import Glibc
import Logging
import ServiceLifecycle
import SluiceConfig
import SluiceModel
import Telemetry
import UnixSignals

/// `sluice run`: the gateway itself.
struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run the gateway.",
    discussion: """
      When it serves, one line of JSON goes to standard output: {"event":"ready",…} with the bound addresses. Log lines go \
      to standard error.

      Signals: SIGHUP reloads the configuration (a wrong one changes nothing), SIGTERM and SIGINT drain and end, SIGUSR1 \
      opens the log files anew.

      Example:
        sluice run -c sluice.yaml
      """)

  @OptionGroup var file: ConfigurationOption

  func run() async throws {
    let libraries = Libraries()
    let loaded = try file.load(libraries)
    for warning in loaded.warnings { Terminal.complain("\(warning)") }
    OpenFiles.raiseLimit()
    let log = OperatorLog(level: loaded.configuration.logs.level)
    let hub: TelemetryHub
    do {
      hub = try TelemetryHub(loaded.configuration.logs, version: Sluice.version)
    } catch {
      throw Failure(error.description, hint: "`logs` in `\(file.path)` says where logs go")
    }
    let running: RunningGateway
    do {
      running = try RunningGateway(loaded, path: file.path, hub: hub, log: log, libraries: libraries)
    } catch {
      throw Failure("\(error)")
    }
    do {
      try await running.start()
    } catch {
      await running.stop()
      throw Failure("\(error)")
    }
    let status = await serve(running, loaded.configuration.admin, log)
    guard status == ExitStatus.ok else { throw ExitCode(status) }
  }

  /// Serves until a drain has ended.
  private func serve(_ running: RunningGateway, _ admin: AdminConfiguration, _ log: OperatorLog) async -> Int32 {
    let signals = await UnixSignalsSequence(trapping: .sighup, .sigterm, .sigint, .sigusr1)
    let server = AdminServer(configuration: admin, gateway: running, logger: log.logger) { address in
      await running.announce(admin: address)
    }
    let group = ServiceGroup(
      services: [server], gracefulShutdownSignals: [], cancellationSignals: [], logger: log.logger)
    let administering = Task {
      do {
        try await group.run()
        return true
      } catch {
        log.logger.error("the admin API failed: \(error)")
        await running.drain()
        return false
      }
    }
    await withTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        for await signal in signals {
          if signal == .sighup {
            _ = await running.reload()
          } else if signal == .sigusr1 {
            running.reopenLogs()
          } else {
            await running.drain()
          }
        }
      }
      await running.ended()
      await group.triggerGracefulShutdown()
      _ = await administering.value
      tasks.cancelAll()
    }
    await running.stop()
    return await administering.value ? ExitStatus.ok : ExitStatus.input
  }
}

/// The limit on open files: a gateway wants all that it may have.
enum OpenFiles {
  static func raiseLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max else {
      return
    }
    limit.rlim_cur = limit.rlim_max
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}

/// Readiness for systemd (`sd_notify(3)`): a datagram to the socket that `NOTIFY_SOCKET` names.
enum ServiceNotification {
  static func send(_ state: String) {
    guard let path = ProcessInfo.processInfo.environment["NOTIFY_SOCKET"], !path.isEmpty else { return }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
    // A leading @ stands for the NUL of the abstract namespace.
    if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    let message = Array(state.utf8)
    withUnsafePointer(to: &address) { pointer in
      // invariant: `sockaddr_un` begins as every `sockaddr` does, and the length passed covers the path's bytes only.
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { target in
        _ = sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), target, length)
      }
    }
  }
}
