public import SluiceModel
import Synchronization

/// Owns the access log, the audit log and the decision log with their writer threads; one per process.
public final class TelemetryHub: Sendable {
  private let version: String
  private let clock: TelemetryClock
  private let accessLog: AccessLog
  private let auditLog: AccessLog
  private let decisionLog: DecisionLog
  private let accessSignal: WriterSignal
  private let decisionSignal: WriterSignal
  private let threads: Mutex<[WriterThread]>

  /// Opens the logs, makes their directories, repairs segments that a crash left torn, and starts the writer threads.
  ///
  /// - Parameter version: Sluice's version, shown in the state and in metrics.
  /// - Throws: when a log can't be opened or a directory can't be written.
  public convenience init(_ configuration: LogsConfiguration, version: String) throws(TelemetryError) {
    try self.init(configuration, version: version, files: SystemFiles(), clock: .system)
  }

  /// - Parameters:
  ///   - accessBacklogBytes: bytes of access lines that may wait for the disk.
  ///   - decisionBacklogBytes: bytes of decision records that may wait for the disk.
  package init(
    _ configuration: LogsConfiguration, version: String, files: any FileAccess, clock: TelemetryClock,
    accessBacklogBytes: Int = Limits.accessLogBacklogBytes, decisionBacklogBytes: Int = Limits.decisionLogBacklogBytes
  ) throws(TelemetryError) {
    let accessSignal = WriterSignal()
    let decisionSignal = WriterSignal()
    let accessLog = try AccessLog(
      configuration.access, files: files, clock: clock, signal: accessSignal, backlogBytes: accessBacklogBytes)
    let auditLog = try AccessLog(
      configuration.audit.target, files: files, clock: clock, signal: accessSignal,
      backlogBytes: Limits.auditLogBacklogBytes)
    let decisionLog = try DecisionLog(
      configuration.decisions, files: files, clock: clock, signal: decisionSignal, backlogBytes: decisionBacklogBytes)
    let access = try WriterThread(name: "sluice-access", signal: accessSignal) {
      min(accessLog.pass(stopping: $0), auditLog.pass(stopping: $0))
    }
    do throws(TelemetryError) {
      let decisions = try WriterThread(name: "sluice-decide", signal: decisionSignal) {
        decisionLog.pass(stopping: $0)
      }
      threads = Mutex([access, decisions])
    } catch {
      access.stopAndJoin()
      throw error
    }
    self.version = version
    self.clock = clock
    self.accessLog = accessLog
    self.auditLog = auditLog
    self.decisionLog = decisionLog
    self.accessSignal = accessSignal
    self.decisionSignal = decisionSignal
  }

  deinit { shutdown() }

  /// An observer for one event loop.
  ///
  /// - Parameter industrial: the loop serves industrial listeners; its records may use the whole backlog of the decision
  ///   log, those of other loops three quarters of it.
  public func makeRecorder(industrial: Bool) -> LoopRecorder {
    LoopRecorder(
      accessLog: accessLog, auditLog: auditLog, decisionLog: decisionLog, clock: clock, industrial: industrial)
  }

  /// Applies a new configuration: a file or directory whose path is unchanged stays open, a new one is opened before
  /// anything changes. What recorders hand over after the call goes to the new targets. Blocking file I/O.
  ///
  /// - Throws: when a new target can't be used; all logs then stay as they were.
  public func reconfigure(_ configuration: LogsConfiguration) throws(TelemetryError) {
    let ready = try accessLog.prepare(configuration.access)
    let audit = try auditLog.prepare(configuration.audit.target)
    try decisionLog.reconfigure(configuration.decisions)
    accessLog.switchTo(ready)
    auditLog.switchTo(audit)
    accessSignal.flush()
    decisionSignal.flush()
  }

  /// Opens the access log and the audit log anew under their paths, after a log rotation has renamed it. The writer thread does it; until it
  /// succeeds the old file is written.
  public func reopen() {
    accessLog.reopen()
    auditLog.reopen()
  }

  /// Waits until all that recorders handed over was written, or an attempt to write it failed.
  ///
  /// - Returns: whether nothing waits any more.
  @discardableResult
  public func flush() -> Bool {
    accessSignal.flush()
    decisionSignal.flush()
    return accessLog.isEmpty && auditLog.isEmpty && decisionLog.isEmpty
  }

  /// Writes all that recorders handed over (each loop calls `tick` on its recorder before), syncs the decision log and ends
  /// the threads. Later lines count as dropped, later records as lost.
  public func shutdown() {
    let running = threads.withLock { threads in
      defer { threads = [] }
      return threads
    }
    for thread in running { thread.stopAndJoin() }
  }

  /// What telemetry counts of itself.
  public var state: TelemetryState {
    let access = accessLog.health
    let audit = auditLog.health
    let decisions = decisionLog.health
    return TelemetryState(
      version: version, accessLinesDropped: accessLog.linesDropped, accessBytesWritten: accessLog.bytesWritten,
      auditLinesDropped: auditLog.linesDropped, auditBytesWritten: auditLog.bytesWritten,
      decisionsWritten: decisionLog.recordsWritten, decisionsLost: decisionLog.recordsLost,
      lastError: decisions.lastError ?? audit.lastError ?? access.lastError,
      degraded: access.failing || audit.failing || decisions.degraded)
  }

  /// The newest decision record with this id, one JSON object as text (`LogEvent` decodes it); nil when there is none.
  /// Blocking file I/O: call it off the event loops. A record is found once its loop's `tick` handed it over and the writer
  /// thread wrote it.
  public func decision(id: ExchangeID) throws(TelemetryError) -> String? { try decisionLog.find(id) }
}
