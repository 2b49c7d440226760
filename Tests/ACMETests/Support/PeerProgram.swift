import Foundation
import Synchronization

/// A program that a test talks to. It ends with the test, also when the test is killed: it watches its standard input.
final class PeerProgram: Sendable {
  struct Failure: Error { var text: String }

  private let process: Process
  private let input: Pipe
  private let lines: AsyncStream<String>

  /// - Parameter arguments: the program and its arguments; the program is looked for in `PATH`.
  init(_ arguments: [String], environment: [String: String] = [:]) throws {
    process = Process()
    input = Pipe()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = input
    process.standardOutput = output
    let (lines, continuation) = AsyncStream<String>.makeStream()
    self.lines = lines
    let rest = Mutex(Data())
    output.fileHandleForReading.readabilityHandler = { handle in
      let data = handle.availableData
      if data.isEmpty {
        handle.readabilityHandler = nil
        continuation.finish()
        return
      }
      rest.withLock { rest in
        rest.append(data)
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
          continuation.yield(String(decoding: rest[..<end], as: UTF8.self))
          rest = Data(rest[rest.index(after: end)...])
        }
      }
    }
    try process.run()
  }

  deinit { stop() }

  func stop() {
    try? input.fileHandleForWriting.close()
    if process.isRunning { process.terminate() }
  }

  /// The first line of its output that has the text.
  func line(with text: String) async throws -> String {
    for await line in lines where line.contains(text) { return line }
    throw Failure(text: "the peer ended before it wrote `\(text)`")
  }
}

/// The strict server in Python.
struct StrictServer {
  static let python = ProcessInfo.processInfo.environment["PYTHON"] ?? "python3"
  static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Peers/acme_server.py").path()

  /// Whether there is a Python with what the server needs.
  static let isThere: Bool = {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [python, "-c", "import cryptography.x509, sys; sys.exit(sys.version_info < (3, 9))"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()

  struct Ready: Decodable {
    var directory: String
    var ca: String
  }

  let program: PeerProgram
  let ready: Ready

  init(_ folder: TemporaryFolder, _ listener: ChallengeListener, _ arguments: [String] = []) async throws {
    program = try PeerProgram(
      [
        Self.python, Self.script, "--http-port", String(listener.httpPort), "--tls-port", String(listener.tlsPort),
        "--ca-out", folder.path + "/ca.pem", "--until-eof",
      ] + arguments)
    let line = try await program.line(with: "ready")
    ready = try JSONDecoder().decode(Ready.self, from: Data(line.utf8))
  }
}
