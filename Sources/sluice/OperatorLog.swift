import Foundation
import Logging
import SluiceModel
import Synchronization

/// The operator's log on standard error, with a level that changes while the gateway runs.
final class OperatorLog: Sendable {
  private let current: Mutex<LogLevel>

  init(level: LogLevel) { current = Mutex(level) }

  var level: LogLevel {
    get { current.withLock { $0 } }
    set { current.withLock { $0 = newValue } }
  }

  var logger: Logger { Logger(label: "sluice") { _ in Handler(log: self) } }

  private struct Handler: LogHandler {
    let log: OperatorLog
    var metadata: Logger.Metadata = [:]

    var logLevel: Logger.Level {
      get { Logger.Level(rawValue: log.level.rawValue) ?? .notice }
      set { log.level = LogLevel(rawValue: newValue.rawValue) ?? log.level }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: Logging.LogEvent) {
      let time = Date().formatted(.iso8601)
      Terminal.complain("\(time) \(event.level): \(Terminal.safe("\(event.message)"))")
    }
  }
}
