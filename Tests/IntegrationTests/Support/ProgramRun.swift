import Foundation
import Glibc

/// A program that a test runs: its output comes as lines, and it ends with the test.
final class ProgramRun: @unchecked Sendable {
  // The process is set up in `init`; afterwards only its pid and exit status are read.
  private let process = Process()
  let output = Journal<String>()
  let errors = Journal<String>()
  private let exited = Journal<Int32>()

  /// - Parameter program: a path, or a name that `PATH` knows.
  init(_ program: String, _ arguments: [String], environment: [String: String] = [:], directory: URL? = nil) throws {
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.currentDirectoryURL = directory
    process.standardInput = FileHandle.nullDevice
    let (outputPipe, errorPipe) = (Pipe(), Pipe())
    process.standardOutput = outputPipe
    process.standardError = errorPipe
    process.terminationHandler = { [exited] in exited.append($0.terminationStatus) }
    try process.run()
    ProgramRun.follow(outputPipe.fileHandleForReading, into: output)
    ProgramRun.follow(errorPipe.fileHandleForReading, into: errors)
  }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  var pid: Int32 { process.processIdentifier }

  func signal(_ number: Int32) { kill(process.processIdentifier, number) }

  /// Waits for the end and returns the status.
  func status(within seconds: Double = 30) throws -> Int32 { try exited.first(within: seconds) { _ in true } }

  /// Runs a program to its end.
  static func finish(
    _ program: String, _ arguments: [String], environment: [String: String] = [:], within seconds: Double = 30
  ) throws -> (status: Int32, output: String, errors: String) {
    let run = try ProgramRun(program, arguments, environment: environment)
    let status = try run.status(within: seconds)
    _ = try? run.output.first(within: seconds) { _ in false }
    _ = try? run.errors.first(within: seconds) { _ in false }
    return (status, run.output.all.joined(separator: "\n"), run.errors.all.joined(separator: "\n"))
  }

  private static func follow(_ handle: FileHandle, into journal: Journal<String>) {
    Thread.detachNewThread {
      var partial: [UInt8] = []
      while true {
        let data = handle.availableData
        guard !data.isEmpty else { break }
        for byte in data {
          if byte == 0x0a {
            journal.append(String(decoding: partial, as: UTF8.self))
            partial.removeAll()
          } else {
            partial.append(byte)
          }
        }
      }
      if !partial.isEmpty { journal.append(String(decoding: partial, as: UTF8.self)) }
      journal.end()
    }
  }
}
