import Cedar
import Foundation
import Testing

/// What parses, and what errors the rest has.
enum Syntax {
  /// The condition of `permit (principal, action, resource) when { … };`.
  static func expression(_ text: String) throws -> Cedar.Expression {
    let policy = try Policy.parse("permit (principal, action, resource) when { \(text) };", id: "p")
    return try #require(policy.conditions.first).body.withoutPositions
  }

  /// The error of an expression in such a policy, with its column from the expression's first character.
  static func error(_ text: String) -> String? {
    let start = "permit (principal, action, resource) when { "
    do {
      _ = try Policy.parse("\(start)\(text) };", id: "p")
      return nil
    } catch {
      var moved = error
      moved.position.column &-= UInt32(start.count)
      return moved.description
    }
  }

  /// Whether a policy parses.
  static func accepts(_ policy: String) -> Bool { (try? Policy.parse(policy, id: "p")) != nil }

  /// The error of a policy.
  static func policyError(_ policy: String) -> String? {
    do {
      _ = try Policy.parse(policy, id: "p")
      return nil
    } catch {
      return error.description
    }
  }

  static func string(_ value: String) -> Cedar.Expression { Cedar.Expression(.string(value)) }
  static func long(_ value: Int64) -> Cedar.Expression { Cedar.Expression(.long(value)) }
  static func bool(_ value: Bool) -> Cedar.Expression { Cedar.Expression(.bool(value)) }
  static let principal = Cedar.Expression(.variable(.principal))

  /// Runs a test on a thread with a small stack.
  static func onThread(stackBytes: Int, _ body: @escaping @Sendable () -> String?) async -> String? {
    await withCheckedContinuation { continuation in
      let thread = Thread { continuation.resume(returning: body()) }
      thread.stackSize = stackBytes
      thread.start()
    }
  }
}

/// The policies of the public corpus; none where it isn't there.
enum PolicyCorpus {
  private static let archive: URL = {
    let folder = ProcessInfo.processInfo.environment["SLUICE_CONFORMANCE"].map { URL(filePath: $0) }
    let here = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    let conformance = folder ?? here.appending(path: "../../../../shared/conformance")
    return conformance.appending(path: "cedar/corpus-tests.tar.gz").standardizedFileURL
  }()

  static var isThere: Bool { FileManager.default.fileExists(atPath: archive.path) }

  /// Names and texts.
  static func policies() throws -> [(name: String, text: [UInt8])] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "cedar-corpus-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let tar = Process()
    tar.executableURL = URL(filePath: "/usr/bin/env")
    tar.arguments = ["tar", "-xzf", archive.path, "-C", folder.path, "--wildcards", "*.cedar"]
    try tar.run()
    tar.waitUntilExit()
    guard let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil) else { return [] }
    return try files.compactMap { $0 as? URL }.filter { $0.pathExtension == "cedar" }
      .map { ($0.lastPathComponent, [UInt8](try Data(contentsOf: $0))) }
  }
}
