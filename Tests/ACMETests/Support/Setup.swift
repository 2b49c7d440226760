import ACME
import Foundation
import Logging
import SluiceModel
import Synchronization

/// A folder that goes away with the test.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "sluice-acme-\(UUID().uuidString)").path()
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var state: String { path + "/state" }
}

/// What `onCertificate` was called with.
final class Received: Sendable {
  private let list = Mutex<[CertificateFiles]>([])

  var certificates: [CertificateFiles] { list.withLock { $0 } }

  func add(_ files: CertificateFiles) { list.withLock { $0.append(files) } }
}

func configuration(
  _ folder: TemporaryFolder, names: [String] = ["gate.plant.example"], challenge: ACMEChallengeKind = .http01,
  directory: String = FakeServer.directory
) -> ACMEConfiguration {
  var configuration = ACMEConfiguration()
  configuration.directory = directory
  configuration.contact = ["mailto:ot@plant.example"]
  configuration.termsOfServiceAgreed = true
  configuration.state = folder.state
  configuration.certificates = [ACMECertificateConfiguration(names: names, challenge: challenge)]
  return configuration
}

let quiet = Logger(label: "acme") { _ in SwiftLogNoOpLogHandler() }

extension ACMEManager {
  /// A manager on a server in memory.
  static func make(
    _ configuration: ACMEConfiguration, _ server: FakeServer, _ clock: TestClock, chance: Double = 0,
    files: StateFiles = StateFiles(), received: Received = Received()
  ) throws -> ACMEManager {
    try ACMEManager(
      configuration: configuration, challenges: server, clock: clock, random: { chance }, transport: server,
      files: files, logger: quiet, onCertificate: { received.add($0) })
  }

  /// Runs until the clock stands still, then does something, then stops.
  func running<Result: Sendable>(_ clock: TestClock, _ body: () async throws -> Result) async throws -> Result {
    let run = Task { try await self.run() }
    await clock.untilIdle()
    do {
      let result = try await body()
      run.cancel()
      try await run.value
      return result
    } catch {
      run.cancel()
      throw error
    }
  }
}
