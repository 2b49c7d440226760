/// A log file or directory can't be used; the text names it and says why.
public struct TelemetryError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }

  init(_ error: FileError) { description = error.description }
}

/// What telemetry counts of itself, for the admin API and metrics.
public struct TelemetryState: Codable, Sendable, Equatable {
  /// Sluice's version, as the build gave it.
  public var version: String
  /// Access log lines that could not be kept or written.
  public var accessLinesDropped: Int
  public var accessBytesWritten: Int
  /// Lines of the firewall's audit log that could not be kept or written.
  public var auditLinesDropped: Int
  public var auditBytesWritten: Int
  public var decisionsWritten: Int
  /// Decision records that could not be kept; each loss is also recorded in the decision log itself.
  public var decisionsLost: Int
  /// The newest failure of the decision log, else of the others; it stays after it was overcome.
  public var lastError: String?
  /// True while a log can't be written or a loss of decision records is not yet recorded.
  public var degraded: Bool

  public init(
    version: String, accessLinesDropped: Int = 0, accessBytesWritten: Int = 0, auditLinesDropped: Int = 0,
    auditBytesWritten: Int = 0, decisionsWritten: Int = 0, decisionsLost: Int = 0, lastError: String? = nil,
    degraded: Bool = false
  ) {
    self.version = version
    self.accessLinesDropped = accessLinesDropped
    self.accessBytesWritten = accessBytesWritten
    self.auditLinesDropped = auditLinesDropped
    self.auditBytesWritten = auditBytesWritten
    self.decisionsWritten = decisionsWritten
    self.decisionsLost = decisionsLost
    self.lastError = lastError
    self.degraded = degraded
  }
}
