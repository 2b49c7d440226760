import Foundation
import Glibc

/// The lines that a gate writes about exchanges: JSON objects with `id` and `rules`. Each rule has an `id`, and may
/// have `message`, `data`, `severity` and `targets`; what else there is does not matter here.
package final class EventLog {
  private struct Line: Decodable {
    struct Rule: Decodable {
      var id: Int
      var message: String?
      var data: String?
      var severity: String?
      var targets: [String]?
    }

    var id: String?
    var rules: [Rule]?
  }

  /// What matched, by the exchange's id.
  package private(set) var rules: [String: [RegressionOutcome.Hit]] = [:]
  private let file: FileHandle
  private var rest: [UInt8] = []

  /// Begins at the end of what is there.
  ///
  /// - Throws: `Failure` when the file can't be read.
  package init(path: String) throws {
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw Failure(
        "can't read `\(Terminal.safe(path))`",
        hint: "it is the file that `logs.audit` of the gate's configuration names")
    }
    self.file = file
    try file.seekToEnd()
  }

  deinit { try? file.close() }

  /// Reads on until nothing has come for a second, for at most thirty.
  func settle() async {
    var quiet = 0
    for _ in 0..<300 where quiet < 10 {
      quiet = readOn() ? 0 : quiet + 1
      try? await Task.sleep(for: .milliseconds(100))
    }
  }

  /// Reads what has come; false when nothing has.
  package func readOn() -> Bool {
    var hasMore = false
    while let data = try? file.read(upToCount: 1 << 20), !data.isEmpty {
      hasMore = true
      rest += data
      takeLines()
    }
    return hasMore
  }

  private func takeLines() {
    let decoder = JSONDecoder()
    var start = 0
    while let end = rest[start...].firstIndex(of: 0x0a) {
      if let line = try? decoder.decode(Line.self, from: Data(rest[start..<end])), let id = line.id,
        let found = line.rules
      {
        rules[id, default: []] += found.map {
          RegressionOutcome.Hit(
            id: $0.id, message: $0.message ?? "", data: $0.data ?? "", severity: $0.severity, targets: $0.targets ?? [])
        }
      }
      start = end + 1
    }
    rest.removeFirst(start)
  }
}
